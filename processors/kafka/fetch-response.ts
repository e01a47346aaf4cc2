/** What a fetch brought of one partition. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Everything before this is decided: readable, or of an aborted transaction. */
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  /** Transactions whose records do not count, by the offset of the first. */
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  /** A stretch of the log, which may end inside of a record batch. */
  readonly bytes: Buffer;
}

/** Reads an answer to fetch, version 11. The records stay what they are: a part of the payload. */
export function readFetchResponse(payload: Buffer): { errorCode: number; partitions: FetchedPartition[] } {
  let at = 4;
  const int16 = () => payload.readInt16BE((at += 2) - 2);
  const int32 = () => payload.readInt32BE((at += 4) - 4);
  const int64 = () => payload.readBigInt64BE((at += 8) - 8);
  const errorCode = int16();
  at += 4;
  const partitions: FetchedPartition[] = [];
  for (let topics = int32(); topics > 0; topics--) {
    const length = int16();
    const topic = payload.toString("utf8", at, at + length);
    at += length;
    for (let count = int32(); count > 0; count--) {
      const partition = int32();
      const partitionError = int16();
      at += 8;
      const lastStableOffset = int64();
      const logStartOffset = int64();
      const aborted: { producerId: bigint; firstOffset: bigint }[] = [];
      for (let left = int32(); left > 0; left--) aborted.push({ producerId: int64(), firstOffset: int64() });
      at += 4;
      const size = Math.max(0, int32());
      partitions.push({
        topic,
        partition,
        errorCode: partitionError,
        lastStableOffset,
        logStartOffset,
        aborted,
        bytes: payload.subarray(at, at + size),
      });
      at += size;
    }
  }
  return { errorCode, partitions };
}
