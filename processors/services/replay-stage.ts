import type { ClickHouse, InsertBlock } from "../model/ports.ts";
import { batchesTouching, type LedgerEntry, type StoredBatch, type TimeRange } from "../plan/replay-range.ts";
import { BATCHES, dropStaging, STAGING, stagingOf } from "./replay-swap.ts";
import { openReread, type Reread } from "./reread.ts";
import type { Workplace } from "./workplace.ts";

/** Batches of one partition that are stored and can't be replayed: they stay as they are. */
export interface GoneBatches {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  batches: number;
  events: number;
}

export interface StageProgress {
  readonly done: number;
  readonly total: number;
  readonly records: number;
}

export interface Staged {
  readonly batches: readonly StoredBatch[];
  readonly gone: readonly GoneBatches[];
  /** Batches whose windows' shares are past their retention: none are made anew. */
  readonly withoutPartials: number;
}

interface LedgerRow extends Omit<LedgerEntry, "timestampUsMin" | "timestampUsMax" | "events"> {
  readonly events: string;
  readonly timestampUsMin: string;
  readonly timestampUsMax: string;
}

const LEDGER = `SELECT topic, \`partition\` AS "partition", toString(batch_start) AS batchStart, toString(batch_end) AS batchEnd, run, source,
    events, toUnixTimestamp64Micro(timestamp_min) AS timestampUsMin, toUnixTimestamp64Micro(timestamp_max) AS timestampUsMax,
    arrayMap(minute -> toUnixTimestamp(minute), minutes.minute) AS minutes, toUnixTimestamp(stored_at) AS storedAt
  FROM ledger FINAL WHERE {source:String} IN ('', source)
  ORDER BY topic, "partition", batch_start, batch_end DESC`;

/** What is stored of a range. */
export async function findBatches(store: ClickHouse, range: TimeRange, source: string | null): Promise<StoredBatch[]> {
  const rows = await store.query<LedgerRow>(LEDGER, { source: source ?? "" });
  const entries = rows.map((row) => ({
    ...row,
    events: Number(row.events),
    timestampUsMin: Number(row.timestampUsMin),
    timestampUsMax: Number(row.timestampUsMax),
  }));
  return batchesTouching(entries, range);
}

/** Event times of batches as they are stored. */
export function storedTimes(batches: readonly StoredBatch[]): TimeRange {
  const entries = batches.flatMap((batch) => [batch, ...batch.corrections]).filter(({ events }) => events > 0);
  return {
    fromUs: entries.reduce((min, { timestampUsMin }) => Math.min(min, timestampUsMin), Number.MAX_SAFE_INTEGER),
    toUs: entries.reduce((max, { timestampUsMax }) => Math.max(max, timestampUsMax), 0) + 1,
  };
}

/** Makes the staging tables, like those they stand for now. */
export async function createStaging(store: ClickHouse): Promise<void> {
  await dropStaging(store);
  for (const table of STAGING) await store.command(`CREATE TABLE ${stagingOf(table)} AS ${table}`);
  await store.command(
    `CREATE TABLE ${BATCHES} (topic String, \`partition\` UInt32, batch_start Int64, batch_end Int64, run UInt32, tile_start Int64) ENGINE = MergeTree ORDER BY (topic, \`partition\`, batch_start)`,
  );
}

/** Processes batches anew into the staging tables. */
export async function stage(
  workplace: Workplace,
  batches: readonly StoredBatch[],
  options: {
    readonly format: string | null;
    readonly signal: AbortSignal;
    readonly onProgress?: (progress: StageProgress) => void;
  },
): Promise<Staged> {
  const { store, config } = workplace;
  const staged: StoredBatch[] = [];
  const gone: GoneBatches[] = [];
  let records = 0;
  let done = 0;
  for (const partition of partitionsOf(batches)) {
    const [{ topic, partition: number, source }] = partition;
    const reread = await openReread(workplace, { topic, partition: number, source }, options.format);
    const lost: GoneBatches = { source, topic, partition: number, batches: 0, events: 0 };
    try {
      const timeOf = await appendTimes(store, partition);
      for (const batch of partition) {
        if (options.signal.aborted) return { batches: staged, gone, withoutPartials: 0 };
        const appendTimeUs = timeOf(batch);
        const count = await stageBatch(workplace, reread, batch, appendTimeUs);
        if (count === null) {
          lost.batches++;
          lost.events += batch.events;
        } else {
          staged.push(batch);
          records += count;
        }
        options.onProgress?.({ done: ++done, total: batches.length, records });
      }
    } finally {
      await reread.close();
    }
    if (lost.batches > 0) gone.push(lost);
  }
  await listBatches(store, staged);
  const withoutPartials = await leaveOutPartials(store, staged, config.retention.partialsDays);
  return { batches: staged, gone, withoutPartials };
}

function partitionsOf(batches: readonly StoredBatch[]): StoredBatch[][] {
  const groups: StoredBatch[][] = [];
  for (const batch of batches) {
    const last = groups.at(-1);
    if (last !== undefined && last[0].topic === batch.topic && last[0].partition === batch.partition) last.push(batch);
    else groups.push([batch]);
  }
  return groups;
}

/** The append times that batches of a partition were stored with; of one that left no row, the minute is known. */
async function appendTimes(
  store: ClickHouse,
  batches: readonly StoredBatch[],
): Promise<(batch: StoredBatch) => number> {
  const [{ topic, partition }] = batches;
  const rows = await store.query<{ start: string; us: string }>(
    `SELECT toString(batch_start) AS start, any(us) AS us FROM (
      SELECT batch_start, toUnixTimestamp64Micro(observed_timestamp) AS us FROM events
      WHERE topic = {topic:String} AND \`partition\` = {partition:UInt32}
        AND timestamp >= fromUnixTimestamp64Micro({fromUs:Int64}) AND timestamp < fromUnixTimestamp64Micro({toUs:Int64})
      UNION ALL
      SELECT batch_start, toUnixTimestamp64Micro(observed_timestamp) AS us FROM dead_letters
      WHERE topic = {topic:String} AND \`partition\` = {partition:UInt32}
    ) GROUP BY batch_start`,
    { topic, partition, ...storedTimes(batches) },
  );
  const known = new Map(rows.map(({ start, us }) => [start, Number(us)]));
  return ({ batchStart, corrections, minutes }) => {
    for (const start of [batchStart, ...corrections.map((correction) => correction.batchStart)]) {
      const us = known.get(start);
      if (us !== undefined) return us;
    }
    return (minutes[0] ?? 0) * 1_000_000;
  };
}

/** Gives the number of records; null if the source no longer has them. */
async function stageBatch(
  { store, pipelineFor }: Workplace,
  reread: Reread,
  batch: StoredBatch,
  appendTimeUs: number,
): Promise<number | null> {
  const start = BigInt(batch.batchStart);
  const end = BigInt(batch.batchEnd);
  const records = await reread.read(start, end + 1n, appendTimeUs, "now");
  if (records === null) return null;
  const { topic, partition, runNext: run } = batch;
  const stages = pipelineFor(reread.reading).run(records, {
    topic,
    partition,
    batchStart: start,
    batchEnd: end,
    run,
    attempt: 0,
  });
  for (;;) {
    const { done, value } = stages.next();
    if (!done) continue;
    const blocks = [...value.events.map(({ block }) => block), value.deadLetters, value.partials, value.ledger];
    for (const block of blocks) if (block !== null) await store.insert(staging(block));
    return value.row.records;
  }
}

function staging(block: InsertBlock): InsertBlock {
  return { ...block, table: stagingOf(block.table) };
}

/** Lists the rows of the ledger that go: the batches, and the corrections inside of them. */
export async function listBatches(store: ClickHouse, batches: readonly StoredBatch[]): Promise<void> {
  await store.command(`TRUNCATE TABLE ${BATCHES}`);
  for (const partition of partitionsOf(batches)) {
    const [{ topic, partition: number }] = partition;
    const rows = partition.flatMap((batch) => [batch, ...batch.corrections].map((entry) => ({ entry, batch })));
    for (let from = 0; from < rows.length; from += ROWS_MAX) {
      const some = rows.slice(from, from + ROWS_MAX);
      await store.command(
        `INSERT INTO ${BATCHES} SELECT {topic:String}, {partition:UInt32}, r.1, r.2, r.3, r.4 FROM (
          SELECT arrayJoin(arrayZip({starts:Array(Int64)}, {ends:Array(Int64)}, {runs:Array(UInt32)}, {tiles:Array(Int64)})) AS r)`,
        {
          topic,
          partition: number,
          starts: some.map(({ entry }) => Number(entry.batchStart)),
          ends: some.map(({ entry }) => Number(entry.batchEnd)),
          runs: some.map(({ entry }) => entry.run),
          tiles: some.map(({ batch }) => Number(batch.batchStart)),
        },
      );
    }
  }
}

const ROWS_MAX = 5000;

/** Takes staged batches that are not listed out of the staging tables. */
export async function keepListed(store: ClickHouse): Promise<void> {
  for (const table of STAGING)
    await store.command(
      `ALTER TABLE ${stagingOf(table)} DELETE WHERE (topic, \`partition\`, batch_start) NOT IN (SELECT topic, \`partition\`, tile_start FROM ${BATCHES}) SETTINGS mutations_sync = 1`,
    );
}

/**
 * Where retention has taken the shares of a batch, it may have taken those of other batches of the same windows: shares of
 * this one alone would pass for the whole. Gives the number of such batches.
 */
async function leaveOutPartials(store: ClickHouse, batches: readonly StoredBatch[], days: number): Promise<number> {
  const [{ now }] = await store.query<{ now: number }>("SELECT toUnixTimestamp(now()) AS now");
  const old = batches.filter(({ storedAt, events }) => events > 0 && storedAt < Number(now) - days * 86_400);
  if (old.length === 0) return 0;
  const rows = await store.query<{ topic: string; partition: number; start: string }>(
    `SELECT DISTINCT topic, \`partition\` AS "partition", toString(batch_start) AS start FROM partials
    WHERE (topic, \`partition\`, batch_start, batch_end, run) IN (SELECT topic, \`partition\`, batch_start, batch_end, run FROM ${BATCHES})`,
  );
  const there = new Set(rows.map(({ topic, partition, start }) => `${topic} ${partition} ${start}`));
  const without = old.filter(({ topic, partition, batchStart }) => !there.has(`${topic} ${partition} ${batchStart}`));
  for (const partition of partitionsOf(without)) {
    const [{ topic, partition: number }] = partition;
    await store.command(
      `ALTER TABLE ${stagingOf("partials")} DELETE WHERE topic = {topic:String} AND \`partition\` = {partition:UInt32} AND has({starts:Array(Int64)}, batch_start) SETTINGS mutations_sync = 1`,
      { topic, partition: number, starts: partition.map(({ batchStart }) => Number(batchStart)) },
    );
  }
  return without.length;
}
