import type { Journal } from "./journal.ts";

/** A piece of a spool's stream as it was appended. */
export interface Chunk {
  /** Position of its first byte. */
  readonly begin: number;
  /** Microseconds since the epoch. */
  readonly appendTimeUs: number;
  readonly bytes: Buffer;
}

/**
 * An endless stream of bytes in the journal, encrypted, of which a stretch [begin, end) is kept. Positions never
 * change their meaning: what is released leaves a gap in front.
 */
export interface Spool {
  range(): { readonly begin: number; readonly end: number };
  /** Appends; durable once resolved. Resolves to the position of the first byte. */
  append(bytes: Buffer, appendTimeUs: number): Promise<number>;
  /** The chunk that holds a position; null at the end or where the bytes are released. */
  read(position: number): Chunk | null;
  /** Deletes the chunks that lie wholly before a position. */
  release(before: number): Promise<void>;
  /** Begins a spool that never held anything at a position other than 0. */
  startAt(position: number): Promise<void>;
}

/** Bytes in front of a sealed chunk: append time, as a big-endian double. */
const TIME_BYTES = 8;
/** Deletions per transaction, so that a long release does not hold up the writers. */
const RELEASE_CHUNKS_MAX = 256;

export function createSpool(journal: Journal, topic: string, partition: number): Spool {
  const rangeKey = ["spool", topic, partition];
  const chunks = ["chunk", topic, partition];
  const place = (begin: number) => JSON.stringify([topic, partition, begin]);
  let last: Chunk | null = null;

  function rangeIn(transaction: Pick<Journal["view"], "get">): { begin: number; end: number } {
    const value = transaction.get(rangeKey);
    return value === undefined ? { begin: 0, end: 0 } : JSON.parse(value.toString());
  }
  const packed = (range: { begin: number; end: number }) => Buffer.from(JSON.stringify(range));

  return {
    range: () => rangeIn(journal.view),
    append(bytes, appendTimeUs) {
      return journal.transact((transaction) => {
        const { begin, end } = rangeIn(transaction);
        if (bytes.length === 0) return end;
        const time = Buffer.alloc(TIME_BYTES);
        time.writeDoubleBE(appendTimeUs);
        transaction.put([...chunks, end], Buffer.concat([time, journal.seal.seal(bytes, place(end))]));
        transaction.put(rangeKey, packed({ begin, end: end + bytes.length }));
        return end;
      });
    },
    read(position) {
      if (last !== null && position >= last.begin && position < last.begin + last.bytes.length) return last;
      const found = journal.view.lastUpTo(chunks, position);
      if (found === undefined) return null;
      const begin = found.key[3] as number;
      const bytes = journal.seal.unseal(found.value.subarray(TIME_BYTES), place(begin));
      if (position >= begin + bytes.length) return null;
      last = { begin, appendTimeUs: found.value.readDoubleBE(0), bytes };
      return last;
    },
    async release(before) {
      if (last !== null && last.begin < before) last = null;
      for (let isDone = false; !isDone; ) {
        isDone = await journal.transact((transaction) => {
          const { begin, end } = rangeIn(transaction);
          const edge = Math.min(before, end);
          // The chunk that holds the edge, or the end, is the first to stay.
          const kept = edge === end ? end : ((transaction.lastUpTo(chunks, edge)?.key[3] as number) ?? begin);
          let position = begin;
          for (let count = 0; position < kept && count < RELEASE_CHUNKS_MAX; count++) {
            const found = transaction.lastUpTo(chunks, position);
            if (found === undefined) break;
            transaction.remove(found.key);
            position = (found.key[3] as number) + found.value.length - TIME_BYTES - journal.seal.overheadBytes;
          }
          transaction.put(rangeKey, packed({ begin: position, end }));
          return position >= kept;
        });
      }
    },
    startAt(position) {
      return journal.transact((transaction) => {
        const { begin, end } = rangeIn(transaction);
        if (begin === end && position >= end) transaction.put(rangeKey, packed({ begin: position, end: position }));
      });
    },
  };
}
