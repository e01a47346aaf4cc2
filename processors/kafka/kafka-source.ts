import { WeirError } from "../model/errors.ts";
import type { ReadLimit, Source } from "../model/ports.ts";
import type { RecordBatch } from "../model/record.ts";
import type { KafkaClient } from "./client.ts";
import { inflate } from "./codecs.ts";
import type { FetchedBatch, Fetcher } from "./fetcher.ts";
import type { Epoch } from "./membership.ts";
import { DamagedBatch, type KafkaBatch, RecordWalk } from "./record-batch.ts";
import { RecordGatherer } from "./record-gatherer.ts";

export interface KafkaSourceOptions {
  readonly client: KafkaClient;
  readonly fetcher: Fetcher;
  readonly epoch: Epoch;
  readonly topic: string;
  readonly partition: number;
  /** Format that the source declares: nothing of a topic is guessed. */
  readonly format: string;
  readonly recordBytesMax: number;
  /** The topic's id, if it is known: of another one of the same name nothing is read. */
  readonly topicId?: string | null;
  /** Values are no text: nothing is cut off their ends. */
  readonly isBinary?: boolean;
  /** Record header that holds the header line by which a record is read; null: the format has none. */
  readonly headerLine?: string | null;
  /** What one record batch may become when it is inflated; the records of a larger one are dead letters. */
  readonly inflatedBytesMax?: number;
}

/** A partition of a topic. */
export interface KafkaSource extends Source {
  /** Waits until there is something to read, or the signal comes. Throws what ends the reading. */
  arrived(signal: AbortSignal): Promise<void>;
  /** Records that are known to come after what was read; null before anything was fetched. */
  readonly lag: bigint | null;
}

const INFLATED_BYTES_MAX = 64 << 20;

/** A record batch that is being walked: a read may end in the middle of it. */
interface Walking {
  readonly batch: KafkaBatch;
  /** null: it would inflate to too much; its records are known by their offsets alone. */
  readonly bytes: Buffer | null;
  readonly walk: RecordWalk;
  /** Whether the walk stands on a record that was not taken yet. */
  isPending: boolean;
}

/**
 * One partition of a topic, as long as an epoch lasts.
 *
 * Offsets of markers, of aborted transactions and of records that compaction removed are covered by the batch that comes after
 * or before them; where nothing else is there, by a batch of no records. A null value is an empty record.
 */
export function createKafkaSource(options: KafkaSourceOptions): KafkaSource {
  const { client, fetcher, epoch, topic, partition, recordBytesMax, isBinary = false, headerLine = null } = options;
  const inflatedBytesMax = options.inflatedBytesMax ?? INFLATED_BYTES_MAX;
  const lane = fetcher.open(topic, partition, options.topicId ?? null);
  let position: bigint | null = null;
  let walking: Walking | null = null;

  function begin({ batch }: FetchedBatch & { batch: KafkaBatch }): Walking {
    const inflated = inflate(batch.codec, batch.records, inflatedBytesMax);
    if (inflated.kind === "damaged") throw damaged(batch, inflated.reason);
    const bytes = inflated.kind === "bytes" ? inflated.bytes : null;
    return { batch, bytes, walk: new RecordWalk(bytes ?? new Uint8Array(0), batch.count), isPending: false };
  }

  function damaged(batch: KafkaBatch, reason: string): WeirError {
    return new WeirError(
      "SOURCE_CORRUPT",
      `The record batch at ${topic}/${partition} offset ${batch.baseOffset} can't be read: ${reason}.`,
    );
  }

  /** Takes records into the gatherer until the batch or the room ends; true: the batch is done. */
  function take(current: Walking, gatherer: RecordGatherer): boolean {
    try {
      return current.bytes === null
        ? gatherer.takeUnread(current.batch)
        : gatherer.take(current.batch, current.bytes, current);
    } catch (error) {
      throw error instanceof DamagedBatch ? damaged(current.batch, error.message) : error;
    }
  }

  async function read(from: bigint, limit: ReadLimit, to?: bigint): Promise<RecordBatch | null> {
    if (to !== undefined && from >= to) return null;
    if (position !== from) {
      walking = null;
      lane.seek(from);
    }
    // Until this read is through: what it took would be missing from another one.
    position = null;
    const gatherer = new RecordGatherer({ from, to: to ?? null, limit, recordBytesMax, isBinary, headerLine });
    while (!gatherer.isFull) {
      if (walking === null) {
        let fetched = lane.take();
        if (fetched === null) {
          // What is known to be there is waited for: a batch that could be larger costs more. Then what has come is enough.
          if (!gatherer.isEmpty && to === undefined && lane.lag === 0n) break;
          if (!(await lane.arrived())) break;
          fetched = lane.take();
          if (fetched === null) continue;
        }
        if (fetched.batch === null) gatherer.cover(fetched.lastOffset);
        else walking = begin({ ...fetched, batch: fetched.batch });
      }
      if (walking !== null && take(walking, gatherer)) walking = null;
    }
    const batch = gatherer.finish(topic, partition);
    // Where a planned range ends inside of what was walked, the next read looks again.
    if (to === undefined) position = batch?.nextOffset ?? from;
    return batch;
  }

  return {
    topic,
    partition,
    format: options.format,
    committed: () => epoch.committed({ topic, partition }),
    commit: (commit) => epoch.commit({ topic, partition }, commit),
    range: () => client.range(topic, partition),
    read,
    async release() {},
    async arrived(signal) {
      const aborted = Promise.withResolvers<void>();
      const onAbort = () => aborted.resolve();
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        while (!signal.aborted && walking === null)
          if ((await Promise.race([lane.arrived(), aborted.promise])) === true) return;
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    get lag() {
      return lane.lag;
    },
    async close() {
      lane.close();
    },
  };
}
