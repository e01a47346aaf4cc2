import { basename } from "node:path";
import { frame } from "../decode/frame.ts";
import type { EntrySource, SourceOptions } from "../files/entry-source.ts";
import { type FileSource, openFileSource } from "../files/file-source.ts";
import { openLeftovers, openStdinSource } from "../files/stdin-source.ts";
import type { Clock } from "../model/ports.ts";
import { detect } from "../parse/detect.ts";
import { formatByName } from "../parse/formats.ts";
import type { Config } from "../runtime/config.ts";
import { type FinishedBatch, takeOver } from "./process.ts";
import { openWorkplace, storedBytesPerEvent, type Workplace } from "./workplace.ts";

export interface LoadOptions {
  readonly config: Config;
  /** Paths; "-" is standard input. */
  readonly files: readonly string[];
  /** Name of the source; by default a file's own name without what rotation and compression add. */
  readonly source: string | null;
  /** "auto" decides per file. */
  readonly format: string;
  readonly again: boolean;
  readonly stdin: AsyncIterable<Buffer>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly onStage?: (stage: string) => void;
}

export interface LoadProgress {
  readonly file: string;
  readonly doneBytes: number;
  /** null: not known (standard input). */
  readonly totalBytes: number | null;
  readonly records: number;
}

/** What became of one file. */
export interface LoadedFile {
  readonly file: string;
  readonly source: string;
  readonly format: string;
  readonly lines: number;
  readonly events: number;
  readonly dropped: number;
  readonly deadLetters: number;
  /** The path under which the same content was loaded before, when there was nothing (more) to load. */
  readonly isCopyOf: string | null;
  /** Everything was in the store already. */
  readonly wasLoaded: boolean;
}

export interface LoadSummary {
  readonly files: readonly LoadedFile[];
  readonly lines: number;
  readonly events: number;
  /** Dropped records and dead letters by code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Event times of what was loaded, ISO; null without events. */
  readonly from: string | null;
  readonly to: string | null;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Of everything in the store; null where the store does not tell. */
  readonly storedBytesPerEvent: number | null;
}

/** Reads files to their end, stores their events, and tells what became of every line. */
export async function load(options: LoadOptions): Promise<LoadSummary> {
  const startedMs = options.clock.monotonicMs();
  const workplace = await openWorkplace(options.config);
  try {
    const files: LoadedFile[] = [];
    const totals = createTotals();
    const pipes = options.files.includes("-");
    // What an earlier run took from a pipe and did not finish comes first; an entry that was cut off by that waits for
    // the pipe that may bring its rest.
    files.push(...(await loadLeftovers(options, workplace, !pipes, totals.add)));
    for (const file of options.files) {
      if (options.signal.aborted) break;
      files.push(await loadFile(options, workplace, file, totals.add));
    }
    if (pipes && !options.signal.aborted) files.push(...(await loadLeftovers(options, workplace, true, totals.add)));
    const seconds = (options.clock.monotonicMs() - startedMs) / 1000;
    return { files, ...totals.result(seconds), storedBytesPerEvent: await storedBytesPerEvent(workplace) };
  } finally {
    await workplace.close();
  }
}

/** A source under way, with what only some sources tell. */
type Loading = EntrySource & Partial<Pick<FileSource, "isCopyOf" | "readBytes" | "sizeBytes">>;

function sourceOptions(
  { config, again }: LoadOptions,
  workplace: Workplace,
  topic: string,
  format: string,
): SourceOptions {
  return {
    store: workplace.journal,
    topic,
    frame,
    recordBytesMax: config.batch.recordBytesMax,
    joins: (name) => formatByName(name).joins,
    detect,
    ...(format === "auto" ? {} : { declaredFormat: format }),
    again,
  };
}

async function loadFile(
  options: LoadOptions,
  workplace: Workplace,
  file: string,
  add: (batch: FinishedBatch) => void,
): Promise<LoadedFile> {
  const name = options.source ?? (file === "-" ? "stdin" : sourceNameOf(file));
  const configured = options.config.sources.find((source) => source.name === name);
  const format = options.format !== "auto" ? options.format : (configured?.format ?? "auto");
  const common = sourceOptions(options, workplace, name, format);
  const source: Loading =
    file === "-"
      ? await openStdinSource({ ...common, input: options.stdin, nowUs: options.clock.nowUs })
      : await openFileSource({ ...common, path: file, endMeans: "final" });
  return loadSource(options, workplace, file, name, source, format !== "auto", add);
}

async function loadLeftovers(
  options: LoadOptions,
  workplace: Workplace,
  isFinal: boolean,
  add: (batch: FinishedBatch) => void,
): Promise<LoadedFile[]> {
  const files: LoadedFile[] = [];
  for (const source of await openLeftovers(sourceOptions(options, workplace, "stdin", "auto"), isFinal))
    files.push(await loadSource(options, workplace, "- (unfinished)", source.topic, source, false, add));
  return files.filter((file) => file.lines > 0);
}

async function loadSource(
  options: LoadOptions,
  workplace: Workplace,
  file: string,
  name: string,
  source: Loading,
  isDeclared: boolean,
  add: (batch: FinishedBatch) => void,
): Promise<LoadedFile> {
  const { config, signal, onProgress, onStage } = options;
  const configured = config.sources.find((candidate) => candidate.name === name);
  const counts = { lines: 0, events: 0, dropped: 0, deadLetters: 0 };
  try {
    // Nothing is in it, so nothing tells a format.
    if (source.format === "") return { file, source: name, format: "", ...counts, isCopyOf: null, wasLoaded: false };
    const processor = await takeOver({
      source,
      store: workplace.store,
      pipeline: workplace.pipelineFor({
        source: name,
        format: source.format,
        isDeclared,
        tenant: configured?.tenant ?? "default",
        service: configured?.service ?? name,
      }),
      limit: { recordsMax: config.batch.recordsMax, bytesMax: config.batch.bytesMax },
      version: workplace.version,
      signal,
      onBatch(batch) {
        counts.lines += batch.row.records;
        counts.events += batch.row.events;
        counts.dropped += batch.row.dropped;
        counts.deadLetters += batch.row.deadLetters;
        add(batch);
        onProgress?.({
          file,
          doneBytes: source.readBytes ?? 0,
          totalBytes: source.sizeBytes ?? null,
          records: counts.lines,
        });
      },
      ...(onStage === undefined ? {} : { onStage }),
    });
    await processor.drain();
    return {
      file,
      source: name,
      format: source.format,
      ...counts,
      isCopyOf: source.isCopyOf ?? null,
      wasLoaded: counts.lines === 0,
    };
  } finally {
    await source.close();
  }
}

/** `access.log.2.gz` and `access.log-20261124` are the source `access`. */
export function sourceNameOf(path: string): string {
  const name = basename(path)
    .replace(/\.(gz|zst|zstd)$/i, "")
    .replace(/[.-][0-9]{1,10}$/, "")
    .replace(/\.(log|txt|json|jsonl|ndjson|out)$/i, "")
    .replace(/[^A-Za-z0-9._-]/g, "_");
  return name === "" ? "file" : name;
}

function createTotals() {
  let lines = 0;
  let events = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  const codes: Record<string, number> = {};
  return {
    add({ row }: FinishedBatch): void {
      lines += row.records;
      events += row.events;
      if (row.events > 0) {
        min = Math.min(min, row.timestampUsMin);
        max = Math.max(max, row.timestampUsMax);
      }
      for (const { outcome, records } of row.minutes)
        if (outcome !== "ok") codes[outcome] = (codes[outcome] ?? 0) + records;
    },
    result(seconds: number) {
      const iso = (us: number): string | null => (Number.isFinite(us) ? new Date(us / 1000).toISOString() : null);
      const eventsPerSecond = Math.round(events / Math.max(seconds, 0.001));
      return { lines, events, codes, from: iso(min), to: iso(max), seconds, eventsPerSecond };
    },
  };
}
