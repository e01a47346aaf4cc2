import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readEndpointFile } from "../../processors/clickhouse/endpoint-file.ts";
import { openStore } from "../../processors/clickhouse/store.ts";
import { accountOf, askValue, loadInto, makeFolder, textLines, weir, wholeAccount } from "./workbench.ts";

describe("a store whose journal is another one than it knows", { timeout: 240_000 }, () => {
  it("is not written to after its journal was lost, and is again when that is back", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const [first, second] = ["a.log", "b.log"].map((name) => join(folder, name));
    writeFileSync(first, textLines(50));
    writeFileSync(second, textLines(80, 5000));
    await loadInto(data, [first], { source: "app" });
    renameSync(join(data, "journal"), join(folder, "journal"));
    for (const command of ["load", "run"]) {
      const refused = await weir([command, second, "--data", data]);
      expect([command, refused.code, refused.stdout]).toEqual([command, 1, ""]);
      expect(refused.stderr).toMatch(
        /^weir: The store was written with another journal than the one in .*\/journal, .* restore that journal, or use another data directory\. \[JOURNAL_FOREIGN\]\n$/,
      );
    }
    expect(await accountOf(data)).toEqual(wholeAccount(50));
    rmSync(join(data, "journal"), { recursive: true });
    renameSync(join(folder, "journal"), join(data, "journal"));
    // Partition 0 of the topic is taken by the first file: as such the second would have passed for stored.
    expect((await loadInto(data, [second], { source: "app" })).lines).toBe(80);
    expect(await accountOf(data)).toEqual(wholeAccount(130));
  });

  it("is written to when nothing was ever stored in it, or when the store is new", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log");
    writeFileSync(file, "");
    await loadInto(data, [file]);
    rmSync(join(data, "journal"), { recursive: true });
    writeFileSync(file, textLines(30));
    expect((await loadInto(data, [file])).lines).toBe(30);
    rmSync(join(data, "store"), { recursive: true });
    expect((await loadInto(data, [file])).lines).toBe(30);
    expect(await accountOf(data)).toEqual(wholeAccount(30));
    expect(await askValue(data, "SELECT count() FROM journals")).toBe(1);
  });

  it("is not written to from a second machine", async () => {
    const folder = makeFolder();
    const server = join(folder, "server");
    mkdirSync(server);
    const file = join(folder, "app.log");
    const store = await openStore({ dataDir: server, endpoint: true });
    try {
      const { url, users } = (await readEndpointFile(server))!;
      const yaml = JSON.stringify({ clickhouse: { url, username: "writer", password: users.writer } });
      writeFileSync(file, "");
      await loadInto(join(folder, "one"), [file], { yaml });
      writeFileSync(file, textLines(20));
      await expect(loadInto(join(folder, "two"), [file], { yaml })).rejects.toMatchObject({ code: "JOURNAL_FOREIGN" });
      expect((await loadInto(join(folder, "one"), [file], { yaml })).lines).toBe(20);
      expect(existsSync(join(folder, "two", "store"))).toBe(false);
    } finally {
      await store.close();
    }
  });
});
