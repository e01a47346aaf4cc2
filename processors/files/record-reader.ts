import { WeirError } from "../model/errors.ts";
import type { Frame, Join, ReadLimit } from "../model/ports.ts";
import type { ByteReader } from "./byte-reader.ts";
import { extended, type Fingerprint } from "./fingerprint.ts";

/**
 * What the end of the bytes means. open: more will come, nothing unfinished is given. line: the last entry is finished
 * if its line is. final: whatever is there is finished.
 */
export type EndMeans = "open" | "line" | "final";

/** Records found in text; positions are those of the stream. */
export interface ReadRecords {
  readonly text: string;
  readonly count: number;
  readonly begins: Uint32Array;
  readonly ends: Uint32Array;
  readonly offsetDeltas: Uint32Array;
  readonly cut: readonly number[];
  readonly next: number;
  /** Of everything before `next`; null if it was not known before the first record. */
  readonly fingerprint: Fingerprint | null;
}

export interface RecordReader {
  /** Records from a position on, before `to`; null when none is there. */
  read(
    from: number,
    to: number | null,
    limit: ReadLimit,
    join: Join,
    endMeans: EndMeans,
    fingerprint: Fingerprint | null,
  ): Promise<ReadRecords | null>;
  /** Where the bytes ended when last looked; null before that. */
  readonly end: number | null;
  /** A read that is under way fails. */
  close(): Promise<void>;
}

const CHUNK_BYTES_MIN = 64 << 10;
/** The largest batch that can be configured; more is read in several chunks. */
const CHUNK_BYTES_MAX = 256 << 20;
/** Bytes per record before the first batch tells. */
const RECORD_BYTES_GUESS = 128;
/** Room in front of a chunk for what the chunk before left over. */
const HEADROOM_BYTES = 256 << 10;
/** Room that is made at least. */
const SMALL_BYTES = 4096;

const NO_BYTES = Buffer.alloc(0);

interface Piece {
  readonly buffer: Buffer;
  /** Where in the buffer the bytes begin; what is left over goes in front of them. */
  readonly at: number;
  readonly bytes: number;
  readonly failure: unknown;
}

/**
 * Reads records by chunks that hold about one batch, and while the caller works on a batch reads the next chunk ahead.
 * Every byte is read once into a buffer and copied once into the text.
 */
export function createRecordReader(bytes: ByteReader, frame: Frame, recordBytesMax: number): RecordReader {
  /** Bytes [begin, begin + text.length) of the stream: buffer from `at` on, and as text. */
  let buffer: Buffer = NO_BYTES;
  let at = 0;
  let begin = 0;
  let text = "";
  let spare: Buffer = NO_BYTES;
  let ahead: Promise<Piece> | null = null;
  let end: number | null = null;
  let isClosed = false;
  let recordBytes = RECORD_BYTES_GUESS;

  async function readPiece(target: Buffer, position: number, lengthMax: number): Promise<Piece> {
    let length = lengthMax;
    let room = target;
    let headroom = HEADROOM_BYTES;
    let count = 0;
    try {
      if (target.length < HEADROOM_BYTES + lengthMax) {
        // Most of many followed files are small, and have little new.
        const bytesThere = (await bytes.bytesAfter?.(position)) ?? lengthMax;
        length = Math.min(lengthMax, Math.max(SMALL_BYTES, bytesThere));
        headroom = Math.min(HEADROOM_BYTES, length);
        if (target.length < headroom + length) room = Buffer.allocUnsafeSlow(roundedUp(headroom + length));
      }
      while (count < length) {
        const got = await bytes.read(position + count, room, headroom + count, length - count);
        if (got === 0) break;
        count += got;
        if (await bytes.isPausedAt?.(position + count)) break;
      }
    } catch (failure) {
      return { buffer: room, at: headroom, bytes: count, failure };
    }
    return { buffer: room, at: headroom, bytes: count, failure: null };
  }

  /** The piece behind what is held: the one read ahead, if it holds something. */
  async function nextPiece(position: number, length: number): Promise<Piece> {
    if (ahead !== null) {
      const piece = await ahead;
      ahead = null;
      if (piece.bytes > 0) return piece;
      spare = piece.buffer;
    }
    return readPiece(spare, position, length);
  }

  /** Adds a piece behind what is held from `from` on. The failure, if any, came after the piece's bytes. */
  async function extend(from: number, chunkBytes: number): Promise<{ added: number; failure: unknown }> {
    const heldEnd = begin + text.length;
    const piece = await nextPiece(heldEnd, chunkBytes);
    // What ends a read that was given up is not the end of the bytes.
    if (isClosed) throw new WeirError("INTERNAL", "The source was closed while it was being read.");
    if (piece.bytes === 0) {
      spare = piece.buffer;
      return { added: 0, failure: piece.failure };
    }
    const left = buffer.subarray(at + from - begin, at + text.length);
    if (left.length <= piece.at) {
      left.copy(piece.buffer, piece.at - left.length);
      spare = buffer;
      buffer = piece.buffer;
      at = piece.at - left.length;
    } else {
      const joined = Buffer.allocUnsafeSlow(left.length + piece.bytes);
      left.copy(joined);
      piece.buffer.copy(joined, left.length, piece.at, piece.at + piece.bytes);
      spare = piece.buffer;
      buffer = joined;
      at = 0;
    }
    begin = from;
    text = buffer.toString("latin1", at, at + left.length + piece.bytes);
    return { added: piece.bytes, failure: piece.failure };
  }

  function readAhead(chunkBytes: number): void {
    ahead ??= readPiece(spare, begin + text.length, chunkBytes);
  }

  /** Nothing is held of what is read to its end: many files may be followed, and an end may last long. */
  function forget(from: number): void {
    begin = from;
    at = 0;
    text = "";
    buffer = NO_BYTES;
    spare = NO_BYTES;
  }

  async function moveTo(from: number): Promise<void> {
    if (from >= begin && from <= begin + text.length) return;
    if (ahead !== null) {
      spare = (await ahead).buffer;
      ahead = null;
    }
    begin = from;
    at = 0;
    text = "";
  }

  /** A line longer than recordBytesMax: given cut. The rest of it passes by in pieces and is not held. */
  async function readCut(
    from: number,
    to: number | null,
    endMeans: EndMeans,
    before: Fingerprint | null,
  ): Promise<ReadRecords | null> {
    const cutText = text.slice(from - begin, from - begin + recordBytesMax);
    let fingerprint = before;
    let position = from;
    for (;;) {
      const heldEnd = to === null ? begin + text.length : Math.min(to, begin + text.length);
      const lineFeed = text.indexOf("\n", position - begin);
      const isFound = lineFeed >= 0 && begin + lineFeed < heldEnd;
      const next = isFound ? begin + lineFeed + 1 : heldEnd;
      const passed = buffer.subarray(at + position - begin, at + next - begin);
      if (fingerprint !== null) fingerprint = extended(fingerprint, passed);
      position = next;
      if (isFound || position === to) break;
      const { added, failure } = await extend(position, CHUNK_BYTES_MIN * 4);
      if (added > 0) continue;
      if (failure !== null) throw failure;
      end = position;
      if (endMeans !== "final") return null;
      break;
    }
    return {
      text: cutText,
      count: 1,
      begins: Uint32Array.of(0),
      ends: Uint32Array.of(recordBytesMax),
      offsetDeltas: Uint32Array.of(0),
      cut: [0],
      next: position,
      fingerprint,
    };
  }

  return {
    get end() {
      return end;
    },
    async read(from, to, limit, join, endMeans, fingerprint) {
      if (to !== null && from >= to) return null;
      await moveTo(from);
      const bytesThere = to === null ? CHUNK_BYTES_MAX : to - from;
      const bytesWanted = Math.min(limit.bytesMax, limit.recordsMax * recordBytes, bytesThere, CHUNK_BYTES_MAX);
      const chunkBytes = Math.max(CHUNK_BYTES_MIN, Math.ceil(bytesWanted));
      let isEnd = false;
      let failure: unknown = null;
      for (;;) {
        const isTo = to !== null && begin + text.length >= to;
        const isOver = isTo || isEnd;
        let textEnd = isTo ? to - begin : text.length;
        // After a damage whole lines are given, as if the file ended there.
        if (isEnd && !isTo && (endMeans === "line" || failure !== null)) textEnd = text.lastIndexOf("\n") + 1;
        const framed = frame(textEnd === text.length ? text : text.slice(0, textEnd), from - begin, {
          join,
          recordBytesMax,
          recordsMax: limit.recordsMax,
          bytesMax: limit.bytesMax,
          atEnd: isTo || (isEnd && (endMeans !== "open" || failure !== null)),
        });
        const used = framed.consumed - (from - begin);
        const isEnough = framed.isFull || framed.count * 2 > limit.recordsMax || used * 2 > limit.bytesMax;
        if (framed.count > 0 && (isOver || isEnough || (await bytes.isPausedAt?.(begin + text.length)))) {
          recordBytes = used / framed.count;
          if (!isOver) readAhead(chunkBytes);
          const hashed = buffer.subarray(at + from - begin, at + framed.consumed);
          return {
            text,
            count: framed.count,
            begins: framed.begins,
            ends: framed.ends,
            offsetDeltas: framed.offsetDeltas,
            cut: framed.cut,
            next: begin + framed.consumed,
            fingerprint: fingerprint === null ? null : extended(fingerprint, hashed),
          };
        }
        // One byte of slack: a "\r" at the limit may belong to the line end.
        const open = textEnd - (from - begin);
        if (framed.count === 0 && open > recordBytesMax + 1 && text.indexOf("\n", from - begin) < 0) {
          return readCut(from, to, endMeans, fingerprint);
        }
        if (failure !== null) throw failure;
        if (isOver) {
          if (isEnd) forget(from);
          return null;
        }
        const step = await extend(from, chunkBytes);
        failure = step.failure;
        if (step.added === 0 || failure !== null) {
          isEnd = true;
          end = begin + text.length;
        }
      }
    },
    async close() {
      isClosed = true;
      // Closing wakes a read that waits; a file waits for its reads itself.
      const closed = bytes.close();
      await ahead;
      await closed;
    },
  };
}

/** Large buffers grow by whole mebibytes, so that batches of slightly different size share one. */
function roundedUp(bytes: number): number {
  return bytes < 0x100000 ? bytes : (bytes + 0xfffff) & ~0xfffff;
}
