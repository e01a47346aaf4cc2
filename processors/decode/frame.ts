import type { Framed, FrameOptions } from "../model/ports.ts";
import { chunksEnd } from "./chunks.ts";
import { entryEnd } from "./join.ts";

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
      next = join === true ? entryEnd(text, position, next, options) : chunksEnd(text, position, next, join, options);
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
