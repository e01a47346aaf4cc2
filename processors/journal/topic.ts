import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { WeirError } from "../model/errors.ts";
import type { Publisher, ReadRecord, TopicRecord } from "../model/ports.ts";
import type { Journal, JournalTransaction } from "./journal.ts";

/** How long and how much a topic keeps. What is older goes with the next append, whole segments at a time. */
export interface TopicRetention {
  readonly ageUsMax: number;
  /** Compressed. */
  readonly bytesMax: number;
}

/** A stretch [begin, end) of offsets, and the bytes it takes. */
interface TopicRange {
  readonly begin: number;
  readonly end: number;
  readonly bytes: number;
}

/** Records are stored some hundred at a time, compressed together. */
const SEGMENT_RECORDS = 500;
/** Segments that are dropped in one transaction. */
const DROPPED_MAX = 64;

const rangeKey = (topic: string) => ["topic_range", topic];

function rangeIn(transaction: Pick<JournalTransaction, "get">, topic: string): TopicRange {
  const value = transaction.get(rangeKey(topic));
  return value === undefined ? { begin: 0, end: 0, bytes: 0 } : JSON.parse(value.toString());
}

/** Names of the topics that the journal has. */
export function topicNames(journal: Journal): string[] {
  return journal.view.range(["topic_range"]).map(({ key }) => key[1] as string);
}

/** Offsets that can be read. */
export function topicRange(journal: Journal, topic: string): { readonly begin: number; readonly end: number } {
  return rangeIn(journal.view, topic);
}

/** Records from an offset on, one segment's at most; what retention has taken is left out. Empty at the end. */
export function readTopic(journal: Journal, topic: string, from: number): ReadRecord[] {
  const { begin, end } = topicRange(journal, topic);
  const offset = Math.max(from, begin);
  if (offset >= end) return [];
  const found = journal.view.lastUpTo(["topic", topic], offset);
  if (found === undefined) return [];
  return unpack(found.value, found.key[2] as number).filter((record) => record.offset >= offset);
}

/** A publisher into the journal's topics. Its name is what others are fenced by. */
export function createPublisher(
  journal: Journal,
  name: string,
  retention: TopicRetention,
  nowUs: () => number,
): Publisher {
  const epochKey = ["publisher_epoch", name];
  const progressKey = ["publisher_progress", name];
  const epochIn = (transaction: JournalTransaction) => Number(transaction.get(epochKey)?.toString() ?? 0);
  let epoch = 0;

  return {
    begin() {
      return journal.transact((transaction) => {
        epoch = epochIn(transaction) + 1;
        transaction.put(epochKey, Buffer.from(String(epoch)));
        return transaction.get(progressKey)?.toString() ?? "";
      });
    },
    async commit(topic, records, progress) {
      const timestampUs = nowUs();
      const segments: { readonly records: number; readonly packed: Buffer }[] = [];
      for (let at = 0; at < records.length; at += SEGMENT_RECORDS) {
        const part = records.slice(at, at + SEGMENT_RECORDS);
        segments.push({ records: part.length, packed: pack(part, timestampUs) });
      }
      await journal.transact((transaction) => {
        if (epochIn(transaction) !== epoch)
          throw new WeirError(
            "CLOSE_FENCED",
            "Another process has taken over closing windows; this one leaves it to that.",
          );
        let range = rangeIn(transaction, topic);
        for (const { records, packed } of segments) {
          transaction.put(["topic", topic, range.end], packed);
          range = { begin: range.begin, end: range.end + records, bytes: range.bytes + packed.length };
        }
        range = dropOld(transaction, topic, range, retention, timestampUs);
        transaction.put(rangeKey(topic), Buffer.from(JSON.stringify(range)));
        transaction.put(progressKey, Buffer.from(progress));
      });
    },
    async close() {},
  };
}

function dropOld(
  transaction: JournalTransaction,
  topic: string,
  range: TopicRange,
  { ageUsMax, bytesMax }: TopicRetention,
  nowUs: number,
): TopicRange {
  let { begin, bytes } = range;
  for (let dropped = 0; dropped < DROPPED_MAX; dropped++) {
    const oldest = transaction.lastUpTo(["topic", topic], begin);
    if (oldest === undefined) break;
    const count = oldest.value.readUInt32LE(8);
    // The newest segment stays: readers want to see the end.
    if (begin + count >= range.end) break;
    if (bytes <= bytesMax && nowUs - oldest.value.readDoubleLE(0) <= ageUsMax) break;
    transaction.remove(oldest.key);
    begin += count;
    bytes -= oldest.value.length;
  }
  return { begin, end: range.end, bytes };
}

/** Publishing time (double), number of records (32 bits), then compressed: per record key, headers, value with their lengths. */
function pack(records: readonly TopicRecord[], timestampUs: number): Buffer {
  const parts: Uint8Array[] = [];
  const add = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    parts.push(length, bytes);
  };
  for (const { key, headers, value } of records) {
    add(Buffer.from(key));
    add(Buffer.from(JSON.stringify(headers)));
    add(value);
  }
  const head = Buffer.alloc(12);
  head.writeDoubleLE(timestampUs);
  head.writeUInt32LE(records.length, 8);
  return Buffer.concat([head, zstdCompressSync(Buffer.concat(parts))]);
}

function unpack(packed: Buffer, firstOffset: number): ReadRecord[] {
  const timestampUs = packed.readDoubleLE(0);
  const body = zstdDecompressSync(packed.subarray(12));
  let at = 0;
  const next = () => {
    const length = body.readUInt32LE(at);
    const bytes = body.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return bytes;
  };
  return Array.from({ length: packed.readUInt32LE(8) }, (_, i) => {
    const key = next().toString();
    const headers = JSON.parse(next().toString());
    return { partition: 0, offset: firstOffset + i, timestampUs, key, headers, value: next() };
  });
}
