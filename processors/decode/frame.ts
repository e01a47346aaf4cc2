import { entryEnd } from "./join.ts";

export interface FrameOptions {
  /** Continuation lines of stack traces and the like belong to the entry before them. */
  readonly join: boolean;
  /** A longer record is cut there; a joined entry that would become longer ends before the line that is too much. */
  readonly recordBytesMax: number;
  readonly recordsMax: number;
  /** Records stop before they would go beyond this many bytes; the first is given however long it is. */
  readonly bytesMax: number;
  /** Nothing comes after the text: what is open at its end is complete. */
  readonly atEnd: boolean;
}

/** Where the records of a text are. Record i is text[begins[i], ends[i]). */
export interface Framed {
  readonly count: number;
  readonly begins: Uint32Array;
  readonly ends: Uint32Array;
  /** begins[i] - from. */
  readonly offsetDeltas: Uint32Array;
  /** Position after the last complete record and its line end. */
  readonly consumed: number;
  /** Records whose end is cut at recordBytesMax, ascending. */
  readonly cut: readonly number[];
  /** recordsMax or bytesMax stopped it: more text would change nothing. */
  readonly isFull: boolean;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** Room for the first call's records; grown by doubling, never beyond recordsMax. */
const RECORDS_ROOM = 4096;

/**
 * Finds the records of byte text from a position on: lines, or entries of several lines where `join` says so. A line
 * ends before "\n", and before one "\r" in front of it. The answer depends on the bytes alone: a record is given only
 * when no further byte could change it, so that records are the same however the text came in pieces.
 *
 * A record starts without a memory of what came before, so that framing may start at any record.
 */
export function frame(text: string, from: number, options: FrameOptions): Framed {
  const { join, recordBytesMax, recordsMax, atEnd } = options;
  const length = text.length;
  const bytesEnd = from + options.bytesMax;
  const cut: number[] = [];
  let room = Math.min(RECORDS_ROOM, recordsMax);
  let begins = new Uint32Array(room);
  let ends = new Uint32Array(room);
  let count = 0;
  let position = from;
  let isFull = false;

  while (position < length) {
    if (count >= recordsMax) {
      isFull = true;
      break;
    }
    let lineFeed = text.indexOf("\n", position);
    if (lineFeed < 0 && !atEnd) break;
    let next = lineFeed < 0 ? length : lineFeed + 1;
    if (join && next - position > 1) {
      next = entryEnd(text, position, next, options);
      if (next < 0) break;
      lineFeed = text.charCodeAt(next - 1) === LINE_FEED ? next - 1 : -1;
    }
    if (next > bytesEnd && count > 0) {
      isFull = true;
      break;
    }
    let end = lineFeed < 0 ? length : lineFeed;
    if (end > position && text.charCodeAt(end - 1) === CARRIAGE_RETURN) end--;
    if (count === room) {
      room = Math.min(room * 4, recordsMax);
      begins = grown(begins, room);
      ends = grown(ends, room);
    }
    if (end - position > recordBytesMax) {
      end = position + recordBytesMax;
      cut.push(count);
    }
    begins[count] = position;
    ends[count] = end;
    count++;
    position = next;
  }

  const offsetDeltas = new Uint32Array(count);
  for (let i = 0; i < count; i++) offsetDeltas[i] = begins[i] - from;
  return { count, begins, ends, offsetDeltas, consumed: position, cut, isFull };
}

function grown(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(length);
  copy.set(array);
  return copy;
}
