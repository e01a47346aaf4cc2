import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedClickHouse, openEmbedded } from "../../processors/clickhouse/embedded.ts";
import { CONTAINED_TABLE_FUNCTIONS, isReachingOut } from "../../processors/clickhouse/table-functions.ts";
import { tokens } from "../../processors/clickhouse/tokens.ts";
import { makeFolder } from "./folder.ts";

let folder: string;
let store: EmbeddedClickHouse;

beforeAll(async () => {
  folder = await makeFolder();
  store = await openEmbedded(folder);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const answer = async (sql: string, readonly = true) =>
  Buffer.concat(await (await store.queryText(sql, "TSVRaw", { readonly })).toArray()).toString();

describe("what the engine is relied on for", () => {
  it("reads strings and comments as the tokens do", async () => {
    for (const [sql, expected] of [
      ["SELECT 1 -- +1\n+2", "3"],
      ["SELECT 1 # +1\n+2", "3"],
      ["SELECT 1 #! +1\n+2", "3"],
      ["SELECT 1 // +1\n+2", "3"],
      ["SELECT /* 5, /* 6, */ 7, */ 8", "8"],
      ["SELECT 'a\\'b', 'c''d', `x```, \"y\\\"\" FROM (SELECT 1 AS `x```, 2 AS `y\"`)", "a'b\tc'd\t1\t2"],
      ["SELECT $$a'b$$, $x$q$$z$x$", "a'b\tq$$z"],
      ["SELECT x'41'", "A"],
    ] as const) {
      expect(await answer(sql)).toBe(`${expected}\n`);
      expect([...tokens(sql)].some(({ kind }) => kind === "unclosed")).toBe(false);
    }
  });

  it("knows no table function that is on neither list", async () => {
    const known = await store.query<{ name: string }>("SELECT name FROM system.table_functions");
    const contained = new Set(CONTAINED_TABLE_FUNCTIONS);
    expect(known.filter(({ name }) => !contained.has(name) && !isReachingOut(name))).toEqual([]);
    expect(CONTAINED_TABLE_FUNCTIONS.filter(isReachingOut)).toEqual([]);
  });

  it("has no database that shows the file system", async () => {
    const file = join(folder, "secret.csv");
    await writeFile(file, "secret\n");
    for (const database of ["default", "weir"]) {
      const read = answer(`SELECT * FROM ${database}.\`${file}\``);
      await expect(read).rejects.toMatchObject({ code: "STORE_QUERY_FAILED" });
    }
    const engines = await store.query("SELECT name FROM system.databases WHERE engine IN ('Overlay', 'Filesystem')");
    expect(engines).toEqual([]);
  });

  it("runs people's statements in its own read-only mode, and Weir's beside them", async () => {
    expect(await answer("SELECT getSetting('readonly')")).toBe("2\n");
    expect(await answer("SELECT getSetting('readonly')", false)).toBe("0\n");
    expect(await answer("SELECT currentDatabase()")).toBe("weir\n");
  });

  it("doesn't make a long query wait for the event loop or another's query", async () => {
    let isSlowDone = false;
    const slow = answer("SELECT sleep(0.3)").then(() => (isSlowDone = true));
    expect(await store.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(isSlowDone).toBe(false);
    await slow;
  });
});

describe("inserts of formatted data", () => {
  const insert = (sql: string) => answer(sql, false);

  beforeAll(() =>
    store.command(
      "CREATE TABLE filled (a UInt64, s String, d String DEFAULT concat('d', s), e String EPHEMERAL, f UInt64 DEFAULT length(e)) ENGINE = MergeTree ORDER BY a",
    ),
  );

  it("runs nothing of the data as SQL, blank lines or not", async () => {
    await insert(`INSERT INTO filled (a, s) FORMAT CSV\n1,"x\n\nDROP TABLE filled"\n\n\nDROP TABLE filled;\n`).catch(
      () => {},
    );
    await insert(`INSERT INTO filled (a, s) FORMAT JSONEachRow\n{"a":2}\n\n{"s":"y","a":"18446744073709551615"}\n`);
    expect(await answer("SELECT a, s, d FROM filled ORDER BY a")).toContain("18446744073709551615\ty\tdy\n");
  });

  it("fills defaults, also from ephemeral columns", async () => {
    await store.command("TRUNCATE TABLE filled");
    await insert(`INSERT INTO filled (e, s, a) FORMAT JSONEachRow {"a":3,"s":"z","e":"eee"}`);
    expect(await answer("SELECT a, s, d, f FROM filled")).toBe("3\tz\tdz\t3\n");
  });

  it("matches self-describing data by name", async () => {
    await store.command("TRUNCATE TABLE filled");
    for (const columns of ["", "(e, a, s)"]) {
      const result = await store.queryText("SELECT 'n' AS s, 'eeee' AS e, toUInt32(4) AS a", "Native", {
        readonly: true,
      });
      await store.insertStream(`INSERT INTO filled ${columns} FORMAT Native`, result, { bytesMax: 1000 });
    }
    expect(await answer("SELECT a, s, d, f FROM filled")).toBe("4\tn\tdn\t4\n".repeat(2));
  });

  it("stores nothing above the size limit", async () => {
    await store.command("TRUNCATE TABLE filled");
    const result = await store.queryText("SELECT number AS a FROM numbers(1000)", "Native", { readonly: true });
    const inserted = store.insertStream("INSERT INTO filled (a) FORMAT Native", result, { bytesMax: 1000 });
    await expect(inserted).rejects.toMatchObject({ code: "STORE_REJECTED" });
    expect(await answer("SELECT count() FROM filled")).toBe("0\n");
  });
});
