import { flatCopy } from "../model/dictionary.ts";
import type { Join } from "../model/ports.ts";
import type { RecordBatch } from "../model/record.ts";
import { Entries } from "./container-entries.ts";
import { decodeEscapes } from "./json.ts";
import { createCharacterFinder, createFinder } from "./layout.ts";
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

export interface Unwrapped {
  readonly records: RecordBatch;
  /** In the order of the records; of one record, in the order in which the lines ended. */
  readonly entries: Entries;
}

type Joined = Chunk & { readonly outer: string };

interface Chunk {
  timeBegin: number;
  timeEnd: number;
  begin: number;
  end: number;
  streamBegin: number;
  streamEnd: number;
  isOut: boolean;
  isPartial: boolean;
  middleBegin: number;
  middleEnd: number;
}

/** Reads one line of a file into `out`; false if it is not of a container. */
type ReadsChunk = (text: string, begin: number, end: number, out: Chunk) => boolean;

const LOG = '{"log":"';
const STREAM = '","stream":"std';
const TIME = '","time":"';
const STREAM_LENGTH = 6;
const TIME_LENGTH_MIN = 20;
const TIME_LENGTH_MAX = 40;
const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;
const EMPTY: Chunk = {
  timeBegin: 0,
  timeEnd: 0,
  begin: 0,
  end: 0,
  streamBegin: 0,
  streamEnd: 0,
  isOut: true,
  isPartial: false,
  middleBegin: 0,
  middleEnd: 0,
};

function readCri(text: string, begin: number, end: number, out: Chunk): boolean {
  if (text.charCodeAt(begin + 10) !== 84) return false;
  let timeEnd = begin;
  while (timeEnd <= begin + TIME_LENGTH_MAX && text.charCodeAt(timeEnd) !== SPACE) timeEnd++;
  if (timeEnd < begin + TIME_LENGTH_MIN || timeEnd > begin + TIME_LENGTH_MAX || timeEnd + 9 > end) return false;
  const isOut = text.startsWith("stdout ", timeEnd + 1);
  if (!isOut && !text.startsWith("stderr ", timeEnd + 1)) return false;
  const tag = text.charCodeAt(timeEnd + 8);
  if (tag !== 80 && tag !== 70) return false;
  let tagsEnd = timeEnd + 9;
  if (text.charCodeAt(tagsEnd) === 58) {
    const space = text.indexOf(" ", tagsEnd);
    tagsEnd = space < 0 || space > end ? end : space;
  }
  if (tagsEnd < end && text.charCodeAt(tagsEnd) !== SPACE) return false;
  out.timeBegin = begin;
  out.timeEnd = timeEnd;
  out.begin = Math.min(end, tagsEnd + 1);
  out.end = end;
  out.streamBegin = timeEnd + 1;
  out.streamEnd = timeEnd + 1 + STREAM_LENGTH;
  out.isOut = isOut;
  out.isPartial = tag === 80;
  out.middleBegin = timeEnd;
  out.middleEnd = out.begin;
  return true;
}

/** Where the last `","time":"` of a line stands; -1 if there is none. In most lines it is right behind the stream. */
function timeOfDocker(text: string, begin: number, end: number, behindStream: number): number {
  if (text.startsWith(TIME, behindStream)) {
    let at = behindStream + TIME.length;
    const stop = Math.min(end - 2, at + TIME_LENGTH_MAX + 1);
    while (at < stop && text.charCodeAt(at) !== QUOTE) at++;
    if (at === end - 2) return behindStream;
  }
  const last = text.slice(begin, end).lastIndexOf(TIME);
  return last < 0 ? -1 : begin + last;
}

function createReadDocker(): ReadsChunk {
  const findStream = createFinder(STREAM);

  return function readDocker(text, begin, end, out) {
    if (!text.startsWith(LOG, begin)) return false;
    const close = findStream(text, begin);
    const name = close + STREAM.length;
    if (name > end) return false;
    const isOut = text.startsWith('out"', name);
    if (!isOut && !text.startsWith('err"', name)) return false;
    const timeAt = timeOfDocker(text, begin, end, name + 3);
    const timeEnd = end - 2;
    const timeBegin = timeAt + TIME.length;
    if (timeAt < close + 12 || text.charCodeAt(end - 2) !== QUOTE || text.charCodeAt(end - 1) !== 125) return false;
    if (timeEnd - timeBegin < TIME_LENGTH_MIN || timeEnd - timeBegin > TIME_LENGTH_MAX) return false;
    let isPartial = true;
    if (text.charCodeAt(close - 1) === 110) {
      let at = close - 2;
      while (text.charCodeAt(at) === BACKSLASH) at--;
      isPartial = (close - 2 - at) % 2 === 0;
    }
    out.timeBegin = timeBegin;
    out.timeEnd = timeEnd;
    out.begin = begin + LOG.length;
    out.end = isPartial ? close : close - 2;
    out.streamBegin = close + 12;
    out.streamEnd = close + 12 + STREAM_LENGTH;
    out.isOut = isOut;
    out.isPartial = isPartial;
    out.middleBegin = out.end;
    out.middleEnd = timeBegin;
    return true;
  };
}

const readerOf = (container: Container): ReadsChunk => (container === "cri" ? readCri : createReadDocker());

/** How many backslashes stand in a text, each before a quote; -1 if one stands before something else. */
function quoteEscapes(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", at + 2)) {
    if (text.charCodeAt(at + 1) !== 34) return -1;
    count++;
  }
  return count;
}

/** Finds the lines that programs wrote into the records of a batch. */
export function createUnwrap(container: Container): (records: RecordBatch) => Unwrapped {
  const read = readerOf(container);
  const hasBackslash = createCharacterFinder("\\");
  let entries = new Entries(0);
  const chunk = { ...EMPTY };
  let lastMiddle = "";
  /** Of entries, the line where it does not stand in the text as it is, and what stands for it in the file. */
  let lines = new Map<number, string>();
  let outers = new Map<number, string>();
  let text = "";

  function middleOf(begin: number, end: number): string {
    if (end - begin !== lastMiddle.length || !text.startsWith(lastMiddle, begin))
      lastMiddle = flatCopy(text.slice(begin, end));
    return lastMiddle;
  }

  function add(record: number, outerBegin: number, outerEnd: number, escapes: number, from: Chunk): number {
    const i = entries.next();
    entries.record[i] = record;
    entries.begin[i] = from.begin;
    entries.end[i] = from.end;
    entries.outerBegin[i] = outerBegin;
    entries.outerEnd[i] = outerEnd;
    entries.timeBegin[i] = from.timeBegin;
    entries.timeEnd[i] = from.timeEnd;
    entries.streamBegin[i] = from.streamBegin;
    entries.streamEnd[i] = from.streamEnd;
    entries.escapes[i] = escapes;
    entries.middle.push(middleOf(from.middleBegin, from.middleEnd));
    return i;
  }

  function addLine(record: number, outerBegin: number, outerEnd: number): void {
    const { begin, end } = chunk;
    const isEscaped = container === "docker" && hasBackslash(text, begin, end);
    const raw = isEscaped ? text.slice(begin, end) : "";
    const escapes = isEscaped ? quoteEscapes(raw) : 0;
    const i = add(record, outerBegin, outerEnd, escapes, chunk);
    if (escapes !== 0) lines.set(i, decodeEscapes(raw) ?? raw);
  }

  function addRaw(record: number, begin: number, end: number): void {
    add(record, begin, end, -1, { ...EMPTY, begin, end });
  }

  /** A line of several chunks. */
  function addJoined(record: number, chunks: readonly Joined[]): void {
    const parts = chunks.map(({ begin, end }) => text.slice(begin, end));
    const i = add(record, 0, 0, -1, chunks[0]);
    lines.set(i, parts.map((part) => (container === "docker" ? (decodeEscapes(part) ?? part) : part)).join(""));
    outers.set(i, chunks.map(({ outer }) => outer).join("\n"));
  }

  function readChunks(record: number, begin: number, end: number): void {
    const open = new Map<boolean, Joined[]>();
    for (let at = begin; at < end; ) {
      const lineFeed = text.indexOf("\n", at);
      const next = lineFeed < 0 || lineFeed > end ? end + 1 : lineFeed + 1;
      let lineEnd = next - 1;
      if (lineEnd > at && lineEnd < end && text.charCodeAt(lineEnd - 1) === 13) lineEnd--;
      if (!read(text, at, lineEnd, chunk)) addRaw(record, at, lineEnd);
      else {
        const chunks = open.get(chunk.isOut) ?? [];
        chunks.push({ ...chunk, outer: text.slice(at, lineEnd) });
        open.set(chunk.isOut, chunks);
        if (!chunk.isPartial) {
          addJoined(record, chunks);
          open.delete(chunk.isOut);
        }
      }
      at = next;
    }
    // Their rest is nowhere: the record was as long as one may be, or the file ended.
    for (const chunks of open.values()) addJoined(record, chunks);
  }

  return function unwrap(records) {
    const { begins, ends, count } = records;
    text = records.text;
    entries = new Entries(count);
    for (let record = 0; record < count; record++) {
      const begin = begins[record];
      const end = ends[record];
      if (!read(text, begin, end, chunk)) addRaw(record, begin, end);
      else if (chunk.isPartial) readChunks(record, begin, end);
      else addLine(record, begin, end);
    }
    const unwrapped = { records: writtenBehind(records, entries, lines, outers), entries };
    // Nothing of a batch outlives it.
    text = "";
    entries = new Entries(0);
    lines = new Map();
    outers = new Map();
    return unwrapped;
  };
}

/**
 * The records with the lines of all entries behind their text, if some do not stand in it: then all of them, because
 * parsers search forward, and going back and forth would cost a search to the end each time.
 */
function writtenBehind(
  records: RecordBatch,
  entries: Entries,
  lines: ReadonlyMap<number, string>,
  outers: ReadonlyMap<number, string>,
): RecordBatch {
  if (lines.size === 0) return records;
  const { text } = records;
  const behind: string[] = [];
  let length = text.length;
  const append = (written: string): number => {
    behind.push(written, "\n");
    length += written.length + 1;
    return length - written.length - 1;
  };
  for (let i = 0; i < entries.count; i++) {
    const line = lines.get(i) ?? text.slice(entries.begin[i], entries.end[i]);
    entries.begin[i] = append(line);
    entries.end[i] = entries.begin[i] + line.length;
  }
  for (const [i, outer] of outers) {
    entries.outerBegin[i] = append(outer);
    entries.outerEnd[i] = entries.outerBegin[i] + outer.length;
  }
  return { ...records, text: text + behind.join("") };
}

/** Whether a line is one of a container's log. */
function createContainerParser(container: Container): LineParser {
  const read = readerOf(container);
  const chunk = { ...EMPTY };
  return (text, begin, end) => read(text, begin, end, chunk);
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
