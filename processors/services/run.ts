import { basename } from "node:path";
import { frame } from "../decode/frame.ts";
import { type FileSource, openFileSource } from "../files/file-source.ts";
import { WeirError } from "../model/errors.ts";
import type { Clock, Source } from "../model/ports.ts";
import { detect } from "../parse/detect.ts";
import { formatByName } from "../parse/formats.ts";
import type { Config } from "../runtime/config.ts";
import { StatusLine } from "../runtime/status-line.ts";
import { formatBytes, formatCount, formatDuration, type Output } from "../runtime/terminal.ts";
import { sourceNameOf } from "./load.ts";
import { type FinishedBatch, type PartitionProcessor, takeOver } from "./process.ts";
import { openShopFeed } from "./shop-feed.ts";
import { openWorkplace, type Reading, storedBytesPerEvent, type Workplace } from "./workplace.ts";

export interface RunOptions {
  readonly config: Config;
  /** Files to follow; none: the simulated shop. */
  readonly files: readonly string[];
  readonly seed: number;
  readonly ratePerSecond: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For people: what runs, what to try, and how it goes. */
  readonly output: Output;
}

/** How long records gather before they are inserted: a small insert costs as much as a large one. */
const LINGER_MS = 1000;
const SIZE_MS = 10_000;

/** Everything in one process, until the signal: follows files, or runs a simulated shop. */
export async function run(options: RunOptions): Promise<void> {
  const { config, files, clock, signal, output } = options;
  const workplace = await openWorkplace(config);
  const status = new StatusLine(output, clock);
  const meter = createMeter(clock);
  try {
    const inputs =
      files.length > 0
        ? await followFiles(options, workplace, meter.add)
        : await openShop(options, workplace, meter.add);
    output.write(`${introduction(options, workplace)}\n\n`);
    let sizedAtMs = Number.NEGATIVE_INFINITY;
    let bytesPerEvent: number | null = null;
    while (!signal.aborted) {
      await inputs.drain();
      if (clock.monotonicMs() - sizedAtMs >= SIZE_MS) {
        sizedAtMs = clock.monotonicMs();
        bytesPerEvent = await storedBytesPerEvent(workplace);
      }
      if (status.isDue) status.update(meter.text(bytesPerEvent));
      await clock.sleep(LINGER_MS);
    }
    await inputs.close();
    status.clear();
    output.write(`${meter.text(bytesPerEvent)}\nEverything that was read is stored.\n`);
  } finally {
    status.clear();
    await workplace.close();
  }
}

interface Inputs {
  /** Takes what has come and stores it. */
  drain(): Promise<void>;
  /** Stores what is left and lets go of the sources. */
  close(): Promise<void>;
}

function processorOf(
  { config, signal }: RunOptions,
  workplace: Workplace,
  source: Source,
  reading: Reading,
  onBatch: (batch: FinishedBatch) => void,
): Promise<PartitionProcessor> {
  return takeOver({
    source,
    store: workplace.store,
    pipeline: workplace.pipelineFor(reading),
    limit: { recordsMax: config.batch.recordsMax, bytesMax: config.batch.bytesMax },
    version: workplace.version,
    signal,
    onBatch,
  });
}

async function openShop(
  options: RunOptions,
  workplace: Workplace,
  onBatch: (batch: FinishedBatch) => void,
): Promise<Inputs> {
  const feed = await openShopFeed(workplace, options);
  const processors: PartitionProcessor[] = [];
  for (const { source, reading } of feed.sources)
    processors.push(await processorOf(options, workplace, source, reading, onBatch));
  return {
    async drain() {
      await feed.advance();
      for (const processor of processors) await processor.drain();
      await feed.writeTruth();
    },
    async close() {
      for (const processor of processors) await processor.drain();
      await feed.writeTruth();
      for (const { source } of feed.sources) await source.close();
    },
  };
}

/** A followed path: the file that is there now, if any, and its processor. */
interface Followed {
  readonly path: string;
  open: { readonly source: FileSource; readonly processor: PartitionProcessor } | null;
}

async function followFiles(
  options: RunOptions,
  workplace: Workplace,
  onBatch: (batch: FinishedBatch) => void,
): Promise<Inputs> {
  const followed: Followed[] = options.files.map((path) => ({ path, open: null }));

  async function openPath(path: string): Promise<Followed["open"]> {
    const { config } = options;
    const name = sourceNameOf(path);
    const configured = config.sources.find((source) => source.name === name);
    const format = configured?.format ?? "auto";
    let source: FileSource;
    try {
      source = await openFileSource({
        store: workplace.journal,
        topic: name,
        frame,
        recordBytesMax: config.batch.recordBytesMax,
        joins: (formatName) => formatByName(formatName).joins,
        detect,
        ...(format === "auto" ? {} : { declaredFormat: format }),
        path,
        endMeans: "line",
      });
    } catch (error) {
      // It may appear later, as a service's log does when the service starts.
      if (error instanceof WeirError && error.code === "SOURCE_NOT_FOUND") return null;
      throw error;
    }
    // Too little was written yet to tell the format.
    if (source.format === "") {
      await source.close();
      return null;
    }
    const reading = {
      source: name,
      format: source.format,
      isDeclared: format !== "auto",
      tenant: configured?.tenant ?? "default",
      service: configured?.service ?? name,
    };
    return { source, processor: await processorOf(options, workplace, source, reading, onBatch) };
  }

  async function drainFile(file: Followed): Promise<void> {
    file.open ??= await openPath(file.path);
    if (file.open === null) return;
    await file.open.processor.drain();
    if (!(await file.open.source.isMoved())) return;
    // Rotated: what is left of the old file is complete now; the path's new file comes with the next round.
    file.open.source.setEnd("final");
    await file.open.processor.drain();
    await file.open.source.close();
    file.open = null;
  }

  return {
    async drain() {
      for (const file of followed) await drainFile(file);
    },
    async close() {
      for (const { open } of followed) await open?.source.close();
    },
  };
}

function introduction({ config, files, seed, ratePerSecond }: RunOptions, { store }: Workplace): string {
  const what =
    files.length > 0
      ? `Following ${files.map((file) => basename(file)).join(", ")}.`
      : `A simulated web shop: ${formatCount(ratePerSecond)} events/s, seed ${seed}; its incidents are in ${config.data.directory}/truth.csv.`;
  const data = config.data.directory === "./.weir" ? "" : ` --data ${config.data.directory}`;
  const sql = (query: string): string => `  npx weir sql${data} "${query}"`;
  return [
    what,
    store.kind === "remote"
      ? "The store is held by another process or server."
      : `The data is in ${config.data.directory}. Ctrl-C stops.`,
    "",
    "Three queries to try meanwhile, in another terminal:",
    sql("SELECT service_name, sum(events), sum(errors) FROM service_1m GROUP BY service_name"),
    sql(
      "SELECT http_route, count(), quantile(0.95)(duration_us) FROM events GROUP BY http_route ORDER BY 2 DESC LIMIT 10",
    ),
    sql(
      "SELECT timestamp, severity_text, line FROM events WHERE severity_number >= 17 ORDER BY timestamp DESC LIMIT 5",
    ),
  ].join("\n");
}

/** Counts finished batches and says how it goes. */
function createMeter(clock: Clock) {
  const startedMs = clock.monotonicMs();
  let events = 0;
  let deadLetters = 0;
  let newestUs = 0;
  const recent: { readonly atMs: number; readonly events: number }[] = [];
  return {
    add({ row }: FinishedBatch): void {
      events += row.events;
      deadLetters += row.deadLetters;
      newestUs = Math.max(newestUs, row.timestampUsMax);
      recent.push({ atMs: clock.monotonicMs(), events: row.events });
    },
    text(bytesPerEvent: number | null): string {
      const nowMs = clock.monotonicMs();
      while (recent.length > 0 && nowMs - recent[0].atMs > SIZE_MS) recent.shift();
      const spanMs = Math.max(1, Math.min(SIZE_MS, nowMs - startedMs));
      const rate = (recent.reduce((sum, batch) => sum + batch.events, 0) * 1000) / spanMs;
      const lag = newestUs === 0 ? "-" : formatDuration(Math.max(0, (clock.nowUs() - newestUs) / 1000));
      const size = bytesPerEvent === null ? "-" : formatBytes(bytesPerEvent);
      return `${formatCount(Math.round(rate))} events/s  ${formatCount(events)} stored  ${formatCount(deadLetters)} dead letters  lag ${lag}  ${size} per event`;
    },
  };
}
