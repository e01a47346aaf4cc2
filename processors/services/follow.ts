import { type FileSource, openFileSource } from "../files/file-source.ts";
import { findFiles } from "../files/find-files.ts";
import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { createProofBook, type ProofBook } from "./attendance.ts";
import { formatOf, readingOf, sourceNameOf, sourceOptionsOf } from "./partition.ts";
import type { PartitionProcessor } from "./process.ts";
import type { Reading, Workplace } from "./workplace.ts";

export interface FollowOptions {
  readonly config: Config;
  /** Files to follow; none: those that the configuration's sources name. */
  readonly files: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** What a run takes its records from. */
export interface Inputs {
  /** Takes what has come and stores it. */
  drain(): Promise<void>;
  /** Stores what is left and lets go of the sources. */
  close(): Promise<void>;
  /** What the last `drain` proved of the ends of partitions. */
  readonly proofs: ProofBook;
  /** The time that the records are of. */
  readonly clock: Clock;
}

/** What takes the records of a followed file. */
export interface FileProcessor extends PartitionProcessor {
  /** Lets go of what it has of its own; the source is closed by its owner. */
  close?(): Promise<void>;
}

/** How often it is looked for new files, and how long one waits that could not be read twice. */
const LOOK_MS = 10_000;

/** A followed path: the file that is there now, if any, and its processor. */
interface Followed {
  readonly path: string;
  readonly source: string;
  open: { readonly source: FileSource; readonly processor: FileProcessor } | null;
  /** Code of the error that the last try ended with. */
  failure: string | null;
  retryAtMs: number;
}

/** Follows files as they grow, are rotated and appear. One that can't be read is told once and left until it can be. */
export function followFiles(
  options: FollowOptions,
  workplace: Pick<Workplace, "journal" | "config" | "formats">,
  openProcessor: (source: FileSource, reading: Reading) => Promise<FileProcessor>,
): Inputs {
  const { config, files, clock, signal, logger } = options;
  const followed = new Map<string, Followed>();
  const proofs = createProofBook(workplace.journal, clock);
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  for (const path of files) add(path, sourceNameOf(path));

  function add(path: string, source: string): void {
    if (!followed.has(path)) followed.set(path, { path, source, open: null, failure: null, retryAtMs: 0 });
  }

  /** Adds what the sources' patterns match by now; a file of two sources belongs to the first. */
  async function look(): Promise<void> {
    const seen = new Set<string>();
    for (const { name, files: patterns } of config.sources) {
      for (const path of await findFiles(patterns)) {
        seen.add(path);
        add(path, name);
      }
    }
    for (const { path, open } of followed.values()) if (open === null && !seen.has(path)) followed.delete(path);
  }

  async function openPath({ path, source: name }: Followed): Promise<Followed["open"]> {
    const format = formatOf(config, name);
    let source: FileSource;
    try {
      source = await openFileSource({ ...sourceOptionsOf(workplace, name, format), path, endMeans: "line" });
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
    try {
      await proofs.begin(source);
      const reading = readingOf(config, name, source.format, format !== "auto");
      return { source, processor: await openProcessor(source, reading) };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  async function drainFile(file: Followed): Promise<void> {
    file.open ??= await openPath(file);
    if (file.open === null) return;
    const { source, processor } = file.open;
    await proofs.whileDraining(source, false, signal, processor.drain);
    if (signal.aborted || !(await source.isMoved())) return;
    // Rotated: what is left of the old file is complete now; the path's new file comes with the next round.
    source.setEnd("final");
    await proofs.whileDraining(source, true, signal, processor.drain);
    await proofs.note(source);
    await closeFile(file);
  }

  async function closeFile(file: Followed): Promise<void> {
    const { open } = file;
    file.open = null;
    await open?.processor.close?.();
    await open?.source.close();
  }

  return {
    clock,
    proofs,
    async drain() {
      if (files.length === 0 && clock.monotonicMs() - lookedAtMs >= LOOK_MS) {
        lookedAtMs = clock.monotonicMs();
        await look();
      }
      for (const file of followed.values()) {
        if (signal.aborted) return;
        if (clock.monotonicMs() < file.retryAtMs) continue;
        try {
          await drainFile(file);
          file.failure = null;
        } catch (error) {
          await closeFile(file);
          if (!(error instanceof WeirError) || !isOfOneFile(error)) throw error;
          const { code, message } = error;
          if (file.failure === code) file.retryAtMs = clock.monotonicMs() + LOOK_MS;
          else logger.warn({ file: file.path, code, reason: message }, "File could not be read; the others go on.");
          file.failure = code;
        }
      }
    },
    async close() {
      for (const file of followed.values()) {
        if (file.open !== null) await proofs.note(file.open.source);
        await closeFile(file);
      }
    },
  };
}

function isOfOneFile({ code }: WeirError): boolean {
  return code.startsWith("SOURCE_") || code.startsWith("PLAN_");
}
