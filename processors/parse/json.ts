import type { Format } from "./line-parser.ts";
import type { ScannedLine } from "./shape.ts";
import { createShapedParser, type Scan } from "./shaped-line.ts";

/*
 * JSON lines: one object a line. Nested objects are flattened with dots; arrays, and objects deeper than DEPTH_MAX,
 * stay as their JSON text. Numbers stay as they are written, so that integers beyond 2^53 survive. null says that
 * there is no value.
 */

const DEPTH_MAX = 16;
const FIELDS_MAX = 1000;

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const COLON = 58;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;

const ZERO = 48;

/** Position after a run of digits. */
function digitsEnd(value: string, from: number): number {
  let at = from;
  while (at < value.length && value.charCodeAt(at) >= ZERO && value.charCodeAt(at) <= 57) at++;
  return at;
}

/** A number or a boolean as JSON writes it. */
function isScalar(value: string): boolean {
  const sign = value.charCodeAt(0) === 45 ? 1 : 0;
  let at = digitsEnd(value, sign);
  if (at === sign) return value === "true" || value === "false";
  if (at > sign + 1 && value.charCodeAt(sign) === ZERO) return false;
  if (value[at] === ".") {
    const fraction = at + 1;
    at = digitsEnd(value, fraction);
    if (at === fraction) return false;
  }
  if (value[at] === "e" || value[at] === "E") {
    const exponent = value[at + 1] === "+" || value[at + 1] === "-" ? at + 2 : at + 1;
    at = digitsEnd(value, exponent);
    if (at === exponent) return false;
  }
  return at === value.length;
}

const ESCAPES: Record<string, string> = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * The text of a JSON string's inside, as byte text; null if an escape is malformed. A lone surrogate can't be written
 * in UTF-8: its escape stays as it stands.
 */
export function decodeEscapes(inside: string): string | null {
  let out = "";
  let from = 0;
  let at = inside.indexOf("\\");
  while (at >= 0) {
    out += inside.slice(from, at);
    const letter = inside[at + 1];
    if (letter === "u") {
      const match = /^[0-9a-fA-F]{4}(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?/.exec(inside.slice(at + 2, at + 12));
      if (match === null) return null;
      const unit = Number.parseInt(match[0].slice(0, 4), 16);
      const isHigh = unit >= 0xd800 && unit <= 0xdbff;
      if (isHigh && match[1] !== undefined) {
        const low = Number.parseInt(match[1], 16);
        out += Buffer.from(String.fromCharCode(unit, low), "utf8").latin1Slice();
        from = at + 12;
      } else if (unit >= 0xd800 && unit <= 0xdfff) {
        out += inside.slice(at, at + 6);
        from = at + 6;
      } else {
        out += Buffer.from(String.fromCharCode(unit), "utf8").latin1Slice();
        from = at + 6;
      }
    } else {
      const character = letter === undefined ? undefined : ESCAPES[letter];
      if (character === undefined) return null;
      out += character;
      from = at + 2;
    }
    at = inside.indexOf("\\", from);
  }
  return out + inside.slice(from);
}

/** Reads one object into names and values; false if the text is not one JSON object. */
function createScanner(line: ScannedLine): Scan {
  let text = "";
  let end = 0;
  let at = 0;
  const seen = new Set<string>();

  function skipSpace(): void {
    while (at < end) {
      const code = text.charCodeAt(at);
      if (code !== 32 && code !== 9 && code !== 13 && code !== 10) return;
      at++;
    }
  }

  /** From after an opening quote to its closing quote, where `at` then stands; false if there is none. */
  function skipString(): boolean {
    for (;;) {
      const close = text.indexOf('"', at);
      if (close < 0 || close >= end) return false;
      let before = close - 1;
      while (before >= at && text.charCodeAt(before) === BACKSLASH) before--;
      at = close;
      if ((close - before) % 2 === 1) return true;
      at = close + 1;
    }
  }

  /** Over an array or object without looking into it, however deep; false if its brackets don't close. */
  function skipRaw(): boolean {
    let depth = 0;
    while (at < end) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        at++;
        if (!skipString()) return false;
      } else if (code === OPEN_ARRAY || code === OPEN_OBJECT) depth++;
      else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) {
        depth--;
        if (depth === 0) {
          at++;
          return true;
        }
      }
      at++;
    }
    return false;
  }

  function add(name: string, start: number, valueEnd: number, quoted: boolean, decoded: string | undefined): void {
    if (seen.has(name)) {
      line.exact = false;
      line.repeatable = false;
    }
    seen.add(name);
    line.names.push(name);
    line.starts.push(start);
    line.ends.push(valueEnd);
    line.quoted.push(quoted);
    line.decoded.push(decoded);
    if (decoded !== undefined) {
      line.exact = false;
      line.repeatable = false;
    }
  }

  function scanValue(name: string, depth: number): boolean {
    const code = text.charCodeAt(at);
    const start = at;
    if (code === QUOTE) {
      at++;
      if (!skipString()) return false;
      const inside = text.slice(start + 1, at);
      const decoded = inside.includes("\\") ? decodeEscapes(inside) : undefined;
      if (decoded === null) return false;
      add(name, start + 1, at, true, decoded);
      at++;
      return true;
    }
    if (code === OPEN_OBJECT && depth < DEPTH_MAX) return scanObject(`${name}.`, depth + 1);
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (!skipRaw()) return false;
      line.repeatable = false;
      add(name, start, at, false, undefined);
      return true;
    }
    while (at < end) {
      const next = text.charCodeAt(at);
      if (next === COMMA || next === CLOSE_OBJECT || next <= 32) break;
      at++;
    }
    const value = text.slice(start, at);
    if (value === "null") return true;
    if (!isScalar(value)) return false;
    add(name, start, at, false, undefined);
    return true;
  }

  function scanObject(prefix: string, depth: number): boolean {
    at++;
    skipSpace();
    if (text.charCodeAt(at) === CLOSE_OBJECT && at < end) {
      at++;
      return true;
    }
    while (at < end && line.names.length < FIELDS_MAX) {
      if (text.charCodeAt(at) !== QUOTE) return false;
      const start = ++at;
      if (!skipString()) return false;
      let name = text.slice(start, at);
      if (name.includes("\\")) {
        const decoded = decodeEscapes(name);
        if (decoded === null) return false;
        name = decoded;
        line.exact = false;
        line.repeatable = false;
      }
      at++;
      skipSpace();
      if (text.charCodeAt(at) !== COLON || at >= end) return false;
      at++;
      skipSpace();
      if (at >= end || !scanValue(prefix + name, depth)) return false;
      skipSpace();
      const next = at < end ? text.charCodeAt(at) : 0;
      at++;
      if (next === CLOSE_OBJECT) return true;
      if (next !== COMMA) return false;
      skipSpace();
    }
    return false;
  }

  return function scan(whole, begin, lineEnd) {
    text = whole;
    at = begin;
    end = lineEnd;
    seen.clear();
    if (text.startsWith(BYTE_ORDER_MARK, at)) at += BYTE_ORDER_MARK.length;
    skipSpace();
    if (at >= end || text.charCodeAt(at) !== OPEN_OBJECT || !scanObject("", 0)) return false;
    skipSpace();
    return at === end && line.names.length > 0;
  };
}

const BYTE_ORDER_MARK = "\xef\xbb\xbf";

/** An object, or what may stand in front of it. */
function mayBegin(text: string, begin: number): boolean {
  const first = text.charCodeAt(begin);
  return first === OPEN_OBJECT || first === 32 || first === 9 || first === 0xef;
}

/** Avro as it is decoded: an object for each event. */
export const AVRO: Format = {
  name: "avro",
  joins: false,
  code: "DECODE_AVRO_VALUE",
  create: (zone) => JSON_LINES.create(zone),
  explain: () => "None of its fields has a value.",
};

export const JSON_LINES: Format = {
  name: "json",
  joins: false,
  code: "PARSE_NOT_JSON",
  create: (zone) => createShapedParser(createScanner, { terminators: ',}] \t\r\n"', isBare: isScalar, mayBegin }, zone),
};
