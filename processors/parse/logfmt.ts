import { decodeEscapes } from "./json.ts";
import type { Format } from "./line-parser.ts";
import type { ScannedLine } from "./shape.ts";
import { createShapedParser } from "./shaped-line.ts";

/*
 * logfmt: `key=value` pairs between spaces; a value with spaces stands in quotes and may hold JSON-like escapes.
 * A line is logfmt only if all of it is pairs, and at least two: a sentence with a pair in it is text.
 */

const PAIRS_MIN = 2;
const PAIRS_MAX = 1000;

const QUOTE = 34;
const EQUALS = 61;
const SPACE = 32;
const BACKSLASH = 92;

function isKeyCharacter(code: number): boolean {
  return code > 32 && code !== QUOTE && code !== EQUALS && code !== 127;
}

/** Reads a line of pairs into names and values; false if it is not one. `seen` is room for its names. */
function scanPairs(text: string, begin: number, end: number, line: ScannedLine, seen: Set<string>): boolean {
  if (seen.size > 0) seen.clear();
  let at = begin;
  while (at < end) {
    while (at < end && text.charCodeAt(at) === SPACE) at++;
    if (at >= end) break;
    const keyAt = at;
    while (at < end && isKeyCharacter(text.charCodeAt(at))) at++;
    if (at === keyAt || at >= end || text.charCodeAt(at) !== EQUALS) return false;
    const name = text.slice(keyAt, at);
    at++;
    let start = at;
    let decoded: string | undefined;
    const quoted = at < end && text.charCodeAt(at) === QUOTE;
    let valueEnd: number;
    if (quoted) {
      start = ++at;
      while (at < end && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
      if (at >= end) return false;
      valueEnd = at;
      const inside = text.slice(start, at);
      if (inside.includes("\\")) decoded = decodeEscapes(inside) ?? inside;
      at++;
      if (at < end && text.charCodeAt(at) !== SPACE) return false;
    } else {
      while (at < end && text.charCodeAt(at) !== SPACE) {
        if (text.charCodeAt(at) === QUOTE) return false;
        at++;
      }
      valueEnd = at;
    }
    if (seen.has(name) || decoded !== undefined) line.exact = line.repeatable = false;
    seen.add(name);
    line.names.push(name);
    line.starts.push(start);
    line.ends.push(valueEnd);
    line.quoted.push(quoted);
    line.decoded.push(decoded);
    if (line.names.length > PAIRS_MAX) return false;
  }
  return line.names.length >= PAIRS_MIN;
}

/** Whether the first word is one of a pair. */
function mayBegin(text: string, begin: number): boolean {
  let at = begin;
  while (text.charCodeAt(at) === SPACE) at++;
  while (isKeyCharacter(text.charCodeAt(at))) at++;
  return text.charCodeAt(at) === EQUALS;
}

export const LOGFMT: Format = {
  name: "logfmt",
  joins: false,
  code: "PARSE_NOT_LOGFMT",
  create(zone) {
    const seen = new Set<string>();
    return createShapedParser(
      (line) => (text, begin, end) => scanPairs(text, begin, end, line, seen),
      { terminators: ' "', isBare: () => true, mayBegin },
      zone,
    );
  },
};
