import { WeirError } from "../model/errors.ts";
import type { Commit, Frame, Join, ReadLimit, Source } from "../model/ports.ts";
import type { RecordBatch } from "../model/record.ts";
import { type Appended, appendedAt, type Standing, withGrowth } from "./append-times.ts";
import type { ByteReader } from "./byte-reader.ts";
import { EMPTY_FINGERPRINT, extended, type Fingerprint, tailCrc } from "./fingerprint.ts";
import { headerBefore, lastHeader } from "./header-line.ts";
import { scan } from "./opened-file.ts";
import { createRecordReader, type EndMeans } from "./record-reader.ts";
import { type FileEntry, HEAD_BYTES, headOf, putEntry } from "./registry.ts";
import type { Store } from "./store-port.ts";

/** What every source of this folder is told. */
export interface SourceOptions {
  readonly store: Store;
  /** Topic of what is new; what is known keeps its own. */
  readonly topic: string;
  readonly frame: Frame;
  /** Longer records are cut. */
  readonly recordBytesMax: number;
  /** Whether entries of a format may have several lines. */
  readonly joins: (format: string) => Join;
  /** What begins lines that say how those after them are read, of a format; null: there are none. */
  readonly headerPrefix?: (format: string) => string | null;
  /** Decides a format by the first 64 KiB, as byte text. */
  readonly detect: (sample: string) => string;
  /** Instead of detecting. */
  readonly declaredFormat?: string;
  /** Load known content once more, under a new partition. */
  readonly again?: boolean;
}

/** First bytes that a format is decided by. */
export const SAMPLE_BYTES = 64 << 10;
/** Positions whose fingerprints are held for a commit to come. */
const MARKS_MAX = 1024;

export interface EntrySource extends Source {
  /** What is known of it. */
  readonly entry: FileEntry;
  /** Everything is committed and the content was read as a whole. */
  readonly isComplete: boolean;
  /** Says anew what the end of the content means, as when a file that was followed is to be finished. */
  setEnd(means: EndMeans): void;
}

export interface EntrySourceParts {
  readonly options: SourceOptions;
  readonly entry: FileEntry;
  /** Of everything before entry.offset; null = unknown, computed when a commit needs it. */
  readonly fingerprint: Fingerprint | null;
  readonly endMeans: EndMeans;
  openBytes(): Promise<ByteReader>;
  /** How far the content is there now, and when what is at a position came; asked where that is not known yet. */
  standing(position: number): Promise<Standing>;
  /** First bytes for deciding a format; null while there are too few. */
  sample(): Promise<Buffer | null>;
  range(): Promise<{ readonly begin: bigint; readonly end: bigint | null }>;
  release(before: number): Promise<void>;
  close(): Promise<void>;
}

/** A source over registered content: with each commit goes, in one transaction, the proof of what lies before it. */
export async function createEntrySource(parts: EntrySourceParts, bytes: ByteReader): Promise<EntrySource> {
  const { options, openBytes } = parts;
  const { store } = options;
  const { topic, partition } = parts.entry;
  const reader = createRecordReader(bytes, options.frame, options.recordBytesMax);
  const marks = new Map<number, Fingerprint>([[0, EMPTY_FINGERPRINT]]);
  if (parts.fingerprint !== null) marks.set(parts.entry.offset, parts.fingerprint);
  /** What the content begins with, as it was when it was read. */
  let head: Buffer | null = null;
  /** By position, the last header line before it. */
  const headers = new Map<number, string>([
    [0, ""],
    [parts.entry.offset, parts.entry.header ?? ""],
  ]);
  let entry = parts.entry;
  let endMeans = parts.endMeans;
  let reading: Promise<unknown> = Promise.resolve();

  async function decideFormat(): Promise<void> {
    if (entry.format !== "") return;
    const sample = await parts.sample();
    if (sample === null) return;
    const format = options.declaredFormat ?? options.detect(sample.toString("latin1"));
    const decided = { ...entry, format };
    await store.transact((transaction) => putEntry(transaction, decided));
    entry = decided;
  }
  await decideFormat();

  async function fingerprintAt(offset: number): Promise<Fingerprint> {
    const known = marks.get(offset);
    if (known !== undefined) return known;
    const from = Math.max(...[...marks.keys()].filter((mark) => mark < offset));
    const bytes = await openBytes();
    try {
      const { fingerprint, length } = await scan(bytes, offset, from, marks.get(from));
      if (length !== "shorter") return fingerprint;
      throw new WeirError(
        "SOURCE_TRUNCATED",
        `${entry.path} was cut before byte ${offset}, up to which it is stored; what it holds now is another log.`,
      );
    } finally {
      await bytes.close();
    }
  }

  /** The last header before a position; null where the format has none. */
  async function headerAt(position: number): Promise<string | null> {
    const prefix = options.headerPrefix?.(entry.format) ?? null;
    const known = headers.get(position);
    if (prefix === null || known !== undefined) return prefix === null ? null : (known ?? null);
    const from = Math.max(...[...headers.keys()].filter((mark) => mark < position));
    const bytes = await openBytes();
    try {
      const header = await headerBefore(bytes, from, position, prefix, headers.get(from) ?? "");
      headers.set(position, header);
      return header;
    } finally {
      await bytes.close();
    }
  }

  function reachedBeyond(offset: number): Pick<FileEntry, "reached"> {
    const reached = Math.max(offset, ...marks.keys());
    const mark = marks.get(reached);
    if (entry.origin !== "file" || mark === undefined || reached === offset) return { reached: undefined };
    return { reached: { offset: reached, prefixCrc: mark.crc, tailBytes: mark.tail.length, tailCrc: tailCrc(mark) } };
  }

  function remember(offset: number, fingerprint: Fingerprint): void {
    marks.set(offset, fingerprint);
    if (marks.size <= MARKS_MAX) return;
    // The oldest but the start and the commit, which everything else can be computed from.
    for (const mark of marks.keys()) {
      if (mark === 0 || mark === entry.offset) continue;
      marks.delete(mark);
      return;
    }
  }

  /** The stretch that a position lies in; growth since the last look is entered, durably, before anybody reads it. */
  async function stretchAt(position: number): Promise<Appended> {
    const known = appendedAt(entry.appended, position);
    if (position < known.to) return known;
    const appended = withGrowth(entry.appended, entry.offset, await parts.standing(position));
    if (appended === entry.appended) return known;
    const grown = { ...entry, appended };
    await store.transact((transaction) => putEntry(transaction, grown));
    entry = grown;
    return appendedAt(appended, position);
  }

  /** The end may show itself only after everything before it was committed. */
  async function finishAt(position: number): Promise<void> {
    const isAtEnd = endMeans === "final" && position === reader.end && position === entry.offset;
    if (!isAtEnd || entry.isComplete) return;
    const finished = { ...entry, isComplete: true };
    await store.transact((transaction) => putEntry(transaction, finished));
    entry = finished;
  }

  async function readBatch(from: bigint, limit: ReadLimit, to?: bigint): Promise<RecordBatch | null> {
    await decideFormat();
    if (entry.format === "") return null;
    const position = Number(from);
    const join = options.joins(entry.format);
    const known = marks.get(position) ?? null;
    const header = await headerAt(position);
    let stretch = await stretchAt(position);
    const found = await reader.read(position, to === undefined ? null : Number(to), limit, join, endMeans, known);
    if (found === null) {
      await finishAt(position);
      return null;
    }
    // It may have grown between the look and the read.
    if (position >= stretch.to) stretch = await stretchAt(position);
    if (position >= stretch.to) return null;
    // Entries that begin after the stretch came later: they are another batch.
    let { count, next } = found;
    while (position + found.offsetDeltas[count - 1] >= stretch.to) next = position + found.offsetDeltas[--count];
    if (position === 0 && entry.origin === "file") head = Buffer.from(found.text.slice(0, HEAD_BYTES), "latin1");
    if (found.fingerprint !== null && next === found.next) remember(next, found.fingerprint);
    else if (known !== null) {
      const at = found.begins[0] - found.offsetDeltas[0];
      remember(next, extended(known, Buffer.from(found.text.slice(at, at + next - position), "latin1")));
    }
    if (header !== null) {
      const prefix = options.headerPrefix?.(entry.format) ?? "";
      headers.set(next, lastHeader(found.text, found.begins[0], found.ends[count - 1], prefix) ?? header);
    }
    return {
      topic,
      partition,
      text: found.text,
      count,
      begins: found.begins,
      ends: found.ends,
      offsetDeltas: found.offsetDeltas,
      firstOffset: from,
      nextOffset: BigInt(next),
      appendTimeUs: stretch.us,
      ...(header === null || header === "" ? {} : { header }),
      cut: found.cut.filter((record) => record < count),
    };
  }

  return {
    topic,
    partition,
    get entry() {
      return entry;
    },
    get format() {
      return entry.format;
    },
    get isComplete() {
      return entry.isComplete;
    },
    setEnd(means) {
      endMeans = means;
    },
    async committed() {
      return store.committed(topic, partition);
    },
    async commit(commit: Commit) {
      const offset = Number(commit.offset);
      const fingerprint = await fingerprintAt(offset);
      const header = await headerAt(offset);
      const next: FileEntry = {
        ...entry,
        offset,
        ...(header === null ? {} : { header }),
        ...(head === null ? {} : headOf(head)),
        prefixCrc: fingerprint.crc,
        tailBytes: fingerprint.tail.length,
        tailCrc: tailCrc(fingerprint),
        isComplete: endMeans === "final" && offset === reader.end,
        ...reachedBeyond(offset),
      };
      await store.commit(topic, partition, commit, (transaction) => putEntry(transaction, next));
      entry = next;
      head = null;
      for (const mark of marks.keys()) if (mark !== 0 && mark < offset) marks.delete(mark);
      marks.set(offset, fingerprint);
      for (const mark of headers.keys()) if (mark !== 0 && mark < offset) headers.delete(mark);
    },
    range: parts.range,
    read(from, limit, to) {
      const batch = readBatch(from, limit, to);
      reading = batch.catch(() => {});
      return batch;
    },
    release: (before) => parts.release(Number(before)),
    async close() {
      await reader.close();
      // Whoever gave a read up left it to us: it must not touch the store any more.
      await reading;
      await parts.close();
    },
  };
}
