import type { KafkaClient } from "../kafka/client.ts";
import type { Fetcher } from "../kafka/fetcher.ts";
import { createKafkaSource, type KafkaSource } from "../kafka/kafka-source.ts";
import type { Epoch } from "../kafka/membership.ts";
import { WeirError } from "../model/errors.ts";
import type { ClickHouse, Clock, Partition, ReadLimit } from "../model/ports.ts";
import type { Pipeline } from "../pipeline.ts";
import { type FinishedBatch, type ProcessOptions, takeOver } from "./process.ts";
import { assertSameTopic } from "./same-topic.ts";

export interface TopicPartitionOptions {
  readonly client: KafkaClient;
  readonly fetcher: Fetcher;
  readonly epoch: Epoch;
  readonly partition: Partition;
  readonly format: string;
  readonly store: ClickHouse;
  readonly pipeline: Pipeline;
  readonly limit: ReadLimit;
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
  });
}

async function work(
  options: TopicPartitionOptions,
  source: KafkaSource,
  ending: AbortSignal,
  onWell: () => void,
): Promise<void> {
  const { partition, clock, pipeline, limit, version, refresh, onBatch, onStage, onLag } = options;
  const processor = await takeOver({
    source,
    store: leased(options.store, options.epoch),
    pipeline,
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
