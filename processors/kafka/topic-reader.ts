import { WeirError } from "../model/errors.ts";
import type { ReadRecord } from "../model/ports.ts";
import { type KafkaOptions, openKafka } from "./client.ts";
import { inflate } from "./codecs.ts";
import { createFetcher, type FetchedBatch, type Lane } from "./fetcher.ts";
import { DamagedBatch, type KafkaBatch, RecordWalk } from "./record-batch.ts";

/** Reads a topic's committed records without being a member of a group. */
export interface TopicReader {
  /** Records of one partition that come next, in their order; null: there is nothing now. */
  read(): Promise<ReadRecord[] | null>;
  /** Whether everything was read that was in the topic when it was opened. */
  readonly isThrough: boolean;
  close(): Promise<void>;
}

interface Reading {
  readonly partition: number;
  readonly lane: Lane;
  next: bigint;
  /** Where it is through. */
  readonly end: bigint;
}

const INFLATED_BYTES_MAX = 64 << 20;
const TRIES_MAX = 20;
const PAUSE_MS = 100;

/**
 * Opens a topic at an offset, the same in every partition. `isWhole`: through is only who has read what open transactions
 * hold as well, or seen it given up. Throws SOURCE_NOT_FOUND.
 */
export async function openTopicReader(
  kafka: KafkaOptions,
  topic: string,
  { from = 0n, isWhole = false }: { readonly from?: bigint; readonly isWhole?: boolean } = {},
): Promise<TopicReader> {
  const client = await openKafka(kafka, [topic]);
  const fetcher = createFetcher(client);
  const close = async () => {
    await fetcher.close();
    await client.close();
  };
  try {
    const readings = await Promise.all(
      client.partitionsOf(topic).map((partition) => patiently(() => begin(partition))),
    );
    return asReader(topic, readings, close);
  } catch (error) {
    await close();
    throw error;
  }

  async function begin(partition: number): Promise<Reading> {
    const { begin, end } = await client.range(topic, partition);
    const whole = isWhole ? await client.logEnd(topic, partition) : end;
    const next = from > begin ? from : begin;
    const lane = fetcher.open(topic, partition);
    const isBeyond = next > end;
    lane.seek(isBeyond ? end : next);
    return { partition, lane, next, end: whole };
  }
}

/** A topic that was made just now has no leader for a moment. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES_MAX || !(error instanceof WeirError && error.retriable)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function asReader(topic: string, readings: readonly Reading[], close: () => Promise<void>): TopicReader {
  function take(reading: Reading): ReadRecord[] | null {
    for (;;) {
      const fetched = reading.lane.take();
      if (fetched === null) return null;
      const from = reading.next;
      if (fetched.lastOffset >= from) reading.next = fetched.lastOffset + 1n;
      const records = recordsOf(topic, reading.partition, fetched).filter(({ offset }) => BigInt(offset) >= from);
      if (records.length > 0) return records;
    }
  }
  return {
    async read() {
      for (const reading of readings) {
        const records = take(reading);
        if (records !== null) return records;
      }
      const found = await Promise.all(readings.map(({ lane }) => lane.arrived()));
      for (const [i, isFound] of found.entries()) {
        const records = isFound ? take(readings[i]) : null;
        if (records !== null) return records;
      }
      return null;
    },
    get isThrough() {
      return readings.every(({ next, end }) => next >= end);
    },
    close,
  };
}

function recordsOf(topic: string, partition: number, { batch }: FetchedBatch): ReadRecord[] {
  if (batch === null) return [];
  const inflated = inflate(batch.codec, batch.records, INFLATED_BYTES_MAX);
  if (inflated.kind !== "bytes")
    throw damaged(topic, partition, batch, inflated.kind === "damaged" ? inflated.reason : "it is too large");
  try {
    return walked(partition, batch, inflated.bytes);
  } catch (error) {
    throw error instanceof DamagedBatch ? damaged(topic, partition, batch, error.message) : error;
  }
}

function walked(partition: number, batch: KafkaBatch, bytes: Buffer): ReadRecord[] {
  const records: ReadRecord[] = [];
  const walk = new RecordWalk(bytes, batch.count);
  while (walk.next())
    records.push({
      partition,
      offset: Number(batch.baseOffset) + walk.offsetDelta,
      timestampUs: (batch.logAppendTimeMs ?? batch.firstTimestampMs + walk.timestampDeltaMs) * 1000,
      key: bytes.toString("utf8", walk.keyBegin, walk.keyEnd),
      headers: walk.headers(),
      value: bytes.subarray(walk.valueBegin, walk.valueEnd),
    });
  return records;
}

function damaged(topic: string, partition: number, { baseOffset }: KafkaBatch, reason: string): WeirError {
  return new WeirError(
    "SOURCE_CORRUPT",
    `The record batch at ${topic}/${partition} offset ${baseOffset} can't be read: ${reason}.`,
  );
}
