import type { ClickHouse, Partition } from "../model/ports.ts";
import type { Tile } from "../plan/reconcile.ts";

/** A batch that the ledger has. */
export interface LedgerTile extends Tile {
  readonly run: number;
}

interface Row {
  readonly batch_start: string;
  readonly batch_end: string;
  readonly run: number;
}

function tileOf({ batch_start, batch_end, run }: Row): LedgerTile {
  return { batchStart: BigInt(batch_start), batchEnd: BigInt(batch_end), run };
}

/** The batches of a partition, in their order. */
export async function readLedger(store: ClickHouse, { topic, partition }: Partition): Promise<LedgerTile[]> {
  const rows = await store.query<Row>(
    "SELECT batch_start, batch_end, run FROM ledger FINAL WHERE topic = {topic:String} AND `partition` = {partition:UInt32} ORDER BY batch_start",
    { topic, partition },
  );
  return rows.map(tileOf);
}

/** The same of several partitions, in their order, by one query. */
export async function readLedgers(store: ClickHouse, partitions: readonly Partition[]): Promise<LedgerTile[][]> {
  const rows = await store.query<Row & Partition>(
    "SELECT topic, `partition`, batch_start, batch_end, run FROM ledger FINAL WHERE topic IN {topics:Array(String)} AND `partition` IN {partitions:Array(UInt32)} ORDER BY batch_start",
    {
      topics: [...new Set(partitions.map(({ topic }) => topic))],
      partitions: [...new Set(partitions.map(({ partition }) => partition))],
    },
  );
  const keyOf = ({ topic, partition }: Partition) => `${topic}/${partition}`;
  const tiles = new Map<string, LedgerTile[]>(partitions.map((one) => [keyOf(one), []]));
  for (const row of rows) tiles.get(keyOf(row))?.push(tileOf(row));
  return partitions.map((one) => tiles.get(keyOf(one)) ?? []);
}
