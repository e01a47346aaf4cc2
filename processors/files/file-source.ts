import { stat } from "node:fs/promises";
import { type Appended, type Standing, WHOLE_BYTES } from "./append-times.ts";
import { isBinary } from "./binary.ts";
import type { ByteReader } from "./byte-reader.ts";
import { createEntrySource, type EntrySource, SAMPLE_BYTES, type SourceOptions } from "./entry-source.ts";
import { EMPTY_FINGERPRINT, type Fingerprint } from "./fingerprint.ts";
import { type OpenedFile, openFile } from "./opened-file.ts";
import { recognise } from "./recognise.ts";
import type { EndMeans } from "./record-reader.ts";
import { createRegistry, type FileEntry, HEAD_BYTES, headOf, type Registry } from "./registry.ts";

export interface FileSourceOptions extends SourceOptions {
  readonly path: string;
  /** final: the file is loaded as it is. open or line: it is followed; an archive is final in any case. */
  readonly endMeans: EndMeans;
  /** Take it only as one of these: what turns out to be anything else is not registered. */
  readonly only?: (entry: FileEntry) => boolean;
  /** Take it only if it holds text; what holds none is not registered. */
  readonly textOnly?: boolean;
  /** Instead of the file's mtime; microseconds since the epoch. */
  readonly mtimeUs?: number;
}

export interface FileSource extends EntrySource {
  readonly path: string;
  /** Where the same content was met before, when it was under another name; null otherwise. */
  readonly isCopyOf: string | null;
  /** Size on disk when opened, compressed if it is. */
  readonly sizeBytes: number;
  /** How far the file was read, in the same bytes. */
  readonly readBytes: number;
  /** It is compressed, and does not grow. */
  readonly isArchive: boolean;
  /** "device:inode". */
  readonly inode: string;
  /** The path names another file by now, or none: the file was rotated. */
  isMoved(): Promise<boolean>;
  /** Size and mtime of the file, wherever it is now. */
  standing(): Promise<Standing>;
  /** Lets go of the file's handle while nothing is read; the next read takes a new one. */
  rest(): Promise<void>;
  readonly isResting: boolean;
}

interface Decision {
  readonly entry: FileEntry;
  readonly fingerprint: Fingerprint | null;
  readonly isCopyOf: string | null;
  readonly isShorter: boolean;
}

/**
 * Opens a file, plain or compressed, as a source: as the partition that it always was, if it is known, as a new one
 * otherwise. Offsets are positions in the inflated content.
 *
 * Throws SOURCE_NOT_FOUND, SOURCE_UNREADABLE, SOURCE_CORRUPT (nothing of it can be read), SOURCE_BUSY (a live process
 * has the partition).
 */
export async function openFileSource(options: FileSourceOptions): Promise<FileSource> {
  const source = await openFileSourceIf(options);
  if (source === null) throw new Error(`${options.path} is none of those that were asked for.`);
  return source;
}

/** The same; null when the file is none of those that `only` and `textOnly` let through. */
export async function openFileSourceIf(options: FileSourceOptions): Promise<FileSource | null> {
  const { store, path } = options;
  const registry = createRegistry(store);
  const file = await openFile(path);
  let unlock: (() => Promise<void>) | null = null;
  try {
    for (;;) {
      const decision = await decide(file, registry, options);
      if (decision === null) {
        await file.close();
        return null;
      }
      unlock = await store.lock(decision.entry.topic, decision.entry.partition);
      // Whoever had the partition until now may have gone on meanwhile.
      if (registry.get(decision.entry.topic, decision.entry.partition)?.offset === decision.entry.offset) {
        return await opened(file, decision, options, unlock);
      }
      await unlock();
      unlock = null;
    }
  } catch (error) {
    await unlock?.();
    await file.close();
    throw error;
  }
}

async function decide(file: OpenedFile, registry: Registry, options: FileSourceOptions): Promise<Decision | null> {
  const head = await file.sample(HEAD_BYTES);
  if (options.textOnly === true && isBinary(head)) return null;
  const isWhole = endOf(file, options) === "final";
  let generation = 0;
  for (const entry of registry.candidates(head, file.inode)) {
    if (entry.isPending) continue;
    const { identity, fingerprint, length } = await recognise(file, head, entry, isWhole);
    if (identity === "new") continue;
    if (options.again && (entry.generation === 0 || entry.isComplete)) {
      generation = Math.max(generation, entry.generation + 1);
      continue;
    }
    if (options.only?.(entry) === false) return null;
    const isCopyOf = identity === "copy" && entry.path !== file.path ? entry.path : null;
    const isNewPlace = identity === "same" || length === "longer";
    const seen = await seenAgain(file, head, entry, isNewPlace, registry);
    return { entry: seen, fingerprint, isCopyOf, isShorter: length === "shorter" };
  }
  if (options.only !== undefined) return null;
  const entry = await registry.add({
    topic: options.topic,
    generation,
    origin: "file",
    isPending: false,
    path: file.path,
    inode: file.inode,
    ...headOf(head),
    appended: await firstAppended(file, options.mtimeUs),
    format: "",
    isComplete: false,
    offset: 0,
    prefixCrc: 0,
    tailBytes: 0,
    tailCrc: 0,
  });
  return { entry, fingerprint: EMPTY_FINGERPRINT, isCopyOf: null, isShorter: false };
}

/**
 * The entry with what was learned: more of its head; the path and inode it has now. A copy that goes on where the known
 * file ended takes its place, as the rest will be known from there.
 */
async function seenAgain(
  file: OpenedFile,
  head: Buffer,
  entry: FileEntry,
  isNewPlace: boolean,
  registry: Registry,
): Promise<FileEntry> {
  let seen = entry;
  if (isNewPlace) seen = { ...seen, path: file.path, inode: file.inode };
  const longer = headOf(head);
  if (longer.headBytes > entry.headBytes) seen = { ...seen, ...longer };
  const isChanged = seen.path !== entry.path || seen.inode !== entry.inode || seen.headBytes !== entry.headBytes;
  if (isChanged) await registry.update(seen);
  return seen;
}

async function opened(
  file: OpenedFile,
  decision: Decision,
  options: FileSourceOptions,
  unlock: () => Promise<void>,
): Promise<FileSource> {
  const { entry, fingerprint, isCopyOf, isShorter } = decision;
  const sizeBytes = await file.sizeBytes();
  const before = fingerprint === null ? null : { position: entry.offset, tail: fingerprint.tail };
  const bytes = isShorter ? NOTHING : await file.open(...(before === null ? [] : [before]));
  const source = await createEntrySource(
    {
      options,
      entry,
      fingerprint,
      endMeans: endOf(file, options),
      openBytes: file.open,
      async sample() {
        const sample = await file.sample(SAMPLE_BYTES);
        if (sample.includes(10) || sample.length === SAMPLE_BYTES) return sample;
        return endOf(file, options) === "final" && sample.length > 0 ? sample : null;
      },
      standing: () => standingOf(file),
      async range() {
        const isKnown = file.container === "plain" && !isShorter;
        return { begin: 0n, end: isKnown ? BigInt(await file.sizeBytes()) : null };
      },
      async release() {},
      async close() {
        await file.close();
        await unlock();
      },
    },
    bytes,
  );
  return Object.defineProperties(source, {
    path: { value: file.path, enumerable: true },
    isCopyOf: { value: isCopyOf, enumerable: true },
    sizeBytes: { value: sizeBytes, enumerable: true },
    readBytes: { get: () => bytes.mediumBytes, enumerable: true },
    isArchive: { value: file.container !== "plain" },
    inode: { value: file.inode, enumerable: true },
    isMoved: { value: () => isMoved(file) },
    standing: { value: file.standing },
    rest: { value: file.rest },
    isResting: { get: () => file.isResting },
  }) as FileSource;
}

function endOf({ container }: OpenedFile, { endMeans }: FileSourceOptions): EndMeans {
  return container === "plain" ? endMeans : "final";
}

/** A copy of the beginning of what is known holds nothing to go on with. */
const NOTHING: ByteReader = { mediumBytes: 0, read: async () => 0, close: async () => {} };

async function firstAppended(file: OpenedFile, mtimeUs: number | undefined): Promise<readonly Appended[]> {
  const standing = await standingOf(file);
  return [{ from: 0, to: standing.sizeBytes, us: mtimeUs ?? standing.mtimeUs }];
}

/** An archive is complete, whatever its size on disk. */
async function standingOf(file: OpenedFile): Promise<Standing> {
  const standing = await file.standing();
  return file.container === "plain" ? standing : { ...standing, sizeBytes: WHOLE_BYTES };
}

async function isMoved(file: OpenedFile): Promise<boolean> {
  try {
    const { dev, ino } = await stat(file.path, { bigint: true });
    return `${dev}:${ino}` !== file.inode;
  } catch {
    return true;
  }
}
