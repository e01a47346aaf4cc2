import {
  ALNUM,
  BACKSLASH,
  CLASSES,
  COLON,
  COMMA,
  DOT,
  escapeRest,
  type Find,
  QUOTE,
  type Scan,
  SPACE,
  WORD,
} from "./characters.ts";
import { folded, pseudonymKind } from "./field.ts";
import { ownTokenEnd } from "./own-token.ts";
import { quotedEnd } from "./quoted-end.ts";

const KEY_BYTES_MAX = 128;
const APOSTROPHE = 0x27;

/** Keys whose values are denied, wherever a text writes them: in a kept line, a query, a line that was cut. */
export type DeniedKeys = ReadonlyMap<string, string>;

/** The kinds of pseudonyms by key, with each way to write its last part. */
export function deniedKeysOf(keys: readonly (readonly [key: string, field: string])[]): DeniedKeys {
  return new Map(keys.map(([key, field]) => [folded(key), pseudonymKind(field)]));
}

/** The value of a denied key before the separator at [at, end); a quoted one, a JSON object or list, or up to a space. */
export function deniedAt(scan: Scan, at: number, end: number, denied: DeniedKeys): Find | null {
  const { bytes, floor } = scan;
  let keyEnd = at;
  while (keyEnd > floor && at - keyEnd < 12 && isKeyMark(bytes[keyEnd - 1])) keyEnd--;
  let begin = keyEnd;
  while (
    begin > floor &&
    keyEnd - begin < KEY_BYTES_MAX &&
    ((CLASSES[bytes[begin - 1]] & WORD) !== 0 || bytes[begin - 1] === DOT)
  )
    begin--;
  begin += escapeRest(scan, begin);
  if (begin >= keyEnd) return null;
  const kind = kindOfKey(scan.text.slice(begin, keyEnd), denied);
  if (kind === null) return null;
  return valueAt(scan, end, kind, bytes[at] === 0x25);
}

/** The key itself, and each of its ends after a dot: `user.ssn` is denied where `ssn` is, and so is `ssn.last`. */
function kindOfKey(key: string, denied: DeniedKeys): string | null {
  const parts = folded(key).split(".");
  for (let from = 0; from < parts.length; from++) {
    for (let to = parts.length; to > from; to--) {
      const kind = denied.get(parts.slice(from, to).join("."));
      if (kind !== undefined) return kind;
    }
  }
  return null;
}

function isKeyMark(c: number): boolean {
  return c === QUOTE || c === APOSTROPHE || c === BACKSLASH || c === SPACE || c === 0x5d;
}

function valueAt(scan: Scan, from: number, kind: string, isEncoded: boolean): Find | null {
  const { bytes, length } = scan;
  let begin = from;
  while (bytes[begin] === SPACE && begin - from < 16) begin++;
  let level = 0;
  while (bytes[begin + level] === BACKSLASH && level < 8) level++;
  const quote = bytes[begin + level];
  let end: number;
  if (quote === QUOTE || quote === APOSTROPHE) {
    begin += level + 1;
    end = quotedEnd(scan, begin, quote, level);
    if (end < 0) end = length;
  } else if (quote === 0x7b || quote === 0x5b) end = bracketEnd(scan, begin);
  else {
    end = begin;
    while (end < length && !isEnd(scan, end, isEncoded)) end++;
  }
  if (end <= begin || (ownTokenEnd(scan, begin) === end && end > begin)) return null;
  const value = scan.text.slice(begin, end);
  if (/^(?:null|""|\s*)$/.test(value)) return null;
  const isText = quote === QUOTE || quote === APOSTROPHE;
  const isJson = quote === 0x7b || quote === 0x5b || (!isText && !isEncoded && isJsonKey(bytes, from));
  return { begin, end, rule: kind, kind, value, isSupported: true, isQuoted: isJson };
}

/** `"key":` before a bare value: a JSON number or word, whose place only a text in quotes can take. */
function isJsonKey(bytes: Uint8Array, from: number): boolean {
  return bytes[from - 1] === COLON && bytes[from - 2] === QUOTE && bytes[from - 3] !== BACKSLASH;
}

function isEnd(scan: Scan, at: number, isEncoded: boolean): boolean {
  const { bytes } = scan;
  const c = bytes[at];
  if (
    c <= SPACE ||
    c === QUOTE ||
    c === APOSTROPHE ||
    c === COMMA ||
    c === 0x26 ||
    c === 0x3b ||
    c === 0x7d ||
    c === 0x5d
  )
    return true;
  return c === 0x25 && isEncoded && bytes[at + 1] === 0x32 && (bytes[at + 2] === 0x36 || bytes[at + 2] === 0x32);
}

/** End of a JSON object or list; of the text where it is not closed. */
function bracketEnd(scan: Scan, begin: number): number {
  const { bytes, length } = scan;
  let depth = 0;
  for (let i = begin; i < length; i++) {
    const c = bytes[i];
    if (c === 0x7b || c === 0x5b) depth++;
    else if ((c === 0x7d || c === 0x5d) && --depth === 0) return i + 1;
    else if (c === QUOTE) {
      let level = 0;
      while (i - 1 - level >= begin && bytes[i - 1 - level] === BACKSLASH && level < 8) level++;
      const end = quotedEnd(scan, i + 1, QUOTE, level);
      if (end < 0) return length;
      i = end + level;
    }
  }
  return length;
}

/** A denied value of a row, and what stands for it. */
export interface DeniedValue {
  readonly raw: string;
  readonly pseudonym: string;
}

/** Shorter values occur by chance: they are replaced in their own field alone. */
const SHARED_LENGTH_MIN = 3;
const WITHHELD = "<line:withheld>";

/** A text of the same row with the denied values in it replaced, where they stand as words. */
export function withoutDenied(text: string, values: readonly DeniedValue[]): string {
  let out = text;
  for (const { raw, pseudonym } of values) {
    if (raw.length < SHARED_LENGTH_MIN) continue;
    for (const spelling of spellings(raw)) out = replaceWord(out, spelling, pseudonym);
  }
  return out;
}

/**
 * A kept line after masking, with the denied values of its row replaced; withheld where it can't be told for sure that
 * none is left.
 */
export function lineWithoutDenied(line: string, masked: string, values: readonly DeniedValue[]): string {
  const out = withoutDenied(masked, values);
  const before = unescaped(line);
  const after = unescaped(out);
  for (const { raw } of values) {
    if (raw.length < SHARED_LENGTH_MIN) return WITHHELD;
    if (!line.includes(raw) && !before.includes(raw)) return WITHHELD;
    if (out.includes(raw) || after.includes(raw)) return WITHHELD;
  }
  return out;
}

function spellings(raw: string): readonly string[] {
  const json = JSON.stringify(raw).slice(1, -1);
  return [...new Set([raw, json, json.replaceAll("/", "\\/"), encodedBytes(raw)])];
}

function encodedBytes(raw: string): string {
  return raw.replace(/[^\w.~-]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function replaceWord(text: string, word: string, by: string): string {
  let out = "";
  let done = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at < done || isAlnum(text, at - 1, word, 0) || isAlnum(text, at + word.length, word, word.length - 1)) continue;
    out += text.slice(done, at) + by;
    done = at + word.length;
  }
  return out + text.slice(done);
}

/** Whether the neighbour and the edge of the word are both letters or digits, so that it is part of a longer word. */
function isAlnum(text: string, at: number, word: string, edge: number): boolean {
  return (
    at >= 0 &&
    at < text.length &&
    (CLASSES[text.charCodeAt(at)] & ALNUM) !== 0 &&
    (CLASSES[word.charCodeAt(edge)] & ALNUM) !== 0
  );
}

/** Escapes of JSON, logfmt, access logs and URLs resolved, as far as they can hide a value. */
function unescaped(text: string): string {
  if (!/[\\%]/.test(text)) return text;
  return text
    .replace(/\\u00([0-9a-fA-F]{2})|\\x([0-9a-fA-F]{2})|%([0-9a-fA-F]{2})/g, (_, a, b, c) =>
      String.fromCharCode(Number.parseInt(a ?? b ?? c, 16)),
    )
    .replace(/\\(.)/g, (_, char: string) => ({ n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" })[char] ?? char);
}
