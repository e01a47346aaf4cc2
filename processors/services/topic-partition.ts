import type { KafkaClient } from "../kafka/client.ts";
import type { Fetcher } from "../kafka/fetcher.ts";
import { createKafkaSource, type KafkaSource } from "../kafka/kafka-source.ts";
import type { Epoch } from "../kafka/membership.ts";
import { WeirError } from "../model/errors.ts";
import type { ClickHouse, Clock, Partition, ReadLimit, Source } from "../model/ports.ts";
import { HEADER_LINE, type RecordBatch } from "../model/record.ts";
import { W3C } from "../parse/w3c.ts";
import type { Pipeline } from "../pipeline.ts";
import { type FinishedBatch, type ProcessOptions, takeOver } from "./process.ts";
import { assertSameTopic } from "./same-topic.ts";
import type { TakesTurns } from "./turns.ts";

export interface TopicPartitionOptions {
  readonly client: KafkaClient;
  readonly fetcher: Fetcher;
  readonly epoch: Epoch;
  readonly partition: Partition;
  readonly format: string;
  readonly store: ClickHouse;
  readonly pipeline: Pipeline;
  /** Of a batch that waits for its turn: a large one, where much waits to be read. */
  readonly limit: ReadLimit;
  /** Of one that does not. */
  readonly limitBesides: ReadLimit;
  /** Says how many partitions may hold a large batch that is not rows yet. */
  readonly turn: TakesTurns;
  readonly recordBytesMax: number;
  readonly version: string;
  readonly refresh?: ProcessOptions["refresh"];
  readonly clock: Clock;
  /** Ends the work after the batch in hand. The end of the epoch does so as well. */
  readonly signal: AbortSignal;
  readonly onBatch: (partition: Partition, batch: FinishedBatch) => void;
  /** Told when the work waits for something to be well again, and when it goes on (null). */
  readonly onTrouble: (partition: Partition, error: WeirError | null) => void;
  readonly onStage?: ProcessOptions["onStage"];
  /** Told how many records the partition has that were not read yet. */
  readonly onLag?: (partition: Partition, records: bigint | null) => void;
}

/** How long records gather before they are inserted when there were none: a small insert costs as much as a large one. */
const LINGER_MS = 100;
/** What comes within this makes one batch where nothing waits. */
const GATHER_MS = 300;
/** Whoever waits so long for a broker gives its turn to others. */
const TURN_MS_MAX = 2000;
const PAUSE_MS_MIN = 200;
const PAUSE_MS_MAX = 5000;
/** A broker that has just become the leader may know of less than it has; after so many looks it has less. */
const SHRUNK_LOOKS = 4;

/**
 * Processes one partition for an epoch: takes it over, drains it, waits for more. What may pass by itself (a store that is
 * down, a broker that does not answer) is waited for, and then the partition taken over anew: what was sent before may
 * have arrived or not, which only a look at the store can tell. Meanwhile nothing is read, and the group stays as it is.
 *
 * Resolves when the epoch or the signal ends it. Throws what stops the partition for good.
 */
export async function processTopicPartition(options: TopicPartitionOptions): Promise<void> {
  const { epoch, clock, partition } = options;
  const ending = AbortSignal.any([options.signal, epoch.ended]);
  let pauseMs = PAUSE_MS_MIN;
  let shrunkLooks = 0;
  while (!ending.aborted) {
    let source: KafkaSource | null = null;
    try {
      const topicId = await options.client.topicId(partition.topic);
      await assertSameTopic(options.store, partition.topic, topicId);
      source = openSource(options, topicId);
      await work(options, source, ending, () => {
        pauseMs = PAUSE_MS_MIN;
        shrunkLooks = 0;
        options.onTrouble(partition, null);
      });
    } catch (error) {
      // The group's doing: whoever has the partition now takes it over.
      if (epoch.endReason !== null && isOfGroup(error)) return;
      const isShrunk =
        error instanceof WeirError && error.code === "PLAN_SOURCE_SHRANK" && ++shrunkLooks < SHRUNK_LOOKS;
      if (!(error instanceof WeirError) || (!error.retriable && !isShrunk)) throw error;
      options.onTrouble(partition, error);
      await sleepUnlessAborted(clock, pauseMs, ending);
      pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2);
    } finally {
      options.turn.end();
      await source?.close();
    }
  }
}

function openSource(
  { client, fetcher, epoch, partition, format, recordBytesMax }: TopicPartitionOptions,
  topicId: string | null,
): KafkaSource {
  return createKafkaSource({
    client,
    fetcher,
    epoch,
    ...partition,
    format,
    recordBytesMax,
    topicId,
    isBinary: format === "avro",
    headerLine: format === W3C.name ? HEADER_LINE : null,
  });
}

async function work(
  options: TopicPartitionOptions,
  source: KafkaSource,
  ending: AbortSignal,
  onWell: () => void,
): Promise<void> {
  const { partition, clock, limit, version, refresh, onBatch, onStage, onLag } = options;
  const processor = await takeOver({
    source: gathering(source, options, ending),
    store: leased(options.store, options.epoch),
    pipeline: endingTurn(options.pipeline, options.turn),
    limit,
    version,
    ...(refresh === undefined ? {} : { refresh }),
    signal: ending,
    onBatch(batch) {
      onBatch(partition, batch);
      onLag?.(partition, source.lag);
    },
    ...(onStage === undefined ? {} : { onStage }),
  });
  onWell();
  while (!ending.aborted) {
    await processor.drain();
    onLag?.(partition, source.lag);
    await source.arrived(ending);
    if (!ending.aborted) await sleepUnlessAborted(clock, LINGER_MS, ending);
  }
}

/**
 * A source whose reads are such that few inserts are needed. Where much waits to be read batches are large, and read in turn:
 * as text they take most of the memory. Where nothing waits they don't come faster than records gather.
 */
function gathering(source: KafkaSource, options: TopicPartitionOptions, ending: AbortSignal): Source {
  const { turn, limitBesides, clock } = options;
  let readMs = Number.NEGATIVE_INFINITY;

  async function readInTurn(from: bigint, limit: ReadLimit): Promise<RecordBatch | null> {
    await turn.begin();
    let isOver = false;
    void clock.sleep(TURN_MS_MAX).then(() => {
      if (!isOver) turn.end();
    });
    let records: RecordBatch | null = null;
    try {
      records = await source.read(from, limit);
    } finally {
      isOver = true;
      if (records === null) turn.end();
    }
    return records;
  }

  return {
    ...source,
    async read(from, limit, to) {
      if (to !== undefined) return source.read(from, limit, to);
      const { lag } = source;
      if (lag !== null && lag > 0n) return readInTurn(from, limit);
      const restMs = readMs + GATHER_MS - clock.monotonicMs();
      if (restMs > 0) await sleepUnlessAborted(clock, restMs, ending);
      readMs = clock.monotonicMs();
      return source.read(from, limitBesides);
    },
  };
}

/** The turn is over when a batch's records are rows. */
function endingTurn(pipeline: Pipeline, turn: TakesTurns): Pipeline {
  return {
    *run(records, identity, lookups) {
      try {
        return yield* pipeline.run(records, identity, lookups);
      } finally {
        turn.end();
      }
    },
  };
}

function isOfGroup(error: unknown): boolean {
  return error instanceof WeirError && (error.code === "KAFKA_FENCED" || error.code === "KAFKA_COMMIT_UNKNOWN");
}

/** The store as long as the lease holds: before each statement that writes, somebody else may own the partition. */
function leased(store: ClickHouse, epoch: Epoch): ClickHouse {
  return {
    async insert(block) {
      epoch.assertHeld();
      await store.insert(block);
    },
    async command(sql, parameters) {
      epoch.assertHeld();
      await store.command(sql, parameters);
    },
    query: (sql, parameters) => store.query(sql, parameters),
    close: async () => {},
  };
}

/** Resolves after a while, or as soon as the signal comes. */
export async function sleepUnlessAborted(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  const onAbort = () => aborted.resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  await Promise.race([clock.sleep(ms), aborted.promise]);
  signal.removeEventListener("abort", onAbort);
}
