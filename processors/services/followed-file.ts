import { type FileSource, openFileSourceIf } from "../files/file-source.ts";
import { openFile } from "../files/opened-file.ts";
import { createRegistry, type FileEntry } from "../files/registry.ts";
import { isRotationOf, siblingsOf, unrotated } from "../files/siblings.ts";
import { WeirError } from "../model/errors.ts";
import type { ProofBook } from "./attendance.ts";
import { formatOf, readingOf, sourceOptionsOf } from "./partition.ts";
import type { Place } from "./place.ts";
import type { PartitionProcessor } from "./process.ts";
import type { Reading, Workplace } from "./workplace.ts";

/** What takes the records of a followed file. */
export interface FileProcessor extends PartitionProcessor {
  /** Lets go of what it has of its own; the source is closed by its owner. */
  close?(): Promise<void>;
}

export type OpenProcessor = (source: FileSource, reading: Reading) => Promise<FileProcessor>;

export interface OpenFile {
  readonly source: FileSource;
  readonly processor: FileProcessor;
}

/** Opens files to be followed. */
export interface FileOpener {
  /** The file at a place; null: nothing to read is there yet, or never will be. */
  openPath(place: Place): Promise<OpenFile | null>;
  /** A known file that is not at its path, from beside it; and what rotation put there after it. */
  openKnown(
    entry: FileEntry,
    source: string,
    held: ReadonlySet<string>,
  ): Promise<{ readonly open: OpenFile | null; readonly newer: readonly string[] }>;
  /** Nothing more of a known file will come: it is gone. */
  giveUp(entry: FileEntry): Promise<void>;
  close(open: OpenFile): Promise<void>;
}

export function createFileOpener(
  workplace: Pick<Workplace, "journal" | "config" | "formats">,
  proofs: ProofBook,
  openProcessor: OpenProcessor,
): FileOpener {
  const { config } = workplace;

  async function opened(source: FileSource, name: string): Promise<OpenFile | null> {
    // Too little was written yet to tell the format.
    if (source.format === "") {
      await source.close();
      return null;
    }
    try {
      await proofs.begin(source);
      const reading = readingOf(config, name, source.format, formatOf(config, name) !== "auto");
      return { source, processor: await openProcessor(source, reading) };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  const optionsOf = (name: string) => sourceOptionsOf(workplace, name, formatOf(config, name));

  return {
    async openPath(place) {
      const { path, source: name } = place;
      try {
        const textOnly = place.by === "listed";
        const source = await openFileSourceIf({ ...optionsOf(name), path, endMeans: "line", textOnly });
        place.isBinary = source === null;
        return source === null ? null : await opened(source, name);
      } catch (error) {
        // It may appear later, as a service's log does when the service starts.
        if (error instanceof WeirError && error.code === "SOURCE_NOT_FOUND") return null;
        throw error;
      }
    },
    async openKnown(entry, name, held) {
      const newer: string[] = [];
      const sinceUs = Math.max(...entry.appended.map(({ us }) => us));
      let open: OpenFile | null = null;
      for (const path of [entry.path, ...(await siblingsOf(unrotated(entry.path)))]) {
        if (path !== entry.path && !isRotationOf(path, entry.path)) continue;
        const file = await openFile(path).catch(() => null);
        if (file === null) continue;
        const { inode, mtimeUs } = file;
        await file.close();
        if (held.has(inode)) continue;
        if (path !== unrotated(path) && mtimeUs > sinceUs) newer.push(path);
        if (open !== null) continue;
        const only = ({ topic, partition }: FileEntry) => topic === entry.topic && partition === entry.partition;
        const source = await openFileSourceIf({ ...optionsOf(name), path, endMeans: "line", only }).catch(busy);
        if (source !== null) open = await opened(source, name);
      }
      return { open, newer };
    },
    async giveUp(entry) {
      await createRegistry(workplace.journal).update({ ...entry, isComplete: true });
      await proofs.end(entry, BigInt(entry.offset));
    },
    async close({ source, processor }) {
      await processor.close?.();
      await source.close();
    },
  };
}

/** A file that can't be read now is no reason to stop; it is looked for again. */
function busy(error: unknown): null {
  if (error instanceof WeirError && error.code.startsWith("SOURCE_")) return null;
  throw error;
}
