import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate, readMigrations } from "../../processors/clickhouse/migrate.ts";
import { openStore, type Store } from "../../processors/clickhouse/store.ts";
import { openJournal } from "../../processors/journal/journal.ts";
import { createPipeline } from "../../processors/pipeline.ts";
import { systemClock } from "../../processors/runtime/clock.ts";
import { noteAttendance } from "../../processors/services/attendance.ts";
import { openCloser } from "../../processors/services/closer.ts";
import { takeOver } from "../../processors/services/process.ts";
import { createShop } from "../../processors/simulate/shop.ts";
import { configOf } from "../support/config-of.ts";
import { createMemorySource } from "../support/memory-source.ts";

const SQL = fileURLToPath(new URL("../../sql/", import.meta.url));
const QUERIES = readdirSync(join(SQL, "queries")).filter((name) => name.endsWith(".sql"));

/** 2026-03-02T12:00:00Z. */
const NOON = 1_772_452_800;
const SECONDS = 120;
const SERVICES = [
  { service: "shop-front", format: "combined" },
  { service: "shop-orders", format: "json" },
  { service: "shop-payments", format: "logfmt" },
] as const;

let folder: string;
let store: Store;

/** A store with two minutes of the simulated shop, and a dead letter per service. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weir-queries-"));
  store = await openStore({ dataDir: folder });
  await migrate(store, await readMigrations(join(SQL, "migrations")), {
    placeholders: { events_days: 30, dead_letters_days: 30, partials_days: 7, windows_days: 400 },
  });
  const shop = createShop({ seed: 5, ratePerSecond: 40, startUs: 0 });
  const config = configOf("{}");
  const { rules } = config;
  const journal = await openJournal(folder);
  for (const { service, format } of SERVICES) {
    const source = createMemorySource({ topic: service, format, appendTimeUs: (NOON + SECONDS) * 1e6 });
    for (let second = NOON; second < NOON + SECONDS; second++) {
      const lines = shop.lines(service, second);
      if (lines !== "") source.append(lines.split("\n"));
    }
    source.append(["!"]);
    const pipeline = createPipeline({
      parse: { format, isDeclared: true, source: service, tenant: "default", service },
      rules,
      maskOf: null,
      countryOf: () => "",
      versions: { transform: "1", config: "1", lookup: "1" },
      rowsMax: 1000,
    });
    const limit = { recordsMax: 2000, bytesMax: 1 << 24 };
    const signal = new AbortController().signal;
    await (await takeOver({ source, store, pipeline, limit, version: "1", signal })).drain();
    await noteAttendance(journal, source, { mode: "load", proof: null });
  }
  const closer = await openCloser({ store, journal, config }, { clock: systemClock });
  await closer.tick(true);
  await closer.close();
  await journal.close();
}, 60_000);

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

describe("sql/queries", () => {
  it.each(QUERIES)("%s begins with a sentence that says whom it serves, and gives rows to a reader", async (name) => {
    const sql = readFileSync(join(SQL, "queries", name), "utf8");
    expect(sql).toMatch(/^-- For .+\.\n/);
    const answer = await store.queryText(sql, "JSONEachRow", { readonly: true });
    const rows = Buffer.concat(await answer.toArray())
      .toString()
      .trim()
      .split("\n");
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(Object.values(JSON.parse(row))).not.toContain(null);
  });

  it("completeness.sql accounts for every record", async () => {
    const sql = readFileSync(join(SQL, "queries/completeness.sql"), "utf8");
    const rows = await store.query<{ source: string; missing: string; dead_letters_total: string }>(sql);
    expect(rows.map(({ source, missing, dead_letters_total }) => [source, missing, dead_letters_total])).toEqual(
      SERVICES.map(({ service }) => [service, "0", "1"]),
    );
  });
});

interface Column {
  readonly relation: string;
  readonly name: string;
  readonly type: string;
}

/** Every row `| \`column\` | \`type\` | …` under a heading `### \`relation\``. */
function documentedColumns(markdown: string): Column[] {
  const columns: Column[] = [];
  let relation = "";
  for (const line of markdown.split("\n")) {
    relation = /^#+ `(\w+)`/.exec(line)?.[1] ?? (/^#/.test(line) ? "" : relation);
    const cells = /^\| `([^`]+)` \| `([^`]+)` \|/.exec(line);
    if (relation !== "" && cells !== null) columns.push({ relation, name: cells[1], type: cells[2] });
  }
  return columns;
}

describe("sql/README.md", () => {
  it("names every column of every table and view with its type, and no other, in the order of the store", async () => {
    const actual = await store.query<Column>(
      "SELECT `table` AS relation, name, type FROM system.columns WHERE database = 'weir' ORDER BY `table`, position",
    );
    const documented = documentedColumns(readFileSync(join(SQL, "README.md"), "utf8"));
    const sorted = documented.toSorted((a, b) => (a.relation < b.relation ? -1 : a.relation > b.relation ? 1 : 0));
    expect(sorted).toEqual(actual);
  });
});
