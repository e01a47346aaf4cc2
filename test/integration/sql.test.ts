import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { WeirError } from "../../processors/model/errors.ts";
import { runSql } from "../../processors/services/sql.ts";
import { loadInto, makeFolder, textLines, weir } from "./workbench.ts";

async function makeLoaded(): Promise<string> {
  const folder = makeFolder();
  writeFileSync(join(folder, "app.log"), textLines(3));
  writeFileSync(join(folder, "bad.json"), '{"message":"caf\u00e9 "}\nbroken jo@example.org\nbroken too\n');
  await loadInto(join(folder, "data"), [join(folder, "app.log")]);
  await loadInto(join(folder, "data"), [join(folder, "bad.json")], { format: "json" });
  return join(folder, "data");
}

describe("weir sql", { timeout: 240_000 }, () => {
  it("answers in the format that is asked for, by option, by clause or by --json, and as a table otherwise", async () => {
    const data = await makeLoaded();
    const query = "SELECT source, count() AS n FROM events GROUP BY source ORDER BY source";
    expect(await textOf(data, query, "TSV")).toBe("app\t3\nbad\t1\n");
    expect(await textOf(data, `${query} FORMAT CSVWithNames`, "TSV")).toBe('"source","n"\n"app",3\n"bad",1\n');
    expect(await textOf(data, "SELECT body FROM events WHERE source = 'bad'", "TSVRaw")).toBe("caf\u00e9 \n");
    const [programs, people, much] = await inTurn([
      ["sql", query, "--json", "--data", data],
      ["sql", query, "--data", data],
      ["sql", "SELECT repeat('x', 999) FROM numbers(4000)", "--format", "TSV", "--data", data],
    ]);
    // More than a pipe holds at once.
    expect(much.stdout).toHaveLength(4_000_000);
    expect(programs).toMatchObject({ code: 0, stderr: "", stdout: '{"source":"app","n":3}\n{"source":"bad","n":1}\n' });
    expect(people).toMatchObject({ code: 0, stderr: "" });
    expect(Buffer.from(people.stdout, "latin1").toString()).toContain("│ app    │ 3 │");
  });

  it("refuses, with 1 and one sentence, to write, to reach out, to change settings and what makes no sense", async () => {
    const data = await makeLoaded();
    const outfile = join(data, "..", "out.csv");
    const refusals = [
      [`SELECT 1 INTO OUTFILE '${outfile.replaceAll("'", "''")}'`, "STORE_READONLY"],
      ["SELECT * FROM file('/etc/hostname', 'LineAsString')", "STORE_READONLY"],
      ["SELECT 1 SETTINGS readonly = 0", "STORE_READONLY"],
      ["SET max_threads = 1", "STORE_READONLY"],
      ["SELECT nothing FROM events", "STORE_QUERY_FAILED"],
      ["SELEC 1", "STORE_READONLY"],
      ["", "USAGE"],
      ["SELECT 1; SELECT 2", "USAGE"],
    ] as const;
    for (const [query, code] of refusals) {
      const { out, written } = createSink();
      const error: unknown = await runSql({ dataDir: data, query, format: "TSV", write: false, out }).catch((e) => e);
      expect([query, (error as WeirError).code, written.length]).toEqual([query, code, 0]);
      expect((error as WeirError).message).toMatch(/^[A-Z][^\n]*\.$/);
    }
    const dropped = await weir(["sql", "DROP TABLE events", "--data", data]);
    expect(dropped).toMatchObject({ code: 1, stdout: "" });
    expect(dropped.stderr).toMatch(
      /^weir: Read-only statements begin with .* not with DROP; use --write for others\. \[STORE_READONLY\]\n$/,
    );
    expect(existsSync(outfile)).toBe(false);
  });

  it("ends with 2 when the query is missing or the format no name, and with 1 when there is no store", async () => {
    const data = await makeLoaded();
    const ended = await Promise.all([
      weir(["sql", "--data", data]),
      weir(["sql", "SELECT 1", "--format", "../x", "--data", data]),
      weir(["sql", "SELECT 1", "--data", `${data}/no`]),
    ]);
    expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual([
      [2, ""],
      [2, ""],
      [1, ""],
    ]);
    expect(existsSync(`${data}/no`)).toBe(false);
  });

  it("writes when it is told to", async () => {
    const data = await makeLoaded();
    const [written, counted] = await inTurn([
      ["sql", "ALTER TABLE events DELETE WHERE source = 'app' SETTINGS mutations_sync = 1", "--write", "--data", data],
      ["sql", "SELECT count() FROM events", "--format", "TSV", "--data", data],
    ]);
    expect(written).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(counted.stdout).toBe("1\n");
  });
});

describe("weir dead-letters list", { timeout: 240_000 }, () => {
  it("shows the masked beginning of each, as a table or one object a line, and only those of a code", async () => {
    const data = await makeLoaded();
    const [people, programs, none, wrong] = await inTurn([
      ["dead-letters", "list", "--data", data],
      ["dead-letters", "list", "--json", "--limit", "1", "--data", data],
      ["dead-letters", "list", "--code", "OTHER", "--data", data],
      ["dead-letters", "list", "--limit", "many", "--data", data],
    ]);
    expect(people).toMatchObject({ code: 0, stderr: "" });
    expect(people.stdout.split("\n").filter((line) => line.includes("PARSE_NOT_JSON"))).toHaveLength(2);
    expect(people.stdout).not.toContain("jo@example.org");
    expect(JSON.parse(programs.stdout)).toMatchObject({
      code: "PARSE_NOT_JSON",
      source: "bad",
      topic: "bad",
      stage: "parse",
    });
    expect(none.stdout).toBe("There are no dead letters.\n");
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("weir config", { timeout: 240_000 }, () => {
  it("shows what is in force without its secrets, and the schema that is published", async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, "weir.yaml"), "clickhouse: {password: hunter2hunter2}\nbatch: {records: 77}\n");
    const key = "ab".repeat(32);
    const [shown, schema] = await Promise.all([
      weir(["config"], { cwd: folder, env: { WEIR_MASK_KEY: key, WEIR_LOG_LEVEL: "warn" } }),
      weir(["config", "--schema"], { cwd: folder }),
    ]);
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(shown.stdout)).toMatchObject({ batch: { records: 77 }, log: { level: "warn" } });
    expect(shown.stdout).not.toContain("hunter2");
    expect(shown.stdout).not.toContain(key);
    const published = readFileSync(fileURLToPath(new URL("../../schemas/config.schema.json", import.meta.url)), "utf8");
    expect(schema.stdout).toBe(published);
    expect(existsSync(join(folder, ".weir"))).toBe(false);
  });
});

function createSink(): { out: PassThrough; written: Buffer[] } {
  const out = new PassThrough();
  const written: Buffer[] = [];
  out.on("data", (bytes: Buffer) => written.push(bytes));
  return { out, written };
}

async function textOf(data: string, query: string, format: string): Promise<string> {
  const { out, written } = createSink();
  await runSql({ dataDir: data, query, format, write: false, out });
  return Buffer.concat(written).toString();
}

/** One process after the other: each holds the store. */
async function inTurn(commands: readonly (readonly string[])[]) {
  const ended = [];
  for (const args of commands) ended.push(await weir(args));
  return ended;
}
