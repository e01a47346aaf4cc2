import type { BatchFacts, MissingFacts, RowFacts } from "../audit/facts.ts";
import type { Partition } from "../model/ports.ts";
import { BATCH, OFFSETS } from "./audit-statements.ts";
import { openReread, type RereadPlace, type StoredPartition } from "./reread.ts";

/** Batches of which the missing offsets are found out, of all that have some. */
const BATCHES_MAX = 20;
/** A batch of more offsets is named as a whole. */
const OFFSETS_MAX = 1_000_000n;

/**
 * Which offsets of batches have no event: where every offset is a record (topics) by the ledger alone, otherwise by reading
 * the batch again, if its file is still there. What can't be told is left out.
 */
export async function findMissing(
  place: RereadPlace | null,
  store: RereadPlace["store"],
  rows: readonly RowFacts[],
  sourceOf: (partition: Partition) => string,
): Promise<MissingFacts[]> {
  const found: MissingFacts[] = [];
  const short = rows
    .filter(({ table, missing }) => table === "events" && missing > 0)
    .flatMap((row) => row.batches.filter((batch) => batch.found < batch.least).map((batch) => ({ row, batch })));
  for (const { row, batch } of short.slice(0, BATCHES_MAX)) {
    const { topic, partition } = row;
    const stored: StoredPartition = { topic, partition, source: sourceOf(row) };
    const one = await missingOf(place, store, stored, batch);
    if (one !== null) found.push({ topic, partition, batchStart: batch.start, ...one });
  }
  return found;
}

async function missingOf(
  place: RereadPlace | null,
  store: RereadPlace["store"],
  stored: StoredPartition,
  { start, end, least, found }: BatchFacts,
): Promise<Pick<MissingFacts, "offsets" | "mayBeDropped"> | null> {
  const { topic, partition } = stored;
  const parameters = { topic, partition, from: String(start), to: String(end) };
  const [batch] = await store.query<{ records: string; dropped: string }>(BATCH, parameters);
  const isDense =
    batch !== undefined && BigInt(batch.records) === end - start + 1n && BigInt(batch.records) <= OFFSETS_MAX;
  const offsets = isDense ? dense(start, end) : place === null ? null : await reread(place, stored, start, end);
  if (offsets === null) return null;
  const known = new Set((await store.query<{ offset: string }>(OFFSETS, parameters)).map(({ offset }) => offset));
  const missing = offsets.filter((offset) => !known.has(String(offset)));
  return { offsets: missing, mayBeDropped: missing.length > least - found };
}

function dense(start: bigint, end: bigint): bigint[] {
  return Array.from({ length: Number(end - start + 1n) }, (_, i) => start + BigInt(i));
}

/** Offsets of a batch's records but the blank ones, which are dropped; null when they can't be read any more. */
async function reread(
  place: RereadPlace,
  stored: StoredPartition,
  start: bigint,
  end: bigint,
): Promise<bigint[] | null> {
  const source = await openReread(place, stored, null);
  try {
    const records = await source.read(start, end + 1n, 0, "first");
    if (records === null) return null;
    const offsets: bigint[] = [];
    for (let i = 0; i < records.count; i++)
      if (records.text.slice(records.begins[i], records.ends[i]).trim() !== "")
        offsets.push(records.firstOffset + BigInt(records.offsetDeltas[i]));
    return offsets;
  } finally {
    await source.close();
  }
}
