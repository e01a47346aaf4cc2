import {
  APOSTROPHE,
  BACKSLASH,
  CLASSES,
  COLON,
  COMMA,
  DASH,
  DIGIT,
  DOT,
  EQUALS,
  type Find,
  hasWordAt,
  LESS,
  LETTER,
  PERCENT,
  QUOTE,
  type Scan,
  SEMICOLON,
  SLASH,
  SPACE,
  secretFind,
  TOKEN68,
  WORD,
} from "./characters.ts";
import { ownTokenEnd } from "./own-token.ts";
import { quotedEnd } from "./quoted-end.ts";
import { COOKIE, type KeyKind, SECRET, SESSION, TOKEN } from "./secret-key.ts";
import { isTokenLike } from "./token-like.ts";

/** How the separator after a secret key was written. */
export interface Separator {
  /** First byte after it. */
  readonly end: number;
  readonly isColon: boolean;
  /** Written "%3D": the value ends at an encoded separator, too. */
  readonly isEncoded: boolean;
  /** There is space before it: "key = value". */
  readonly isSpaced: boolean;
  /** Quote around the key; 0 = none, PERCENT = "%22". */
  readonly quote: number;
  /** How many backslashes stand before that quote. */
  readonly level: number;
}

const KEY_BYTES_MAX = 64;
const MASKED = "<secret>";
const SCHEMES = ["bearer", "basic", "token", "negotiate", "ntlm", "apikey", "digest", "hawk"];
/** Enough to judge a value by; a bound, because in prose every key of a line is judged and few are masked. */
const JUDGED_BYTES_MAX = 64;
/** What prose says about a secret instead of giving it: "password: incorrect". */
const PROSE = new Set(
  (
    "incorrect invalid required missing expired must too not is was are has cannot can wrong mismatch changed reset failed " +
    "ok accepted denied empty none yes no null true false undefined unset the a an for unknown error user"
  ).split(" "),
);
const LITERALS = new Set(["true", "false", "null", "none", "nil", "undefined"]);

const WORD_ENDS = ".,;:!?&)]}'\"";
const OPENERS = "([{<";
const CLOSERS = ")]}>";

/** The value of a secret key, from after its separator on; null if there is none or if prose only speaks of it. */
export function secretValueAt(scan: Scan, kind: KeyKind, separator: Separator): Find | null {
  const { bytes } = scan;
  let begin = separator.end;
  // In logfmt "password= user=joe" has no password; "password = x" and "password: x" do.
  if (!separator.isColon && !separator.isSpaced && separator.quote === 0 && isBlank(bytes[begin])) return null;
  while (isBlank(bytes[begin]) && begin - separator.end < 16) begin++;
  if (!separator.isColon && bytes[begin] === 0x3e) begin = afterArrow(bytes, begin);
  if (separator.isEncoded && isEncodedQuote(bytes, begin)) begin += 3;
  let level = 0;
  while (bytes[begin + level] === BACKSLASH && level < 8) level++;
  const quote = bytes[begin + level];
  if ((quote === QUOTE || quote === APOSTROPHE) && opens(scan, begin + level + 1, separator)) {
    const end = quotedEnd(scan, begin + level + 1, quote, level);
    if (end >= 0) return replace(scan, schemeEnd(scan, begin + level + 1, end, kind), end);
    if (quote === QUOTE) return replace(scan, begin + level + 1, scan.length);
  }
  return bareValueAt(scan, kind, separator, begin);
}

/** `"password"=>"x"`: the quote after the arrow; the arrow itself if there is none. */
function afterArrow(bytes: Uint8Array, arrow: number): number {
  const next = isBlank(bytes[arrow + 1]) ? arrow + 2 : arrow + 1;
  return bytes[next] === QUOTE || bytes[next] === APOSTROPHE || bytes[next] === BACKSLASH ? next : arrow;
}

/** A quote after `password=` may open the value, or close the text that ends with an empty password. */
function opens(scan: Scan, at: number, separator: Separator): boolean {
  if (separator.quote !== 0) return true;
  return at < scan.length && !isBlank(scan.bytes[at]) && !",}])".includes(String.fromCharCode(scan.bytes[at]));
}

function bareValueAt(scan: Scan, kind: KeyKind, separator: Separator, begin: number): Find | null {
  const { bytes } = scan;
  const first = bytes[begin];
  const isJson = separator.quote === QUOTE || separator.quote === APOSTROPHE;
  if (isJson && first === 0x5b) return quoteLike(scan, separator, begin, arrayEnd(scan, begin));
  if (isJson && first === 0x7b) return null;
  if (isJson && ((CLASSES[first] & DIGIT) !== 0 || first === DASH)) {
    let end = begin;
    while ((CLASSES[bytes[end]] & WORD) !== 0 || bytes[end] === 0x2b || bytes[end] === DOT) end++;
    return quoteLike(scan, separator, begin, end);
  }
  // "==", "=>", "::" and "://" compare, map and name.
  if (first === EQUALS || first === 0x3e) return null;
  if (separator.isColon && begin === separator.end && (first === COLON || first === SLASH)) return null;
  const word = wordAt(scan, begin);
  if (LITERALS.has(word.toLowerCase())) return null;
  const credential = schemeEnd(scan, begin, scan.length, kind);
  if (credential === begin && separator.isColon && !separator.isEncoded && !isPlausible(scan, begin, kind, word))
    return null;
  let end = bareEnd(scan, credential, separator.isEncoded);
  while (kind === COOKIE && bytes[end] === SEMICOLON && end < scan.length) {
    const next = bytes[end + 1] === SPACE ? end + 2 : end + 1;
    const more = bareEnd(scan, next, separator.isEncoded);
    if (more === next) break;
    end = more;
  }
  if (kind === SECRET && word === "" && isDirectory(scan, separator, begin, end)) return null;
  return replace(scan, credential, withoutClosers(bytes, credential, end));
}

function replace(scan: Scan, begin: number, end: number): Find | null {
  if (end <= begin || ownTokenEnd(scan, begin) > begin) return null;
  return secretFind("secret_value", begin, end);
}

/** Replaces a JSON number or array by a string, so that the JSON stays JSON. */
function quoteLike(scan: Scan, separator: Separator, begin: number, end: number): Find | null {
  if (end <= begin) return null;
  const quote = "\\".repeat(separator.level) + String.fromCharCode(separator.quote);
  return {
    begin,
    end: Math.min(end, scan.length),
    rule: "secret_value",
    kind: "replacement",
    value: quote + MASKED + quote,
  };
}

/** End of the array that begins at `begin`; the text's end if it isn't closed. */
function arrayEnd(scan: Scan, begin: number): number {
  const { bytes, length } = scan;
  let depth = 0;
  for (let i = begin; i < length; i++) {
    const c = bytes[i];
    if (c === 0x5b) depth++;
    else if (c === 0x5d && --depth === 0) return i + 1;
    else if (c === QUOTE) {
      let level = 0;
      while (bytes[i - 1 - level] === BACKSLASH && level < 8) level++;
      const end = quotedEnd(scan, i + 1, QUOTE, level);
      if (end < 0) return length;
      i = end + level;
    }
  }
  return length;
}

/**
 * End of an unquoted value. A separator ends it where a key, a space or the end follows: "a&b" may be a password, but
 * "a&b=1" is one and the next parameter.
 */
function bareEnd(scan: Scan, begin: number, isEncoded: boolean): number {
  const { bytes, length } = scan;
  let end = begin;
  for (; end < length; end++) {
    const c = bytes[end];
    if (c <= SPACE || c === QUOTE) break;
    if ((CLASSES[c] & WORD) !== 0) continue;
    if ((c === APOSTROPHE || c === 0x60) && (CLASSES[bytes[end + 1]] & (LETTER | DIGIT)) === 0) break;
    if ((c === COMMA || c === SEMICOLON || c === 0x26 || c === 0x7c) && endsPair(scan, end + 1)) break;
    if (c === 0x26 && isEncoded) break;
    if (c === LESS && bytes[end + 1] === 0x2f) break;
    if (c === BACKSLASH) {
      if (hasWordAt(bytes, end + 1, "u0026")) break;
      let run = 1;
      while (bytes[end + run] === BACKSLASH) run++;
      const after = bytes[end + run];
      if ((after === QUOTE || after === APOSTROPHE) && run % 2 === 1) {
        end += run - 1;
        break;
      }
      end += run - 1;
    }
    if (c === PERCENT && isEncoded && (hasWordAt(bytes, end + 1, "26") || isEncodedQuote(bytes, end))) break;
  }
  return end;
}

function endsPair(scan: Scan, at: number): boolean {
  const { bytes } = scan;
  if (bytes[at] <= SPACE || bytes[at] === QUOTE || bytes[at] === APOSTROPHE || hasWordAt(bytes, at, "amp;"))
    return true;
  let i = at;
  for (let budget = KEY_BYTES_MAX; budget > 0; budget--) {
    const token = bytes[i] === LESS ? ownTokenEnd(scan, i) : i;
    if (token > i) i = token;
    else if ((CLASSES[bytes[i]] & WORD) !== 0 || bytes[i] === DOT || bytes[i] === 0x5b || bytes[i] === 0x5d) i++;
    else break;
  }
  return i > at && (bytes[i] === EQUALS || bytes[i] === COLON);
}

/** `Login{password=x}`: a bracket that the value didn't open belongs to the text around it. */
function withoutClosers(bytes: Uint8Array, begin: number, end: number): number {
  while (end - 1 > begin) {
    const closer = CLOSERS.indexOf(String.fromCharCode(bytes[end - 1]));
    if (closer < 0) break;
    const opener = bytes.indexOf(OPENERS.charCodeAt(closer), begin);
    if (opener >= 0 && opener < end) break;
    end--;
  }
  return end;
}

/** Begin of what follows an authentication scheme in [begin, end); begin itself where there is none. */
function schemeEnd(scan: Scan, begin: number, end: number, kind: KeyKind): number {
  if (kind !== TOKEN && kind !== SESSION) return begin;
  const { bytes } = scan;
  for (const scheme of SCHEMES) {
    const credential = begin + scheme.length + 1;
    if (bytes[credential - 1] !== SPACE || credential >= end || !hasWordAt(bytes, begin, scheme)) continue;
    if ((CLASSES[bytes[credential]] & TOKEN68) !== 0 || scan.text.startsWith(MASKED, credential)) return credential;
  }
  return begin;
}

/** Whether the value after "key: " in running text is a secret rather than the sentence going on. */
function isPlausible(scan: Scan, begin: number, kind: KeyKind, word: string): boolean {
  if (PROSE.has(word.toLowerCase())) return false;
  if (kind === SECRET) return true;
  const { bytes } = scan;
  let pairs = 0;
  let end = begin;
  for (; end - begin < JUDGED_BYTES_MAX; end++) {
    const c = bytes[end];
    if (c <= SPACE || c === QUOTE || c === COMMA) break;
    // What was masked in it was judged before it was masked.
    if (c === LESS) return false;
    if (c === EQUALS && (CLASSES[bytes[end + 1]] & WORD) !== 0) pairs++;
  }
  if (kind === COOKIE) return pairs > 0;
  // "0x" begins the handle of a session, not its secret.
  if (pairs > 0 || hasWordAt(bytes, begin, "0x")) return false;
  return end - begin >= (kind === SESSION ? 10 : 0) && isTokenLike(bytes, begin, end);
}

/** The letters at `at`, if they end there as words of a sentence or of a list do; else "". */
function wordAt(scan: Scan, at: number): string {
  let end = at;
  while (end - at < 16 && (CLASSES[scan.bytes[end]] & LETTER) !== 0) end++;
  const after = scan.bytes[end];
  return after <= SPACE || WORD_ENDS.includes(String.fromCharCode(after)) ? scan.text.slice(at, end) : "";
}

/** `PWD=/srv/app`: the working directory of a process. */
function isDirectory(scan: Scan, separator: Separator, begin: number, end: number): boolean {
  const { bytes } = scan;
  if (bytes[begin] !== SLASH || separator.isColon || !hasWordAt(bytes, separator.end - 4, "pwd=")) return false;
  let i = begin;
  while (i < end && i - begin < JUDGED_BYTES_MAX && ((CLASSES[bytes[i]] & WORD) !== 0 || isPathMark(bytes[i]))) i++;
  return i === end || i - begin === JUDGED_BYTES_MAX || bytes[i] === LESS;
}

function isPathMark(c: number): boolean {
  return c === SLASH || c === DOT;
}

function isEncodedQuote(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === PERCENT && bytes[at + 1] === 0x32 && bytes[at + 2] === 0x32;
}

function isBlank(c: number): boolean {
  return c === SPACE || c === 9;
}
