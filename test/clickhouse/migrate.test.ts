import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type EmbeddedClickHouse, openEmbedded } from "../../processors/clickhouse/embedded.ts";
import { migrate, readMigrations } from "../../processors/clickhouse/migrate.ts";
import { codeOf } from "../contract/clickhouse.ts";
import { makeFolder, makeTestFolder } from "./folder.ts";

const FIRST = {
  name: "0001_create_a.sql",
  sql: "-- Why.\nCREATE TABLE IF NOT EXISTS a (t DateTime) ENGINE = MergeTree ORDER BY t TTL t + INTERVAL {{a_days}} DAY;\n",
};
const SECOND = { name: "0002_add_b.sql", sql: "ALTER TABLE a ADD COLUMN IF NOT EXISTS b UInt8" };
const OPTIONS = { placeholders: { a_days: 30 } };

let folder: string;
let store: EmbeddedClickHouse;

beforeAll(async () => {
  folder = await makeFolder();
  store = await openEmbedded(folder);
});
beforeEach(async () => {
  await store.command("DROP TABLE IF EXISTS a SYNC");
  await store.command("DROP TABLE IF EXISTS migrations SYNC");
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

describe("migrate", () => {
  it("runs each migration once, in the order of their numbers, and records it", async () => {
    expect(await migrate(store, [SECOND, FIRST], OPTIONS)).toEqual([FIRST.name, SECOND.name]);
    expect(await migrate(store, [SECOND, FIRST], OPTIONS)).toEqual([]);
    expect(await store.query("SELECT name FROM migrations ORDER BY name")).toEqual([
      { name: FIRST.name },
      { name: SECOND.name },
    ]);
    const [{ ttl }] = await store.query<{ ttl: string }>(
      "SELECT create_table_query AS ttl FROM system.tables WHERE database = 'weir' AND name = 'a'",
    );
    expect(ttl).toContain("toIntervalDay(30)");
  });

  it("runs again what a kill left unrecorded", async () => {
    await migrate(store, [FIRST, SECOND], OPTIONS);
    await store.command("DELETE FROM migrations WHERE name = {name:String}", { name: SECOND.name });
    expect(await migrate(store, [FIRST, SECOND], OPTIONS)).toEqual([SECOND.name]);
  });

  it("goes on after the last one that worked when one fails", async () => {
    const broken = { ...SECOND, sql: "ALTER TABLE missing ADD COLUMN b UInt8" };
    expect(await codeOf(migrate(store, [FIRST, broken], OPTIONS))).toBe("STORE_REJECTED");
    expect(await migrate(store, [FIRST, SECOND], OPTIONS)).toEqual([SECOND.name]);
  });

  it("refuses an applied file that was changed, but not other numbers for its placeholders", async () => {
    await migrate(store, [FIRST], OPTIONS);
    expect(await migrate(store, [FIRST], { placeholders: { a_days: 7 } })).toEqual([]);
    const changed = { ...FIRST, sql: `${FIRST.sql} ` };
    expect(await codeOf(migrate(store, [changed], OPTIONS))).toBe("CONFIG_INVALID");
  });

  it("leaves a store alone that a newer Weir has written", async () => {
    await migrate(store, [FIRST, SECOND], OPTIONS);
    const third = { name: "0000_first.sql", sql: "DROP TABLE a" };
    expect(await codeOf(migrate(store, [third, FIRST], OPTIONS))).toBe("STORE_NEWER");
    expect(await store.query("SELECT count() > 0 AS there FROM system.tables WHERE name = 'a'")).toEqual([
      { there: 1 },
    ]);
  });

  for (const [problem, files, placeholders] of [
    ["a name without a number", [{ name: "create.sql", sql: "SELECT 1" }], {}],
    ["a number twice", [FIRST, { name: "0001_other.sql", sql: "SELECT 1" }], { a_days: 1 }],
    ["a placeholder without a value", [FIRST], {}],
    ["a placeholder that is no whole number", [FIRST], { a_days: 1.5 }],
    ["a name of every object as a placeholder", [{ name: "0001_a.sql", sql: "SELECT {{constructor}}" }], {}],
    ["two statements", [{ name: "0001_a.sql", sql: "SELECT 1; SELECT 2" }], {}],
    ["no statement", [{ name: "0001_a.sql", sql: "-- later" }], {}],
  ] as const) {
    it(`refuses ${problem} before it runs anything`, async () => {
      expect(await codeOf(migrate(store, files, { placeholders }))).toBe("CONFIG_INVALID");
      expect(await store.query("SELECT name FROM system.tables WHERE database = 'weir'")).toEqual([]);
    });
  }
});

describe("readMigrations", () => {
  it("gives the .sql files of a folder in order", async () => {
    const dir = await makeTestFolder();
    await writeFile(join(dir, "0002_b.sql"), "SELECT 2");
    await writeFile(join(dir, "0001_a.sql"), "SELECT 1");
    await writeFile(join(dir, "README.md"), "not SQL");
    expect(await readMigrations(dir)).toEqual([
      { name: "0001_a.sql", sql: "SELECT 1" },
      { name: "0002_b.sql", sql: "SELECT 2" },
    ]);
  });
});
