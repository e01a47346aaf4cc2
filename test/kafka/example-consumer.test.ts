import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { ask, loadInto, makeFolder, textLines, until } from "../integration/workbench.ts";
import { brokers, withKafka } from "./kafka.ts";
import { newPrefix } from "./publishing.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/consume-windows.ts", import.meta.url));

withKafka("examples/consume-windows.ts", () => {
  it("has the table of newest revisions in the end", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const prefix = newPrefix();
    const yaml = `kafka: {brokers: "${brokers}"}\ntopics: {to: kafka, prefix: ${prefix}}`;
    for (const [i, name] of ["a.log", "b.log"].entries()) {
      const file = join(folder, name);
      writeFileSync(file, textLines(50, i * 10));
      await loadInto(data, [file], { yaml, source: "jobs" });
    }
    const rows = await ask<Record<string, unknown>>(
      data,
      "SELECT rule, toUnixTimestamp(window_start) * 1000 AS start, key, revision, toUInt32(l.events) AS events FROM windows_latest AS l",
    );
    const child = spawn(process.execPath, [EXAMPLE, brokers, `${prefix}windows`, `${prefix}example`]);
    onTestFinished(() => void child.kill("SIGKILL"));
    let out = "";
    child.stdout.on("data", (bytes) => {
      out += bytes;
    });
    const kept = () => {
      const windows = new Map<string, unknown>();
      for (const line of out
        .slice(0, out.lastIndexOf("\n") + 1)
        .split("\n")
        .filter(Boolean)) {
        const { rule, window_start, key, revision, events } = JSON.parse(line);
        windows.set(JSON.stringify([rule, window_start, key]), { rule, start: window_start, key, revision, events });
      }
      return windows;
    };
    const text = (values: Iterable<unknown>) => [...values].map((value) => JSON.stringify(value)).sort();
    const expected = text(rows.map((row) => ({ ...row, start: Number(row["start"]) })));
    await until("it has them all", async () => text(kept().values()).join() === expected.join());
    expect(expected.some((row) => row.includes('"revision":2'))).toBe(true);
  });
});
