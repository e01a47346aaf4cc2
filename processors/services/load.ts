import type { EntrySource } from "../files/entry-source.ts";
import { type FileSource, openFileSource } from "../files/file-source.ts";
import { isBinaryFile } from "../files/opened-file.ts";
import { openLeftovers, openStdinSource } from "../files/stdin-source.ts";
import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { noteAttendance } from "./attendance.ts";
import { createClosing } from "./closing.ts";
import { createLoadInputs } from "./load-inputs.ts";
import { formatOf, openPartition, readingOf, sourceNameOf, sourceOptionsOf } from "./partition.ts";
import type { FinishedBatch } from "./process.ts";
import { openWorkplace, storedBytesPerEvent, type Workplace } from "./workplace.ts";

export interface LoadOptions {
  readonly config: Config;
  /** Paths of files and folders, and patterns; "-" is standard input. */
  readonly files: readonly string[];
  /** Name of the source; by default a file's own name without what rotation and compression add. */
  readonly source: string | null;
  /** "auto" decides per file. */
  readonly format: string;
  readonly again: boolean;
  /** Whether windows are closed at the end (default); otherwise the next load, run or close does so. */
  readonly closes?: boolean;
  readonly stdin: AsyncIterable<Buffer>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly logger?: Logger;
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

/** A file of a folder, or beside one that was named, that was left out. */
export interface SkippedFile {
  readonly file: string;
  readonly reason: string;
}

export interface LoadSummary {
  readonly files: readonly LoadedFile[];
  readonly skipped: readonly SkippedFile[];
  readonly lines: number;
  readonly events: number;
  /** Dropped records and dead letters by code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Event times of what was loaded, ISO; null without events. */
  readonly from: string | null;
  readonly to: string | null;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** The signal ended it early; the same command goes on from there. */
  readonly wasInterrupted: boolean;
  /** Of everything in the store; null where the store does not tell. */
  readonly storedBytesPerEvent: number | null;
}

/** Reads files to their end, stores their events, and tells what became of every line. */
export async function load(options: LoadOptions): Promise<LoadSummary> {
  const startedMs = options.clock.monotonicMs();
  const { logger } = options;
  const workplace = await openWorkplace(options.config, options.clock, logger ?? null);
  logger?.debug({ files: options.files }, "Load started.");
  try {
    const files: LoadedFile[] = [];
    const totals = createTotals();
    const pipes = options.files.includes("-");
    // What an earlier run took from a pipe and did not finish comes first; an entry that was cut off by that waits for
    // the pipe that may bring its rest.
    files.push(...(await loadLeftovers(options, workplace, !pipes, totals.add)));
    const skipped: SkippedFile[] = [];
    const inputs = createLoadInputs(options.files, options.config.data.directory);
    for (let found = await inputs.next(); found !== null; found = await inputs.next()) {
      if (options.signal.aborted) break;
      const { path, by } = found;
      try {
        if (by === "listed" && (await isBinaryFile(path))) skipped.push({ file: path, reason: "it holds no text" });
        else files.push(await loadFile(options, workplace, path, totals.add));
      } catch (error) {
        // Who names a folder means what can be read of it, and a rotation may take a file away.
        if (by === "named" || !(error instanceof WeirError) || !error.code.startsWith("SOURCE_")) throw error;
        skipped.push({ file: path, reason: error.message });
      }
    }
    if (pipes && !options.signal.aborted) files.push(...(await loadLeftovers(options, workplace, true, totals.add)));
    if (options.closes ?? true) {
      const closing = createClosing(workplace, { clock: options.clock, logger, signal: options.signal });
      try {
        await closing.tick(true);
      } finally {
        await closing.close();
      }
    }
    const seconds = (options.clock.monotonicMs() - startedMs) / 1000;
    const result = { ...totals.result(seconds), wasInterrupted: options.signal.aborted };
    logger?.debug(result, "Load ended.");
    return { files, skipped, ...result, storedBytesPerEvent: await storedBytesPerEvent(workplace) };
  } finally {
    await workplace.close();
  }
}

/** A source under way, with what only some sources tell. */
type Loading = EntrySource & Partial<Pick<FileSource, "isCopyOf" | "readBytes" | "sizeBytes">>;

async function loadFile(
  options: LoadOptions,
  workplace: Workplace,
  file: string,
  add: (batch: FinishedBatch) => void,
): Promise<LoadedFile> {
  const { config, signal, again } = options;
  const name = options.source ?? (file === "-" ? "stdin" : sourceNameOf(file));
  const format = options.format !== "auto" ? options.format : formatOf(config, name);
  const common = { ...sourceOptionsOf(workplace, name, format), again };
  let source: Loading;
  try {
    source =
      file === "-"
        ? await openStdinSource({ ...common, input: options.stdin, nowUs: options.clock.nowUs, signal })
        : await openFileSource({ ...common, path: file, endMeans: "final" });
  } catch (error) {
    if (signal.aborted && error === signal.reason) return nothingOf(file, name, "");
    throw error;
  }
  return loadSource(options, workplace, file, name, source, format !== "auto", add);
}

async function loadLeftovers(
  options: LoadOptions,
  workplace: Workplace,
  isFinal: boolean,
  add: (batch: FinishedBatch) => void,
): Promise<LoadedFile[]> {
  const files: LoadedFile[] = [];
  for (const source of await openLeftovers(sourceOptionsOf(workplace, "stdin", "auto"), isFinal))
    files.push(await loadSource(options, workplace, "- (unfinished)", source.topic, source, false, add));
  return files.filter((file) => file.lines > 0);
}

function nothingOf(file: string, source: string, format: string): LoadedFile {
  const nothing = { lines: 0, events: 0, dropped: 0, deadLetters: 0 };
  return { file, source, format, ...nothing, isCopyOf: null, wasLoaded: false };
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
  const { config, signal, logger = null, onProgress, onStage } = options;
  const counts = { lines: 0, events: 0, dropped: 0, deadLetters: 0 };
  try {
    const { format } = source;
    // Nothing is in it, so nothing tells a format.
    if (format === "") return nothingOf(file, name, "");
    await noteAttendance(workplace.journal, source, { mode: "load", proof: null });
    const processor = await openPartition(workplace, {
      source,
      reading: readingOf(config, name, format, isDeclared),
      signal,
      logger,
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
    // An interrupted load has not looked whether there is something to load.
    const wasLoaded = counts.lines === 0 && !signal.aborted;
    const isCopyOf = wasLoaded ? (source.isCopyOf ?? null) : null;
    return { file, source: name, format, ...counts, isCopyOf, wasLoaded };
  } finally {
    await source.close();
  }
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
