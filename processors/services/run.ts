import type { IdleProof } from "../close/watermark.ts";
import { plain } from "../incident/text.ts";
import { transitionLine } from "../incident/words.ts";
import type { Transition } from "../model/incident.ts";
import type { Clock } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import type { StatusLine } from "../runtime/status-line.ts";
import { createAlertWatch } from "./alert-watch.ts";
import { createProofBook } from "./attendance.ts";
import { createBackgroundAudit } from "./background-audit.ts";
import { createClosing } from "./closing.ts";
import { followFiles, type Inputs } from "./follow.ts";
import { groupInserts } from "./group-inserts.ts";
import { type Observer, startObserving } from "./observer.ts";
import { openPartition } from "./partition.ts";
import type { FinishedBatch, PartitionProcessor } from "./process.ts";
import { createMeter, introduction } from "./run-report.ts";
import { sharedPipelines } from "./shared-pipeline.ts";
import { openShopFeed } from "./shop-feed.ts";
import { openWorkplace, storedBytesPerEvent, type Workplace } from "./workplace.ts";

export interface RunOptions {
  readonly config: Config;
  /** Files, folders and patterns to follow; none: those of the configuration's sources; none there either: the simulated shop. */
  readonly files: readonly string[];
  readonly seed: number;
  readonly ratePerSecond: number;
  readonly timezone: string;
  readonly incidentsPerDay: number;
  /** Of the shop: seconds per second, and when it begins (epoch seconds); null: now. */
  readonly speed: number;
  readonly fromSecond: number | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** For people: what runs, what to try, and how it goes; null for programs. */
  readonly status: StatusLine | null;
}

/** How long records gather before they are inserted: a small insert costs as much as a large one. */
const LINGER_MS = 1000;
const SIZE_MS = 10_000;

/** Everything in one process, until the signal: follows files, or runs a simulated shop. */
export async function run(options: RunOptions): Promise<void> {
  const { clock, logger } = options;
  const observing = await startObserving(options.config, clock, logger);
  try {
    await runObserved(options, observing.observer);
  } finally {
    await observing.close();
  }
}

async function runObserved(options: RunOptions, observer: Observer | null): Promise<void> {
  const { clock, signal, logger, status } = options;
  const workplace = await openWorkplace(options.config, clock, logger, observer);
  const meter = createMeter(clock);
  let proofs: ReadonlyMap<string, IdleProof> = new Map();
  const auditing = createBackgroundAudit(workplace, { clock, logger, observer });
  let batchesStored = 0;
  const closing = createClosing(workplace, {
    clock,
    logger,
    signal,
    proofs: () => proofs,
    batchesStored: () => batchesStored,
  });
  let eventClock: Pick<Clock, "nowUs"> = clock;
  const alerts = createAlertWatch(workplace, {
    clock,
    logger,
    nowUs: () => eventClock.nowUs(),
    // A shop in a hurry is as fast as the store, and so never late.
    graceSeconds: options.speed === 1 ? options.config.alerts.lateSeconds : Number.POSITIVE_INFINITY,
  });

  async function look(isForced: boolean): Promise<void> {
    const isDetected = await closing.tick(isForced);
    for (const transition of await alerts.tick(isDetected)) tell(transition);
  }

  function tell(transition: Transition): void {
    const { incident, kind } = transition;
    const { id, service, severity } = incident;
    if (status !== null) status.beside.write(`${plain(transitionLine(transition))}\n`);
    else logger.info({ incident: id, state: kind, service, severity, kind: incident.kind }, "An incident changed.");
  }

  try {
    const inputs = await openInputs(options, workplace, (batch) => {
      batchesStored++;
      meter.add(batch);
    });
    proofs = inputs.proofs.proofs;
    eventClock = inputs.clock;
    logger.info({ store: workplace.store.kind }, "Run started.");
    status?.beside.write(`${introduction(options, workplace)}\n\n`);
    observer?.obstacle("start", null);
    let sizedAtMs = Number.NEGATIVE_INFINITY;
    let batchesSized = 0;
    let bytesPerEvent: number | null = null;
    while (!signal.aborted) {
      await inputs.drain();
      await look(false);
      auditing.tick();
      if (status !== null && batchesStored !== batchesSized && clock.monotonicMs() - sizedAtMs >= SIZE_MS) {
        sizedAtMs = clock.monotonicMs();
        batchesSized = batchesStored;
        bytesPerEvent = await storedBytesPerEvent(workplace);
      }
      if (status?.isDue) {
        const nowUs = inputs.clock.nowUs();
        status.update(`${meter.text(bytesPerEvent, nowUs)}${closing.text(nowUs)}`);
      }
      await clock.sleep(LINGER_MS);
    }
    await inputs.close();
    await look(false);
    const text = meter.text(await storedBytesPerEvent(workplace), inputs.clock.nowUs());
    logger.info({ events: meter.events, deadLetters: meter.deadLetters }, "Run ended.");
    status?.beside.write(`${text}\nEverything that was read is stored.\n`);
  } finally {
    status?.clear();
    await auditing.close();
    await alerts.close();
    await closing.close();
    await workplace.close();
  }
}

async function openInputs(
  options: RunOptions,
  workplace: Workplace,
  onBatch: (batch: FinishedBatch) => void,
): Promise<Inputs> {
  const isFollowing = options.files.length > 0 || options.config.sources.some(({ files }) => files.length > 0);
  if (!isFollowing) return openShop(options, workplace, onBatch);
  const { signal, logger } = options;
  // What a server carries out late, when this process is gone, must have its batch's own token.
  if (workplace.store.kind !== "embedded")
    return followFiles(options, workplace, (source, reading) =>
      openPartition(workplace, { source, reading, signal, logger, onBatch }),
    );
  const store = groupInserts(workplace.store);
  const pipelineFor = sharedPipelines(workplace.pipelineFor);
  const place: Workplace = { ...workplace, store: { ...workplace.store, insert: store.insert }, pipelineFor };
  return followFiles({ ...options, together: store.together }, workplace, (source, reading) =>
    openPartition(place, { source, reading, signal, logger, onBatch, ledgerOf: store.ledgerOf }),
  );
}

async function openShop(
  options: RunOptions,
  workplace: Workplace,
  onBatch: (batch: FinishedBatch) => void,
): Promise<Inputs> {
  const feed = await openShopFeed(workplace, options);
  // What is in the journal is stored before the end: it is little, and nothing is waited for.
  const { signal } = new AbortController();
  const processors: PartitionProcessor[] = [];
  const proofs = createProofBook(workplace.journal, feed.clock);
  for (const { source, reading } of feed.sources) {
    await proofs.begin(source);
    processors.push(await openPartition(workplace, { source, reading, signal, logger: options.logger, onBatch }));
  }

  async function drain(): Promise<void> {
    for (const [i, processor] of processors.entries())
      await proofs.whileDraining(feed.sources[i].source, false, signal, processor.drain);
    await feed.writeTruth();
  }
  return {
    clock: feed.clock,
    proofs,
    async drain() {
      await feed.advance();
      await drain();
    },
    async close() {
      await drain();
      for (const { source } of feed.sources) {
        await proofs.note(source);
        await source.close();
      }
    },
  };
}
