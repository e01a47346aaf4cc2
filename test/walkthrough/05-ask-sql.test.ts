import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate, readMigrations } from "../../processors/clickhouse/migrate.ts";
import { openStore, type Store } from "../../processors/clickhouse/store.ts";
import { createPipeline } from "../../processors/pipeline.ts";
import { takeOver } from "../../processors/services/process.ts";
import { createMemorySource } from "../support/memory-source.ts";

/*
 * Chapter 5: ask SQL.
 *
 * The same path as in chapter 4 with the real engine: migrations make the tables, a partition is taken over, and an
 * analyst asks. Everything of Weir's that can be asked is a table or a view of the database `weir` (sql/README.md).
 */

const LINES = [
  '192.0.2.1 - - [02/Mar/2026:12:00:00 +0000] "GET /products/1 HTTP/1.1" 200 100 "-" "curl/8.0" 0.010',
  '192.0.2.1 - ann [02/Mar/2026:12:00:01 +0000] "GET /products/2?a=b HTTP/1.1" 200 300 "-" "curl/8.0" 0.030',
  '192.0.2.2 - - [02/Mar/2026:12:00:59 +0000] "POST /cart HTTP/1.1" 500 7 "https://www.example.com/" "curl/8.0" 1.500',
  "",
  "a line of another kind",
];

let folder: string;
let store: Store;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weir-walkthrough-"));
  store = await openStore({ dataDir: folder });
  const migrations = await readMigrations(fileURLToPath(new URL("../../sql/migrations", import.meta.url)));
  await migrate(store, migrations, {
    placeholders: { events_days: 30, dead_letters_days: 30, partials_days: 7, windows_days: 400 },
  });
  const source = createMemorySource({ appendTimeUs: Date.UTC(2026, 2, 2, 12, 1) * 1000 });
  source.append(LINES);
  const pipeline = createPipeline({
    parse: { format: "combined", isDeclared: true, source: "web", tenant: "default", service: "shop" },
    rules: [
      {
        name: "route_10s",
        version: 1,
        windowSeconds: 10,
        groupBy: ["tenant", "service_name", "http_route", "status_class"],
        distinct: null,
        where: "all",
      },
    ],
    maskOf: null,
    countryOf: () => "",
    versions: { transform: "1", config: "1", lookup: "1" },
    rowsMax: 10,
  });
  const limit = { recordsMax: 100, bytesMax: 1 << 20 };
  const signal = new AbortController().signal;
  await (await takeOver({ source, store, pipeline, limit, version: "1", signal })).drain();
}, 60_000);

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

describe("an analyst", () => {
  it("finds one row per line in events", async () => {
    const rows = await store.query(
      "SELECT http_route, http_response_status_code AS status, duration_us FROM events ORDER BY `offset`",
    );
    expect(rows).toEqual([
      { http_route: "/products/{id}", status: 200, duration_us: "10000" },
      { http_route: "/products/{id}", status: 200, duration_us: "30000" },
      { http_route: "/cart", status: 500, duration_us: "1500000" },
    ]);
  });

  it("gets every original line back, byte for byte, though no line is stored", async () => {
    const rows = await store.query<{ line: string; line_kept: string }>(
      "SELECT line, line_kept FROM events ORDER BY `offset`",
    );
    expect(rows.map(({ line }) => line)).toEqual(LINES.slice(0, 3));
    expect(rows.every(({ line_kept }) => line_kept === "")).toBe(true);
  });

  it("counts errors per service and minute in service_1m, from windows, without reading events", async () => {
    const rows = await store.query(
      "SELECT toString(window_start) AS minute, service_name, events, errors FROM service_1m",
    );
    expect(rows).toEqual([{ minute: "2026-03-02 12:00:00", service_name: "shop", events: "3", errors: "1" }]);
  });

  it("sees in completeness what became of every record", async () => {
    const rows = await store.query("SELECT source, records, ok, dropped, dead_letters FROM completeness");
    expect(rows).toEqual([{ source: "web", records: "5", ok: "3", dropped: "1", dead_letters: "1" }]);
  });

  it("reads in dead_letters why a record was refused, and where it stands", async () => {
    const rows = await store.query("SELECT code, payload, topic, `offset` FROM dead_letters");
    const offset = LINES.slice(0, 4).join("\n").length + 1;
    expect(rows).toEqual([
      { code: "PARSE_NOT_COMBINED", payload: "a line of another kind", topic: "memory", offset: String(offset) },
    ]);
  });

  it("may not write", async () => {
    await expect(store.queryText("DROP TABLE events", "TSV", { readonly: true })).rejects.toMatchObject({
      code: "STORE_READONLY",
    });
  });
});
