import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { runSql } from "../../processors/services/sql.ts";
import { bytesUnder, foundIn, type Planted, plantedLines } from "./planted.ts";
import { askValue, loadInto, makeFolder, start, until, weir } from "./workbench.ts";

/** What every column of every table holds, as bytes that nothing escapes. */
async function contentOf(data: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (const what of [
    "*, line FROM events",
    "* FROM dead_letters",
    "* EXCEPT (distinct_state) FROM partials",
    "* FROM ledger",
  ]) {
    const out = new PassThrough();
    out.on("data", (bytes: Buffer) => pieces.push(bytes));
    await runSql({ dataDir: data, query: `SELECT ${what}`, format: "TSVRaw", write: false, out });
  }
  return Buffer.concat(pieces);
}

function writeFiles(folder: string, planted: readonly Planted[]): string[] {
  return ["combined", "json", "logfmt", "text"].map((format) => {
    const file = join(folder, `${format}.log`);
    const lines = planted.filter((each) => each.format === format).map(({ line }) => line);
    writeFileSync(file, `${lines.join("\n")}\n`);
    return file;
  });
}

describe("what is personal or secret", { timeout: 240_000 }, () => {
  it("is found by this search in all of the rows when masking is off", async () => {
    const folder = makeFolder();
    const planted = plantedLines(4, 1);
    await loadInto(join(folder, "data"), writeFiles(folder, planted), { yaml: "mask: {enabled: false}" });
    const found = foundIn(await contentOf(join(folder, "data")), planted);
    expect(found.length).toBeGreaterThanOrEqual(planted.length / 4);
  });

  it("is in no file, no column and no output after files with it were loaded", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const planted = plantedLines(32, 2);
    expect(planted.length).toBeGreaterThan(1000);
    const files = writeFiles(folder, planted);
    const ended = await weir(["load", ...files, "--data", data]);
    expect(ended).toMatchObject({ code: 0 });
    expect(await askValue(data, "SELECT count() FROM events")).toBe(planted.length);
    expect(foundIn(await contentOf(data), planted)).toEqual([]);
    expect(foundIn(bytesUnder(data), planted)).toEqual([]);
    expect(foundIn(Buffer.from(ended.stdout + ended.stderr, "latin1"), planted)).toEqual([]);
  });

  it("is not in dead letters, nor where they are listed", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const planted = plantedLines(8, 3);
    const files = writeFiles(folder, planted);
    const ended = await weir(["load", files[0], files[2], files[3], "--data", data, "--format", "json"]);
    expect(ended).toMatchObject({ code: 0 });
    expect(await askValue(data, "SELECT count() FROM dead_letters")).toBe((planted.length * 3) / 4);
    const listed = await weir(["dead-letters", "list", "--data", data, "--limit", "1000"]);
    expect(listed.code).toBe(0);
    expect(foundIn(Buffer.from(listed.stdout, "latin1"), planted)).toEqual([]);
    expect(foundIn(await contentOf(data), planted)).toEqual([]);
    expect(foundIn(bytesUnder(data), planted)).toEqual([]);
  });

  it("is in no file while lines are piped in, after the reader was killed, and when they were finished", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const planted = plantedLines(16, 4).filter(({ format }) => format === "json");
    const content = `${planted.map(({ line }) => line).join("\n")}\n`;
    const loading = start(["load", "-", "--data", data], { env: { WEIR_BATCH__RECORDS: "20" } });
    loading.stdin.write(Buffer.from(content.slice(0, content.length / 2), "latin1"));
    await until(
      "something is stored",
      async () => Number(await loading.askValue(data, "SELECT count() FROM events")) > 0,
    );
    expect(foundIn(bytesUnder(data), planted)).toEqual([]);
    loading.kill("SIGKILL");
    const killed = await loading.ended;
    expect(foundIn(bytesUnder(data), planted)).toEqual([]);
    const ended = await weir(["load", "-", "--data", data], { input: content });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(await askValue(data, "SELECT count() FROM events")).toBe(planted.length);
    expect(foundIn(await contentOf(data), planted)).toEqual([]);
    expect(foundIn(bytesUnder(data), planted)).toEqual([]);
    expect(foundIn(Buffer.from(killed.stdout + killed.stderr + ended.stdout, "latin1"), planted)).toEqual([]);
  });
});
