import type { RecordBatch } from "../model/record.ts";
import { EVENTS_MAX, PieceGatherer, TOO_MANY_EVENTS } from "./pieces.ts";

/*
 * A record of JSON may hold many events: an array of objects, objects one after the other with white space between (a line
 * each, say), or arrays of them. What these brackets enclose is cut out here and not looked into: whether it is an
 * object is for its parser to say.
 */

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const LINE_FEED = 10;

/** The records with the events of those that hold several; what is neither one object nor several stays one piece. */
export function decodeJson(records: RecordBatch): RecordBatch {
  const { text, begins, ends, count } = records;
  let nextLineFeed = -1;
  let pieces: PieceGatherer | null = null;
  for (let record = 0; record < count; record++) {
    const begin = begins[record];
    const end = ends[record];
    if (nextLineFeed < begin) {
      const found = text.indexOf("\n", begin);
      nextLineFeed = found < 0 ? Number.POSITIVE_INFINITY : found;
    }
    const isOne = nextLineFeed >= end && text.charCodeAt(begin) !== OPEN_ARRAY && !isSpace(text.charCodeAt(begin));
    if (isOne && pieces === null) continue;
    if (pieces === null) {
      pieces = new PieceGatherer(records);
      for (let before = 0; before < record; before++) {
        pieces.add(begins[before], ends[before]);
        pieces.end(before);
      }
    }
    if (isOne) pieces.add(begin, end);
    else cut(pieces, record, text, begin, end);
    pieces.end(record);
  }
  return pieces?.finish() ?? records;
}

function cut(pieces: PieceGatherer, record: number, text: string, begin: number, end: number): void {
  const found = eventsOf(text, begin, end);
  if (found === null) pieces.add(begin, end);
  else if (found.length > 2 * EVENTS_MAX) pieces.refuse(record, TOO_MANY_EVENTS);
  else for (let i = 0; i < found.length; i += 2) pieces.add(found[i], found[i + 1]);
}

/** Where each event begins and ends; null: the text is something else. Not more than one too many. */
function eventsOf(text: string, begin: number, end: number): number[] | null {
  const found: number[] = [];
  let at = skipSpace(text, begin, end);
  if (at === end) return null;
  while (at < end && found.length <= 2 * EVENTS_MAX) {
    const isArray = text.charCodeAt(at) === OPEN_ARRAY;
    if (isArray) at = skipSpace(text, at + 1, end);
    if (isArray && text.charCodeAt(at) === CLOSE_ARRAY && at < end) {
      at = skipSpace(text, at + 1, end);
      continue;
    }
    for (;;) {
      const close = objectEnd(text, at, end);
      if (close < 0) return null;
      found.push(at, close);
      if (found.length > 2 * EVENTS_MAX) return found;
      at = skipSpace(text, close, end);
      if (!isArray) break;
      const next = at < end ? text.charCodeAt(at) : 0;
      if (next !== COMMA && next !== CLOSE_ARRAY) return null;
      at = skipSpace(text, at + 1, end);
      if (next === CLOSE_ARRAY) break;
    }
  }
  return found;
}

/** Position after the object that begins here; -1: none does, or it does not end. */
function objectEnd(text: string, begin: number, end: number): number {
  if (begin >= end || text.charCodeAt(begin) !== OPEN_OBJECT) return -1;
  let depth = 0;
  for (let at = begin; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at++;
      while (at < end && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
    } else if (code === OPEN_OBJECT) depth++;
    else if (code === CLOSE_OBJECT && --depth === 0) return at + 1;
  }
  return -1;
}

function isSpace(code: number): boolean {
  return code === 32 || code === LINE_FEED || code === 9 || code === 13;
}

function skipSpace(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isSpace(text.charCodeAt(at))) at++;
  return at;
}
