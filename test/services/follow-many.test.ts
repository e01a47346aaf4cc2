import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ClickHouse } from "../../processors/model/ports.ts";
import { createLogger } from "../../processors/runtime/logger.ts";
import { followFiles, type Inputs } from "../../processors/services/follow.ts";
import { groupInserts } from "../../processors/services/group-inserts.ts";
import { openPartition } from "../../processors/services/partition.ts";
import { sharedPipelines } from "../../processors/services/shared-pipeline.ts";
import { openWorkplace, type Workplace } from "../../processors/services/workplace.ts";
import { configOf, inMemory, textLines } from "../integration/workbench.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { createFakeOutput } from "../support/fake-output.ts";

const FILES = 300;

let folder: string;
let workplace: Workplace;
let inputs: Inputs;
/** Calls since the last look. */
let calls: { inserts: number; queries: number };
let readings: Set<string>;

beforeEach(() => {
  folder = mkdtempSync(join(inMemory(), "weir-follow-"));
  mkdirSync(join(folder, "logs"));
  calls = { inserts: 0, queries: 0 };
  readings = new Set();
});
afterEach(async () => {
  await inputs.close();
  await workplace.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Follows the folder as `weir run` does. */
async function follow(): Promise<void> {
  const config = configOf(join(folder, "data"));
  workplace = await openWorkplace(config);
  const inner = workplace.store;
  const counted: ClickHouse = {
    ...inner,
    insert(block) {
      calls.inserts++;
      return inner.insert(block);
    },
    query(sql, parameters) {
      calls.queries++;
      return inner.query(sql, parameters);
    },
  };
  const { insert, ledgerOf, together } = groupInserts(counted);
  const pipelineFor = sharedPipelines((reading) => {
    readings.add(JSON.stringify(reading));
    return workplace.pipelineFor(reading);
  });
  const place: Workplace = { ...workplace, store: { ...inner, insert }, pipelineFor };
  const { signal } = new AbortController();
  const clock = createFakeClock();
  const logger = createLogger({ level: "info", output: createFakeOutput(), clock });
  const options = { config, files: [join(folder, "logs")], clock, signal, logger, together };
  inputs = followFiles(options, workplace, (source, reading) =>
    openPartition(place, { source, reading, signal, logger: null, onBatch: () => {}, ledgerOf }),
  );
}

const path = (i: number) => join(folder, "logs", `s${i}.log`);

it("takes hundreds of files with few statements and one pipeline, and each line as its own source's, over a restart", {
  timeout: 60_000,
}, async () => {
  for (let i = 0; i < FILES; i++) writeFileSync(path(i), textLines(1 + (i % 5), i * 10));
  await follow();
  await inputs.drain();
  expect(calls.inserts).toBeLessThan(FILES / 4);
  expect(calls.queries).toBeLessThan(FILES / 4);
  expect(readings.size).toBe(1);
  await inputs.close();
  await workplace.close();
  for (let i = 0; i < FILES; i += 2) appendFileSync(path(i), textLines(1, i * 10 + 5));
  calls = { inserts: 0, queries: 0 };
  await follow();
  await inputs.drain();
  expect(calls.queries).toBeLessThan(FILES / 4);
  const rows = await workplace.store.query<{ source: string; n: string; lines: string; services: string[] }>(
    "SELECT source, count() AS n, uniqExact(line) AS lines, groupUniqArray(service_name) AS services FROM events GROUP BY source",
  );
  const found = new Map(rows.map(({ source, n, lines, services }) => [source, [Number(n), Number(lines), services]]));
  const expected = Array.from({ length: FILES }, (_, i) => {
    const lines = 1 + (i % 5) + (i % 2 === 0 ? 1 : 0);
    return [`s${i}`, [lines, lines, [`s${i}`]]] as const;
  });
  expect(found).toEqual(new Map(expected));
  const ledger = await workplace.store.query(
    "SELECT uniqExact(source) AS sources, sum(records) AS records FROM ledger",
  );
  const total = expected.reduce((sum, [, [lines]]) => sum + lines, 0);
  expect(ledger).toEqual([{ sources: String(FILES), records: String(total) }]);
});
