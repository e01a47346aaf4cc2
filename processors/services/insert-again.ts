import { WeirError } from "../model/errors.ts";
import type { ClickHouse, InsertBlock } from "../model/ports.ts";

/** Which rows an insert holds, so that they can be looked for. */
export interface InsertRange {
  readonly topic: string;
  readonly partition: number;
  /** First offset of the first batch, and position after the last one. */
  readonly start: bigint;
  readonly next: bigint;
  readonly run: number;
  /** Days since the epoch; events only. */
  readonly day?: number;
}

const TRIES_MAX = 5;

/**
 * Inserts what a crash may have left half done. The token alone is not enough, in both directions:
 *
 * - The store may have forgotten it (it remembers the last 20,000), and take the rows a second time.
 * - The store may know it without having the rows: ClickHouse writes the token down before it puts the part in its
 *   place (MergeTreeSink::commitPart), so one that is killed in between refuses the block ever after.
 *
 * So what is there is looked at, before and after, and a token that was burnt is replaced by the next one. Whoever still
 * holds the burnt one can't insert with it any more. Throws STORE_REJECTED when the rows don't come.
 */
export async function insertAgain(store: ClickHouse, block: InsertBlock, range: InsertRange): Promise<void> {
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    if (await isThere(store, block, range)) return;
    await store.insert(attempt === 0 ? block : { ...block, token: `${block.token}|${attempt}` });
  }
  if (await isThere(store, block, range)) return;
  const { topic, partition, start, next } = range;
  throw new WeirError(
    "STORE_REJECTED",
    `ClickHouse acknowledged rows of ${topic}/${partition} ${start}-${next} for ${block.table} and does not have them; look at its log.`,
  );
}

/** Events and dead letters come in one part each, so one row stands for all; the other rows replace each other by key. */
async function isThere(store: ClickHouse, { table, rows }: InsertBlock, range: InsertRange): Promise<boolean> {
  const { topic, partition, start, next, run, day } = range;
  const ofPartition = "topic = {topic:String} AND `partition` = {partition:UInt32}";
  const ofBatch = `${ofPartition} AND batch_start = {start:Int64} AND \`offset\` >= {start:Int64}`;
  const ofPlan = `${ofPartition} AND batch_start >= {start:Int64} AND batch_end < {next:Int64} AND run = {run:UInt32}`;
  const queries: Readonly<Record<string, string>> = {
    events: `SELECT count() AS found FROM events WHERE ${ofBatch} AND toDate(timestamp) = toDate({day:UInt16})`,
    dead_letters: `SELECT count() AS found FROM dead_letters WHERE ${ofBatch}`,
    partials: `SELECT uniqExact(rule, rule_version, window_start, key, batch_start) AS found FROM partials WHERE ${ofPlan}`,
    ledger: `SELECT uniqExact(batch_start) AS found FROM ledger WHERE ${ofPlan}`,
  };
  const [{ found }] = await store.query<{ found: string }>(queries[table], {
    topic,
    partition,
    start: String(start),
    ...(table === "events" ? { day } : {}),
    ...(table === "partials" || table === "ledger" ? { next: String(next), run } : {}),
  });
  const isKeyed = table === "partials" || table === "ledger";
  return Number(found) >= (isKeyed ? rows : 1);
}
