import { type CutHistory, isSettled, NO_CUTS, partitionKey } from "../close/decide.ts";
import type { LedgerBatch, PartitionState } from "../model/cut.ts";
import type { ClickHouse } from "../model/ports.ts";
import { LOST_BATCHES, uncutBatches } from "./close-statements.ts";

/** What closing knows of a partition without asking again: how far its ledger has come. */
export interface Reach {
  readonly topic: string;
  readonly partition: number;
  readonly source: string;
  readonly next: bigint;
  readonly reachedUs: number;
}

interface CutRow {
  readonly id: string;
  readonly decidedUs: string;
  readonly watermarkUs: string;
  readonly watermarkBeforeUs: string;
  readonly reviseBeforeUs: string;
  readonly isRevising: number;
}

const CUT_ROW = `cut_id AS id, toUnixTimestamp64Micro(decided_at) AS decidedUs, toUnixTimestamp64Micro(watermark) AS watermarkUs,
  toUnixTimestamp64Micro(watermark_before) AS watermarkBeforeUs, toUnixTimestamp64Micro(revise_before) AS reviseBeforeUs, is_revising AS isRevising`;

/** What the next cut depends on, out of the cuts that are stored, up to one of them. */
export async function readHistory(store: ClickHouse, upTo: number | null = null): Promise<CutHistory> {
  const where = upTo === null ? "1" : "cut_id <= {upTo:UInt64}";
  const parameters = upTo === null ? {} : { upTo: String(upTo) };
  const [last] = await store.query<CutRow>(
    `SELECT ${CUT_ROW} FROM cuts WHERE ${where} ORDER BY cut_id DESC LIMIT 1`,
    parameters,
  );
  if (last === undefined) return NO_CUTS;
  const revising = await store.query<CutRow>(
    `SELECT ${CUT_ROW} FROM cuts WHERE ${where} AND is_revising ORDER BY cut_id DESC LIMIT 2`,
    parameters,
  );
  const [totals] = await store.query<{ drainedId: string; reachedUs: string }>(
    `SELECT maxIf(cut_id, is_drained) AS drainedId, toUnixTimestamp64Micro(max(timestamp_max)) AS reachedUs FROM cuts WHERE ${where}`,
    parameters,
  );
  const noted = await store.query<{
    topic: string;
    partition: number;
    source: string;
    next: string;
    reachedUs: string;
    watermarkUs: string;
    state: PartitionState;
  }>(
    `SELECT p.1 AS topic, p.2 AS "partition", argMax(p.3, cut_id) AS source, argMax(p.4, cut_id) AS next,
      toUnixTimestamp64Micro(argMax(p.5, cut_id)) AS reachedUs, toUnixTimestamp64Micro(argMax(p.6, cut_id)) AS watermarkUs, argMax(p.7, cut_id) AS state
    FROM cuts ARRAY JOIN arrayZip(partitions.topic, partitions.partition, partitions.source, partitions.next, partitions.reached,
      partitions.watermark, partitions.state) AS p
    WHERE ${where} GROUP BY topic, "partition"`,
    parameters,
  );
  return {
    lastId: Number(last.id),
    watermarkUs: Number(last.watermarkUs),
    drainedId: Number(totals.drainedId),
    revising: revising.map(({ id, decidedUs, watermarkUs }) => ({
      id: Number(id),
      decidedUs: Number(decidedUs),
      watermarkUs: Number(watermarkUs),
    })),
    isSettled: isSettled({
      isRevising: last.isRevising === 1,
      reviseBeforeUs: Number(last.reviseBeforeUs),
      watermarkBeforeUs: Number(last.watermarkBeforeUs),
    }),
    noted: new Map(
      noted.map((row) => [
        partitionKey(row),
        {
          ...row,
          next: BigInt(row.next),
          reachedUs: Number(row.reachedUs),
          watermarkUs: Number(row.watermarkUs),
        },
      ]),
    ),
    reachedUs: Number(totals.reachedUs),
  };
}

/** How far the ledger has come in each partition. */
export async function readReaches(store: ClickHouse): Promise<Map<string, Reach>> {
  const rows = await store.query<{
    topic: string;
    partition: number;
    source: string;
    next: string;
    reachedUs: string;
  }>(
    'SELECT topic, `partition` AS "partition", any(source) AS source, max(batch_end) + 1 AS next, toUnixTimestamp64Micro(max(timestamp_max)) AS reachedUs FROM ledger GROUP BY topic, `partition`',
  );
  return new Map(
    rows.map((row) => [partitionKey(row), { ...row, next: BigInt(row.next), reachedUs: Number(row.reachedUs) }]),
  );
}

interface BatchRow {
  readonly topic: string;
  readonly partition: number;
  readonly batchStart: string;
  readonly batchEnd: string;
  readonly run: number;
  readonly source: string;
  readonly timestampUsMin: string;
  readonly timestampUsMax: string;
  readonly storedAt?: number;
}

function batchOf({ storedAt, ...row }: BatchRow): LedgerBatch {
  return {
    ...row,
    batchStart: BigInt(row.batchStart),
    batchEnd: BigInt(row.batchEnd),
    timestampUsMin: Number(row.timestampUsMin),
    timestampUsMax: Number(row.timestampUsMax),
  };
}

/** Clocks of servers that share a table may differ by this, and a slow insert may become visible so late. */
const STORED_SECONDS_SLACK = 600;

/** Batches that no cut has; `seenAt`: when the newest batch of the last look was stored, null for a look at all. */
export async function readUncut(
  store: ClickHouse,
  seenAt: number | null,
): Promise<{ readonly batches: LedgerBatch[]; readonly seenAt: number | null }> {
  const parameters = seenAt === null ? {} : { since: Math.max(0, seenAt - STORED_SECONDS_SLACK) };
  const rows = await store.query<BatchRow>(uncutBatches(seenAt !== null), parameters);
  const newest = rows.reduce((max, { storedAt }) => Math.max(max, storedAt ?? 0), seenAt ?? 0);
  return { batches: rows.map(batchOf), seenAt: newest === 0 ? null : newest };
}

/** Batches that cuts have and the ledger no longer has: a partition was rewound, or a range replayed. */
export async function readLost(store: ClickHouse): Promise<LedgerBatch[]> {
  return (await store.query<BatchRow>(LOST_BATCHES)).map(batchOf);
}
