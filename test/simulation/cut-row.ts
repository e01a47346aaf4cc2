import type { Cut, LedgerBatch, PartitionStanding } from "../../processors/model/cut.ts";
import type { InsertBlock } from "../../processors/model/ports.ts";

/** A row of the table `cuts`, read out of the insert that brought it. */
export interface CutRow extends Omit<Cut, "added"> {
  readonly timestampUsMax: number;
  readonly added: readonly (Omit<LedgerBatch, "source"> & { readonly tooLateBeforeUs: number })[];
}

/** Reads a Native block of one row, of the types that cuts have. */
export function decodeCut({ native }: InsertBlock): CutRow {
  const columns = decodeRow(Buffer.concat(native));
  const number = (name: string) => Number(columns.get(name) ?? 0);
  const list = (name: string) => (columns.get(name) ?? []) as (number | bigint | string)[];
  const ranges = (of: string) =>
    list(`${of}.topic`).map((topic, i) => ({
      topic: String(topic),
      partition: Number(list(`${of}.partition`)[i]),
      batchStart: list(`${of}.batch_start`)[i] as bigint,
      batchEnd: list(`${of}.batch_end`)[i] as bigint,
      run: Number(list(`${of}.run`)[i]),
    }));
  return {
    id: number("cut_id"),
    decidedUs: number("decided_at"),
    watermarkUs: number("watermark"),
    watermarkBeforeUs: number("watermark_before"),
    isDrained: number("is_drained") === 1,
    drainedAfter: number("drained_after"),
    isRevising: number("is_revising") === 1,
    reviseBeforeUs: number("revise_before"),
    reviseAfter: number("revise_after"),
    recomputeFromUs: number("recompute_from"),
    recomputeToUs: number("recompute_to"),
    timestampUsMax: number("timestamp_max"),
    added: ranges("added").map((range, i) => ({
      ...range,
      timestampUsMin: Number(list("added.timestamp_min")[i]),
      timestampUsMax: Number(list("added.timestamp_max")[i]),
      tooLateBeforeUs: Number(list("added.too_late_before")[i]),
    })),
    removed: ranges("removed"),
    partitions: list("partitions.topic").map((topic, i) => ({
      topic: String(topic),
      partition: Number(list("partitions.partition")[i]),
      source: String(list("partitions.source")[i]),
      next: list("partitions.next")[i] as bigint,
      reachedUs: Number(list("partitions.reached")[i]),
      watermarkUs: Number(list("partitions.watermark")[i]),
      state: String(list("partitions.state")[i]) as PartitionStanding["state"],
    })),
  };
}

type Value = number | bigint | (number | bigint | string)[];

function decodeRow(bytes: Buffer): Map<string, Value> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 0x80) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  const text = () => {
    const length = varint();
    at += length;
    return bytes.latin1Slice(at - length, at);
  };
  const int64 = () => {
    at += 8;
    return bytes.readBigInt64LE(at - 8);
  };
  const item = (type: string): number | bigint => {
    if (type === "UInt8") return bytes[at++];
    if (type !== "UInt32") return int64();
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const texts = () => {
    at += 8;
    const length = Number(int64());
    if (length === 0) return [];
    at += 8;
    const values = Array.from({ length: Number(int64()) }, text);
    at += 8;
    return Array.from({ length }, () => values[bytes[at++]]);
  };
  const columns = new Map<string, Value>();
  const count = varint();
  if (varint() !== 1) throw new Error("A cut is one row.");
  for (let column = 0; column < count; column++) {
    const name = text();
    const type = text();
    const inner = /^Array\((.*)\)$/.exec(type)?.[1];
    if (inner === undefined) columns.set(name, item(type));
    else if (inner === "LowCardinality(String)") columns.set(name, texts());
    else
      columns.set(
        name,
        Array.from({ length: Number(int64()) }, () => item(inner)),
      );
  }
  return columns;
}
