import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Lookups } from "../../processors/model/lookups.ts";
import { decodePlan } from "../../processors/plan/plan.ts";
import { takeOver } from "../../processors/services/process.ts";
import { ask, loadInto, makeFolder } from "../integration/workbench.ts";
import { makePipeline } from "../support/make-pipeline.ts";
import { APPEND_US, makeParseOptions } from "../support/make-records.ts";
import { createMemoryClickHouse } from "../support/memory-clickhouse.ts";
import { createMemorySource } from "../support/memory-source.ts";

describe("tables that change while a partition is processed", () => {
  it("give each batch one version, and each plan too", async () => {
    const source = createMemorySource({ appendTimeUs: APPEND_US, format: "json" });
    source.append(["1", "2", "3", "4", "5"].map((n) => `{"host":"web-1","n":"${n}"}`));
    const store = createMemoryClickHouse();
    const teamOf = (version: string): Lookups => ({
      version,
      tables: [{ name: "t", field: "host_name", targets: ["attributes.team"], find: () => [`team-${version}`] }],
    });
    const versions = ["a", "a", "b", "b", "b"];
    let batch = 0;
    const processor = await takeOver({
      source,
      store,
      pipeline: makePipeline("json", { parse: makeParseOptions({ format: "json" }) }),
      limit: { recordsMax: 1, bytesMax: 1 << 20 },
      version: "never",
      signal: new AbortController().signal,
      refresh: async () => {
        const version = versions[batch++] ?? "end";
        return { version, lookups: teamOf(version) };
      },
    });
    await processor.drain();

    const plans = source.commits.map(({ offset, metadata }) => decodePlan(offset, metadata));
    expect(plans.map((plan) => plan && `${plan.version}${plan.cuts.length}`)).toEqual([
      "a1",
      "a2",
      "b1",
      "b2",
      "b3",
      null,
    ]);
    const events = store.blocks.filter(({ table }) => table === "events").map(({ bytes }) => bytes.toString("latin1"));
    expect(events.map((text) => /team-(\w)/.exec(text)?.[1])).toEqual(versions);
    expect(store.rowsOf("ledger")).toBe(5);
  });
});

describe("weir load with lookups", { timeout: 240_000 }, () => {
  it("completes events out of a table, by the version that the ledger names, and reads the file again when it changed", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const table = join(folder, "hosts.csv");
    const yaml = `
lookups: [{name: hosts, file: ${JSON.stringify(table)}, key_column: host, field: host_name, columns: {team: attributes.team}}]
service_rules: [{field: attributes.team, equals: shop, service: front}]
`;
    writeFileSync(table, "host,team\nweb-1,shop\n");
    writeFileSync(join(folder, "a.log"), '{"host":"web-1","msg":"a"}\n');
    await loadInto(data, [join(folder, "a.log")], { yaml });
    writeFileSync(`${table}.new`, "host,team\nweb-1,pay\n");
    renameSync(`${table}.new`, table);
    writeFileSync(join(folder, "b.log"), '{"host":"web-1","msg":"b"}\n');
    await loadInto(data, [join(folder, "b.log")], { yaml });
    const found = await ask(
      data,
      "SELECT body, service_name, attributes['team'] AS team, line FROM events ORDER BY body",
    );
    expect(found).toEqual([
      { body: "a", service_name: "front", team: "shop", line: '{"host":"web-1","msg":"a"}' },
      { body: "b", service_name: "b", team: "pay", line: '{"host":"web-1","msg":"b"}' },
    ]);
    const [{ versions }] = await ask<{ versions: string }>(data, "SELECT uniq(lookup_version) AS versions FROM ledger");
    expect(Number(versions)).toBe(2);
  });
});
