import type { Join } from "../model/ports.ts";
import type { RecordBatch } from "../model/record.ts";
import { decodeEscapes } from "./json.ts";
import type { Format, LineParser } from "./line-parser.ts";

/*
 * What a container's program wrote, out of the files of Docker (json-file) and Kubernetes (CRI):
 *
 *   {"log":"text\n","stream":"stdout","time":"2026-11-24T12:00:00.123456789Z"}
 *   2026-11-24T12:00:00.123456789Z stdout F text
 *
 * A long line is cut into chunks; a record holds all chunks that are open together (decode/chunks.ts), and so perhaps
 * several lines. What does not stand in the batch's text as it is (escapes, chunks put together) is written behind it.
 */

export type Container = Exclude<Join, boolean>;

/** A line that a program wrote. Positions are those of the unwrapped text. */
export interface Entry {
  record: number;
  /** The program's line. */
  begin: number;
  end: number;
  /** What stands in the file for it, line feeds between chunks. */
  outerBegin: number;
  outerEnd: number;
  /** Its time; begin = end: the line is no container's. */
  timeBegin: number;
  timeEnd: number;
  /** What stands between time and line (CRI) or line and time (Docker), constant text for most lines of a file. */
  middle: string;
  stream: string;
  /** Backslashes in front of quotes in a line of one chunk; -1: the line can't be given back by its columns. */
  escapes: number;
}

export interface Unwrapped {
  readonly records: RecordBatch;
  /** In the order of the records; of one record, in the order in which the lines ended. */
  readonly entries: readonly Entry[];
}

type Joined = Chunk & { readonly outer: string };

interface Chunk {
  timeBegin: number;
  timeEnd: number;
  begin: number;
  end: number;
  stream: string;
  isPartial: boolean;
  middle: string;
}

const LOG = '{"log":"';
const STREAM = '","stream":"std';
const TIME_LENGTH_MAX = 40;
const EMPTY: Chunk = { timeBegin: 0, timeEnd: 0, begin: 0, end: 0, stream: "", isPartial: false, middle: "" };

/** Reads one line of a file into `out`; false if it is not of a container. */
function readCri(text: string, begin: number, end: number, out: Chunk): boolean {
  const timeEnd = text.indexOf(" ", begin);
  if (timeEnd < begin + 20 || timeEnd > begin + TIME_LENGTH_MAX || timeEnd + 9 > end) return false;
  const isOut = text.startsWith("stdout ", timeEnd + 1);
  if ((!isOut && !text.startsWith("stderr ", timeEnd + 1)) || text.charCodeAt(begin + 10) !== 84) return false;
  const tag = text.charCodeAt(timeEnd + 8);
  if (tag !== 80 && tag !== 70) return false;
  let tagsEnd = timeEnd + 9;
  if (text.charCodeAt(tagsEnd) === 58) {
    const space = text.indexOf(" ", tagsEnd);
    tagsEnd = space < 0 || space > end ? end : space;
  }
  if (tagsEnd < end && text.charCodeAt(tagsEnd) !== 32) return false;
  out.timeBegin = begin;
  out.timeEnd = timeEnd;
  out.begin = Math.min(end, tagsEnd + 1);
  out.end = end;
  out.stream = isOut ? "stdout" : "stderr";
  out.isPartial = tag === 80;
  out.middle = text.slice(timeEnd, out.begin);
  return true;
}

function readDocker(text: string, begin: number, end: number, out: Chunk): boolean {
  if (!text.startsWith(LOG, begin)) return false;
  const line = text.slice(begin, end);
  const close = line.indexOf(STREAM);
  if (close < 0) return false;
  const isOut = line.startsWith('out"', close + STREAM.length);
  if (!isOut && !line.startsWith('err"', close + STREAM.length)) return false;
  const timeAt = line.lastIndexOf('","time":"');
  const timeEnd = line.length - 2;
  const timeBegin = timeAt + 10;
  if (timeAt < close + 12 || !line.endsWith('"}') || timeEnd - timeBegin < 20 || timeEnd - timeBegin > TIME_LENGTH_MAX)
    return false;
  let isPartial = true;
  if (line.charCodeAt(close - 1) === 110) {
    let at = close - 2;
    while (line.charCodeAt(at) === 92) at--;
    isPartial = (close - 2 - at) % 2 === 0;
  }
  out.timeBegin = begin + timeBegin;
  out.timeEnd = begin + timeEnd;
  out.begin = begin + LOG.length;
  out.end = begin + (isPartial ? close : close - 2);
  out.stream = isOut ? "stdout" : "stderr";
  out.isPartial = isPartial;
  out.middle = line.slice(isPartial ? close : close - 2, timeBegin);
  return true;
}

/** How many backslashes stand in text[begin, end), each before a quote; -1 if one stands before something else. */
function quoteEscapes(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", at + 2)) {
    if (text.charCodeAt(at + 1) !== 34) return -1;
    count++;
  }
  return count;
}

/** The lines that programs wrote into the records of a batch. */
export function unwrap(records: RecordBatch, container: Container): Unwrapped {
  const { text, begins, ends, count } = records;
  const read = container === "cri" ? readCri : readDocker;
  const entries: Entry[] = [];
  /** Of each entry, the line where it does not stand in the text as it is, and what stands for it in the file. */
  const lines: (string | null)[] = [];
  const outers: (string | null)[] = [];
  const chunk = { ...EMPTY };

  function addLine(record: number, outerBegin: number, outerEnd: number): void {
    const { begin, end, timeBegin, timeEnd, middle, stream } = chunk;
    const raw = container === "docker" ? text.slice(begin, end) : "";
    const escapes = raw.includes("\\") ? quoteEscapes(raw) : 0;
    entries.push({ record, begin, end, outerBegin, outerEnd, timeBegin, timeEnd, middle, stream, escapes });
    lines.push(escapes === 0 ? null : (decodeEscapes(raw) ?? raw));
    outers.push(null);
  }

  function addRaw(record: number, begin: number, end: number): void {
    const at = { begin, end, outerBegin: begin, outerEnd: end, timeBegin: 0, timeEnd: 0 };
    entries.push({ record, ...at, middle: "", stream: "", escapes: -1 });
    lines.push(null);
    outers.push(null);
  }

  /** A line of several chunks. */
  function addJoined(record: number, chunks: readonly Joined[]): void {
    const parts = chunks.map(({ begin, end }) => text.slice(begin, end));
    const { timeBegin, timeEnd, middle, stream, begin, end } = chunks[0];
    const at = { begin, end, outerBegin: 0, outerEnd: 0, timeBegin, timeEnd };
    entries.push({ record, ...at, middle, stream, escapes: -1 });
    lines.push(parts.map((part) => (container === "docker" ? (decodeEscapes(part) ?? part) : part)).join(""));
    outers.push(chunks.map(({ outer }) => outer).join("\n"));
  }

  function readChunks(record: number, begin: number, end: number): void {
    const open = new Map<string, Joined[]>();
    for (let at = begin; at < end; ) {
      const lineFeed = text.indexOf("\n", at);
      const next = lineFeed < 0 || lineFeed > end ? end + 1 : lineFeed + 1;
      let lineEnd = next - 1;
      if (lineEnd > at && lineEnd < end && text.charCodeAt(lineEnd - 1) === 13) lineEnd--;
      if (!read(text, at, lineEnd, chunk)) addRaw(record, at, lineEnd);
      else {
        const chunks = open.get(chunk.stream) ?? [];
        chunks.push({ ...chunk, outer: text.slice(at, lineEnd) });
        open.set(chunk.stream, chunks);
        if (!chunk.isPartial) {
          addJoined(record, chunks);
          open.delete(chunk.stream);
        }
      }
      at = next;
    }
    // Their rest is nowhere: the record was as long as one may be, or the file ended.
    for (const chunks of open.values()) addJoined(record, chunks);
  }

  for (let record = 0; record < count; record++) {
    const begin = begins[record];
    const end = ends[record];
    if (!read(text, begin, end, chunk)) addRaw(record, begin, end);
    else if (chunk.isPartial) readChunks(record, begin, end);
    else addLine(record, begin, end);
  }
  return { records: writtenBehind(records, entries, lines, outers), entries };
}

/**
 * The records with the lines of all entries behind their text, if some do not stand in it: then all of them, because
 * parsers search forward, and going back and forth would cost a search to the end each time.
 */
function writtenBehind(
  records: RecordBatch,
  entries: readonly Entry[],
  lines: readonly (string | null)[],
  outers: readonly (string | null)[],
): RecordBatch {
  if (lines.every((line) => line === null)) return records;
  const { text } = records;
  const behind: string[] = [];
  let length = text.length;
  const append = (written: string): number => {
    behind.push(written, "\n");
    length += written.length + 1;
    return length - written.length - 1;
  };
  for (const [i, entry] of entries.entries()) {
    const line = lines[i] ?? text.slice(entry.begin, entry.end);
    entry.begin = append(line);
    entry.end = entry.begin + line.length;
  }
  for (const [i, entry] of entries.entries()) {
    const outer = outers[i];
    if (outer === null) continue;
    entry.outerBegin = append(outer);
    entry.outerEnd = entry.outerBegin + outer.length;
  }
  return { ...records, text: text + behind.join("") };
}

/** Whether a line is one of a container's log. */
function createContainerParser(container: Container): LineParser {
  const read = container === "cri" ? readCri : readDocker;
  return (text, begin, end) => read(text, begin, end, { ...EMPTY });
}

const formatOf = (container: Container): Format => ({
  name: container,
  joins: container,
  code: `PARSE_NOT_${container.toUpperCase()}`,
  container: {},
  create: () => createContainerParser(container),
});

export const DOCKER: Format = formatOf("docker");
export const CRI: Format = formatOf("cri");

/** The format of a container whose program writes lines of the format `inner`. */
export function withInner(container: Format, inner: Format): Format {
  return { ...container, name: `${container.name}:${inner.name}`, container: { inner } };
}
