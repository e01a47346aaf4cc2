import { WeirError } from "../model/errors.ts";
import type { Frame, Join } from "../model/ports.ts";
import type { RecordBatch } from "../model/record.ts";
import { SAMPLE_BYTES } from "./entry-source.ts";
import { headerBefore } from "./header-line.ts";
import { type OpenedFile, openFile, scan } from "./opened-file.ts";
import { createRecordReader } from "./record-reader.ts";
import { createRegistry, type FileEntry, headSha256 } from "./registry.ts";
import { siblingsOf } from "./siblings.ts";
import type { Store } from "./store-port.ts";

/** How a stretch of a known file is cut into records. */
export interface Framing {
  readonly join: Join;
  readonly recordBytesMax: number;
  /** What begins header lines; null: there are none. */
  readonly headerPrefix: string | null;
  /** Microseconds since the epoch. */
  readonly appendTimeUs: number;
}

/** A file that was taken in before, to be read again: nothing is registered, locked or committed. */
export interface KnownFile {
  readonly path: string;
  /** Format decided when it was first read. */
  readonly format: string;
  /** Its first bytes, for deciding a format anew. */
  sample(): Promise<Buffer>;
  /** The records of [from, to), whole; null when the file no longer has all of it. */
  read(from: number, to: number, framing: Framing): Promise<RecordBatch | null>;
  close(): Promise<void>;
}

/**
 * Opens what a partition was made of, where it is still to be had: at its path, or beside it under the names that rotation
 * gives, compressed or not. Null: it is gone, it was piped in, or its bytes are others now: all that were taken in are
 * compared, by their CRC-32.
 */
export async function openKnownFile(
  store: Store,
  frame: Frame,
  topic: string,
  partition: number,
): Promise<KnownFile | null> {
  const entry = createRegistry(store).get(topic, partition);
  if (entry === null || entry.origin === "stream") return null;
  for (const path of [entry.path, ...(await siblingsOf(entry.path))]) {
    const file = await openIfThere(path);
    if (file === null) continue;
    try {
      if (await isKnown(file, entry)) return await opened(file, entry, frame);
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
  }
  return null;
}

async function openIfThere(path: string): Promise<OpenedFile | null> {
  try {
    return await openFile(path);
  } catch (error) {
    if (error instanceof WeirError && error.code.startsWith("SOURCE_")) return null;
    throw error;
  }
}

async function isKnown(file: OpenedFile, entry: FileEntry): Promise<boolean> {
  try {
    const head = await file.sample(entry.headBytes);
    if (head.length < entry.headBytes || headSha256(head) !== entry.headSha256) return false;
    // Nothing of it was committed: only the inode tells it from another file with the same beginning.
    if (entry.offset === 0) return file.inode === entry.inode;
    const bytes = await file.open();
    try {
      const { fingerprint, length } = await scan(bytes, entry.offset);
      return length !== "shorter" && fingerprint.crc === entry.prefixCrc;
    } finally {
      await bytes.close();
    }
  } catch (error) {
    if (error instanceof WeirError && error.code.startsWith("SOURCE_")) return false;
    throw error;
  }
}

async function opened(file: OpenedFile, entry: FileEntry, frame: Frame): Promise<KnownFile> {
  const { topic, partition } = entry;
  const bytes = await file.open();

  return {
    path: file.path,
    format: entry.format,
    sample: () => file.sample(SAMPLE_BYTES),
    async read(from, to, { join, recordBytesMax, headerPrefix, appendTimeUs }) {
      const reader = createRecordReader({ ...bytes, close: async () => {} }, frame, recordBytesMax);
      const header = headerPrefix === null ? "" : await headerBefore(bytes, 0, from, headerPrefix, "");
      const pieces: RecordBatch[] = [];
      for (let position = from; position < to; ) {
        const found = await reader.read(position, to, WHOLE, join, "final", null);
        if (found === null || found.count === 0) return null;
        pieces.push({
          ...found,
          topic,
          partition,
          firstOffset: BigInt(position),
          nextOffset: BigInt(found.next),
          appendTimeUs,
          ...(header === "" ? {} : { header }),
        });
        position = found.next;
      }
      return pieces.length === 1 ? pieces[0] : joined(pieces);
    },
    async close() {
      await bytes.close();
      await file.close();
    },
  };
}

const WHOLE = { recordsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY };

/** Adjacent batches as one. They are several where a record is longer than one may be. */
function joined(pieces: readonly RecordBatch[]): RecordBatch {
  const count = pieces.reduce((sum, piece) => sum + piece.count, 0);
  const begins = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const offsetDeltas = new Uint32Array(count);
  const cut: number[] = [];
  const [first] = pieces;
  let text = "";
  let at = 0;
  for (const piece of pieces) {
    const distance = Number(piece.firstOffset - first.firstOffset);
    for (const record of piece.cut) cut.push(at + record);
    for (let i = 0; i < piece.count; i++, at++) {
      begins[at] = text.length + piece.begins[i];
      ends[at] = text.length + piece.ends[i];
      offsetDeltas[at] = distance + piece.offsetDeltas[i];
    }
    text += piece.text;
  }
  const { nextOffset } = pieces[pieces.length - 1];
  return { ...first, text, count, begins, ends, offsetDeltas, nextOffset, cut };
}
