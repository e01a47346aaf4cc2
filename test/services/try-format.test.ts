import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { triedText, tryFormat } from "../../processors/services/try-format.ts";
import { configOf } from "../support/config-of.ts";

const folder = mkdtempSync(join(tmpdir(), "weir-try-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const config = configOf(`
formats:
  - name: own
    dissect: ['%{time} %{+time} %{level->} [%{thread}] %{msg}', '%{n|int};%{}']
    time_format: '%Y/%m/%d %H:%M:%S.%f'
`);
const LINES = [
  "2024/02/29 10:05:03.250 INFO   [main] order 4711 taken",
  "7;x",
  "2024/0Ä/29 10:05:03.251 WARN main broken",
  "",
  "never shown",
].join("\n");
const tried = (file: string, format = "own", linesMax = 4) => tryFormat({ config, format, file, linesMax });

describe("weir config --try", () => {
  it("shows what the first lines would become, and where the others stop to fit", async () => {
    const { format, lines } = await tried(fileOf("a.log", LINES));
    expect(format).toBe("own");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatchObject({
      line: 1,
      isExact: true,
      columns: { timestamp: "2024-02-29 10:05:03.250000", severity_number: 9, body: "order 4711 taken" },
    });
    expect(lines[1]).toMatchObject({ isExact: false, columns: { "attributes.n": "7" } });
    expect(lines[2].columns).toBeNull();
    // In characters: the letter before takes two bytes.
    expect(lines[2].misfit).toEqual({
      reason: 'Pattern 1, byte 26: " [" does not follow, which ends %{level}.',
      column: 24,
    });
    expect(lines[3].misfit).toMatchObject({ column: 0 });
  });

  it("points at the place with a caret, in lines of at most 100 columns", async () => {
    const long = `${"x".repeat(300)} [y`;
    const text = triedText(await tried(fileOf("b.log", `${LINES}\n${long}`), "own", 10));
    const lines = text.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    const caret = lines.findIndex((line) => /^ *\^$/.test(line));
    expect(lines[caret - 1].slice(lines[caret].indexOf("^"))).toBe("WARN main broken");
    expect(lines.at(-2)).toMatch(/^2 of 6 lines fit own; 1 of them/);
  });

  it("reads compressed files, and by formats that are not one's own", async () => {
    const file = fileOf("c.log.gz", gzipSync('{"level":"info","msg":"x"}\n'));
    expect(await tried(file, "auto")).toMatchObject({ format: "json", lines: [{ columns: { body: "x" } }] });
    expect(await tried(file, "logfmt")).toMatchObject({ lines: [{ columns: null }] });
  });

  it("refuses a format that there is not, and patterns that are wrong", async () => {
    const file = fileOf("d.log", "x");
    await expect(tried(file, "onw")).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("did you mean own?"),
    });
    const wrong = configOf("formats: [{name: own, dissect: ['%{a}%{b}', 'x']}]");
    await expect(tryFormat({ config: wrong, format: "own", file, linesMax: 1 })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/own, dissect\[1\]: nothing stands.*\n.*own, dissect\[2\]: it has no/),
    });
  });
});
