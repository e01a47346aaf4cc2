import type { CommitFacts } from "../audit/facts.ts";
import { checkPinnedSettings } from "../clickhouse/pinned-settings.ts";
import { type KafkaClient, openKafka } from "../kafka/client.ts";
import { createFetcher, type Fetcher } from "../kafka/fetcher.ts";
import { createMembership, type Epoch, type Membership } from "../kafka/membership.ts";
import { WeirError } from "../model/errors.ts";
import type { Clock, Partition } from "../model/ports.ts";
import type { RecordBatch } from "../model/record.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Config, SourceConfig } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { commitFacts } from "./audit.ts";
import { type BackgroundAudit, createBackgroundAudit } from "./background-audit.ts";
import { withBisecting } from "./bisect.ts";
import { withBreaker } from "./breaker.ts";
import { limitMsFor, withDeadline } from "./deadline.ts";
import { kafkaOptionsOf } from "./kafka-options.ts";
import { type Observer, startObserving } from "./observer.ts";
import { readingOf } from "./partition.ts";
import type { FinishedBatch } from "./process.ts";
import { sharePipeline } from "./shared-pipeline.ts";
import { processTopicPartition, sleepUnlessAborted } from "./topic-partition.ts";
import { Turns } from "./turns.ts";
import { openWorkroom, type Workroom } from "./workplace.ts";

export interface ProcessTopicsOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** Ends it after the batches in hand. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly onBatch?: (partition: Partition, batch: FinishedBatch) => void;
}

export interface ProcessTopicsSummary {
  readonly records: number;
  readonly events: number;
  readonly deadLetters: number;
  /** Partitions that were stopped for good, by the last word of each. */
  readonly stopped: readonly { readonly topic: string; readonly partition: number; readonly error: WeirError }[];
}

/** A batch in hand must be done within this when the group is divided anew. */
const REBALANCE_MS = 60_000;
const PAUSE_MS = 1000;
/** How many batches of the configured size may be read at the same time; and what all that are read besides may hold together. */
const BATCHES_HELD = 4;

/**
 * Processes the topics of the configuration's sources as one member of a group, until the signal: epoch after epoch joins the
 * group, works on the partitions it is given, each for itself, and comes back when the group is divided anew. A
 * partition that can't go on is stopped with its reason, and the others go on.
 */
export async function processTopics(options: ProcessTopicsOptions): Promise<ProcessTopicsSummary> {
  const { config, clock, logger } = options;
  const sources = config.sources.filter(({ topic }) => topic !== null);
  if (sources.length === 0 || config.kafka.brokers.length === 0) {
    const what = sources.length === 0 ? "no source with a topic" : "no brokers in kafka.brokers";
    throw new WeirError(
      "CONFIG_INVALID",
      `There is nothing to process: the configuration has ${what}; add it to weir.yaml.`,
    );
  }
  const observing = await startObserving(config, clock, logger);
  try {
    return await processSources(options, sources, observing.observer);
  } finally {
    await observing.close();
  }
}

async function processSources(
  options: ProcessTopicsOptions,
  sources: readonly SourceConfig[],
  observer: Observer | null,
): Promise<ProcessTopicsSummary> {
  const { config, clock, logger } = options;
  const room = await openWorkroom(config, clock, logger, observer);
  let client: KafkaClient | null = null;
  let fetcher: Fetcher | null = null;
  let membership: Membership | null = null;
  try {
    await checkPinnedSettings(room.store);
    const topics = sources.map(({ topic }) => topic!);
    client = await openKafka(kafkaOptionsOf(config, logger), topics);
    fetcher = createFetcher(client, { sleep: (ms) => clock.sleep(ms) });
    membership = createMembership({
      client,
      group: config.kafka.group,
      topics,
      clock,
      sessionMs: config.kafka.sessionMs,
      rebalanceMs: REBALANCE_MS,
    });
    logger.info({ topics, group: config.kafka.group, store: room.store.kind }, "Process started.");
    const group = new TopicGroup(options, { room, client, fetcher, membership, deadline: withDeadline });
    const auditing = createBackgroundAudit(
      { ...room, journal: null, commits: () => group.commits() },
      { clock, logger, observer },
    );
    const summary = await besides(group.run(sources), auditing, clock);
    const { records, events, deadLetters, stopped } = summary;
    logger.info({ records, events, deadLetters, stopped: stopped.length }, "Process ended.");
    return summary;
  } finally {
    await membership?.leave();
    await fetcher?.close();
    await client?.close();
    await room.close();
  }
}

const AUDIT_LOOK_MS = 1000;

/** Lets audits go on while work does, and waits for the last one. */
async function besides<T>(work: Promise<T>, auditing: BackgroundAudit, clock: Clock): Promise<T> {
  const done = work.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([done, clock.sleep(AUDIT_LOOK_MS).then(() => false)]))) auditing.tick();
  await auditing.close();
  return work;
}

export interface GroupParts {
  readonly room: Pick<Workroom, "store" | "version" | "refresh" | "observer" | "pipelineFor">;
  readonly client: KafkaClient;
  readonly fetcher: Fetcher;
  readonly membership: Membership;
  /** Absent: stages are trusted to come to their end. */
  readonly deadline?: typeof withDeadline;
}

/** A member of the group at work, from epoch to epoch, with what `processTopics` opened for it. */
export class TopicGroup {
  readonly #options: ProcessTopicsOptions;
  readonly #parts: GroupParts;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #turns = new Turns(BATCHES_HELD);
  readonly #stopped = new Map<string, { topic: string; partition: number; error: WeirError }>();
  readonly #troubled = new Set<string>();
  #epoch: Epoch | null = null;
  #records = 0;
  #events = 0;
  #deadLetters = 0;

  constructor(options: ProcessTopicsOptions, parts: GroupParts) {
    this.#options = options;
    this.#parts = parts;
  }

  async run(sources: readonly SourceConfig[]): Promise<ProcessTopicsSummary> {
    const { signal, logger } = this.#options;
    const { observer } = this.#parts.room;
    const sourceOf = new Map(sources.map((source) => [source.topic, source]));
    while (!signal.aborted) {
      const epoch = await this.#join(sources);
      if (epoch === null) continue;
      this.#epoch = epoch;
      observer?.metrics.add("weir_group_epochs_total", {});
      observer?.obstacle("start", null);
      logger.info({ epoch: epoch.number, partitions: epoch.partitions.length }, "Partitions assigned.");
      this.#stopped.clear();
      const ending = AbortSignal.any([signal, epoch.ended]);
      const ended = new Promise<void>((resolve) => {
        if (ending.aborted) resolve();
        ending.addEventListener("abort", () => resolve(), { once: true });
      });
      await Promise.all([
        ended,
        ...epoch.partitions.map((partition) => this.#process(epoch, partition, sourceOf.get(partition.topic))),
      ]);
      for (const partition of epoch.partitions) observer?.onState(partition, null);
      if (epoch.endReason === "refused") throw epoch.failure!;
      if (!signal.aborted) logger.info({ epoch: epoch.number, reason: epoch.endReason }, "Partitions given up.");
    }
    return {
      records: this.#records,
      events: this.#events,
      deadLetters: this.#deadLetters,
      stopped: [...this.#stopped.values()],
    };
  }

  /** Where the partitions stand that this member has; of those of others it knows nothing. */
  async commits(): Promise<CommitFacts[]> {
    const epoch = this.#epoch;
    const { client } = this.#parts;
    return Promise.all(
      (epoch?.partitions ?? []).map(async (partition) => {
        const { begin } = await client.range(partition.topic, partition.partition);
        return commitFacts(partition, (await epoch!.committed(partition)) ?? { offset: begin, metadata: "" }, begin);
      }),
    );
  }

  /** null: it did not work out, and may the next time. */
  async #join(sources: readonly SourceConfig[]): Promise<Epoch | null> {
    const { clock, signal, logger } = this.#options;
    const { client, membership } = this.#parts;
    try {
      return await membership.join();
    } catch (error) {
      if (!(error instanceof WeirError) || !error.retriable) throw error;
      logger.warn({ code: error.code }, error.message);
      // A topic that is gone would keep the others from being asked for.
      for (const { topic } of sources)
        if ((await client.hasTopic(topic!).catch(() => true)) === false) client.forgetTopic(topic!);
      await sleepUnlessAborted(clock, PAUSE_MS, signal);
      return null;
    }
  }

  async #process(epoch: Epoch, partition: Partition, source: SourceConfig | undefined): Promise<void> {
    if (source === undefined) return;
    const { config, clock, signal, logger, onBatch } = this.#options;
    const { room, client, fetcher } = this.#parts;
    const { observer } = room;
    const place = `${partition.topic}/${partition.partition}`;
    observer?.onState(partition, "waiting");
    const { recordsMax, bytesMax, recordBytesMax } = config.batch;
    const share = Math.max(1, epoch.partitions.length / BATCHES_HELD);
    const turn = this.#turns.open();
    try {
      await processTopicPartition({
        client,
        fetcher,
        epoch,
        partition,
        format: source.format,
        store: room.store,
        pipeline: withBreaker(this.#pipelineOf(source), config.breaker),
        limit: { recordsMax, bytesMax },
        limitBesides: { recordsMax: Math.ceil(recordsMax / share), bytesMax: Math.ceil(bytesMax / share) },
        turn,
        recordBytesMax,
        version: room.version,
        refresh: room.refresh,
        clock,
        signal,
        onBatch: (of, batch) => {
          this.#count(of, batch);
          observer?.onBatch(of, batch);
          onBatch?.(of, batch);
        },
        onTrouble: (of, error) => {
          this.#onTrouble(place, error);
          observer?.onState(of, error === null ? "running" : "waiting");
        },
        ...(observer === null ? {} : { onStage: observer.stageWatch(), onLag: observer.onLag }),
      });
    } catch (error) {
      const reason =
        error instanceof WeirError
          ? error
          : new WeirError("INTERNAL", `Partition ${place} was stopped by a bug in Weir: ${String(error)}`, {
              cause: error,
            });
      observer?.onState(partition, "stopped");
      this.#stopped.set(place, { ...partition, error: reason });
      logger.error({ ...partition, code: reason.code }, reason.message);
    } finally {
      turn.close();
    }
  }

  /** Partitions that are read alike go through one pipeline, one batch after the other. */
  #pipelineOf(source: SourceConfig): Pipeline {
    const reading = readingOf(this.#options.config, source.name, source.format, true);
    let pipeline = this.#pipelines.get(source.name);
    if (pipeline === undefined) {
      const { room, deadline } = this.#parts;
      const limitMsOf = (records: RecordBatch) => limitMsFor(records, this.#options.config.kafka.sessionMs);
      const made = deadline?.(() => room.pipelineFor(reading, true), { limitMsOf }) ?? room.pipelineFor(reading);
      pipeline = sharePipeline(withBisecting(made));
      this.#pipelines.set(source.name, pipeline);
    }
    return pipeline;
  }

  #count({ topic, partition }: Partition, { row, start, next }: FinishedBatch): void {
    const { records, events, dropped, deadLetters } = row;
    this.#records += records;
    this.#events += events;
    this.#deadLetters += deadLetters;
    this.#options.logger.debug(
      { topic, partition, start, next, records, events, dropped, deadLetters },
      "Batch stored.",
    );
  }

  /** Said once when it begins, and once when it is over: not for each time that it is looked at. */
  #onTrouble(place: string, error: WeirError | null): void {
    const { logger } = this.#options;
    if (error === null) {
      if (this.#troubled.delete(place)) logger.info({ place }, "The partition goes on.");
    } else if (!this.#troubled.has(place)) {
      this.#troubled.add(place);
      logger.warn({ place, code: error.code }, error.message);
    }
  }
}
