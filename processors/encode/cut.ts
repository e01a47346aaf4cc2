import type { Cut } from "../model/cut.ts";
import type { InsertBlock } from "../model/ports.ts";
import { BlockBuilder } from "./block.ts";

const TIME = "DateTime64(6, 'UTC')";

/** Encodes a cut as one insert. Its token holds its number alone: of two cuts of one number the first counts. */
export function encodeCut(cut: Cut): InsertBlock {
  const block = new BlockBuilder();
  block.begin({ rows: 1, indices: null });
  const integer = (name: string, type: string, value: number) => block.integers(name, type, Float64Array.of(value));
  integer("cut_id", "UInt64", cut.id);
  integer("decided_at", TIME, cut.decidedUs);
  integer("watermark", TIME, cut.watermarkUs);
  integer("watermark_before", TIME, cut.watermarkBeforeUs);
  block.numbers("is_drained", "UInt8", Uint8Array.of(cut.isDrained ? 1 : 0));
  integer("drained_after", "UInt64", cut.drainedAfter);
  block.numbers("is_revising", "UInt8", Uint8Array.of(cut.isRevising ? 1 : 0));
  integer("revise_before", TIME, cut.reviseBeforeUs);
  integer("revise_after", "UInt64", cut.reviseAfter);
  integer("recompute_from", TIME, cut.recomputeFromUs);
  integer("recompute_to", TIME, cut.recomputeToUs);
  integer(
    "timestamp_max",
    TIME,
    cut.added.reduce((max, { timestampUsMax }) => Math.max(max, timestampUsMax), 0),
  );
  const { added, removed, partitions } = cut;
  if (added.length > 0) {
    batches(block, "added", added);
    times(block, "added.timestamp_min", added, (batch) => batch.timestampUsMin);
    times(block, "added.timestamp_max", added, (batch) => batch.timestampUsMax);
    times(block, "added.too_late_before", added, (batch) => batch.tooLateBeforeUs);
  }
  if (removed.length > 0) batches(block, "removed", removed);
  if (partitions.length > 0) {
    place(block, "partitions", partitions);
    block.stringArrays("partitions.source", [partitions.map(({ source }) => source)]);
    bigints(block, "partitions.next", partitions, ({ next }) => next);
    times(block, "partitions.reached", partitions, ({ reachedUs }) => reachedUs);
    times(block, "partitions.watermark", partitions, ({ watermarkUs }) => watermarkUs);
    block.stringArrays("partitions.state", [partitions.map(({ state }) => state)]);
  }
  return block.finish("cuts", `cut ${cut.id}`);
}

function place(
  block: BlockBuilder,
  name: string,
  list: readonly { readonly topic: string; readonly partition: number }[],
): void {
  block.stringArrays(`${name}.topic`, [list.map(({ topic }) => topic)]);
  const numbers = Uint32Array.from(list, ({ partition }) => partition);
  block.arrays(`${name}.partition`, "Array(UInt32)", [list.length], [numbers]);
}

function batches(block: BlockBuilder, name: string, list: Cut["removed"]): void {
  place(block, name, list);
  bigints(block, `${name}.batch_start`, list, ({ batchStart }) => batchStart);
  bigints(block, `${name}.batch_end`, list, ({ batchEnd }) => batchEnd);
  block.arrays(`${name}.run`, "Array(UInt32)", [list.length], [Uint32Array.from(list, ({ run }) => run)]);
}

function bigints<T>(block: BlockBuilder, name: string, list: readonly T[], pick: (item: T) => bigint): void {
  block.arrays(name, "Array(Int64)", [list.length], [BigInt64Array.from(list, pick)]);
}

function times<T>(block: BlockBuilder, name: string, list: readonly T[], pick: (item: T) => number): void {
  block.arrays(name, `Array(${TIME})`, [list.length], [BigInt64Array.from(list, (item) => BigInt(pick(item)))]);
}
