import { fromByteText } from "../model/record.ts";
import {
  BACKSLASH,
  CLASSES,
  COLON,
  DASH,
  DIGIT,
  DOT,
  escapeRest,
  type Find,
  hasWordAt,
  hexAt,
  LETTER,
  LOCAL,
  PERCENT,
  PLUS,
  type Scan,
  SLASH,
} from "./characters.ts";

const LOCAL_BYTES_MAX = 192;
const DOMAIN_BYTES_MAX = 255;

/** Last parts of file and unit names: `icon@2x.png`, `getty@tty1.service`. None of them is a top-level domain in use. */
const NOT_A_DOMAIN = new Set(
  (
    "png jpg jpeg gif svg webp ico css js mjs cjs jsx ts tsx json xml html htm php map woff woff2 ttf txt log yml yaml jar " +
    "class dll exe java service socket slice mount automount timer target scope device path swap"
  ).split(" "),
);

/**
 * The e-mail address around an "@" (or "%40", "%2540", "\u0040") at [at, atEnd). The value is the address in lower case
 * with escapes resolved, so that every spelling has the same pseudonym.
 */
export function emailAt(scan: Scan, at: number, atEnd: number): Find | null {
  const begin = localBegin(scan, at);
  if (begin === at || at - begin > LOCAL_BYTES_MAX) return null;
  const end = domainEnd(scan.bytes, atEnd);
  if (end < 0) return null;
  if (
    isVersion(scan.bytes, atEnd) ||
    isFileName(scan.text.slice(atEnd, end)) ||
    isGitRemote(scan.bytes, begin, at, end)
  ) {
    return null;
  }
  const written = scan.text.slice(begin, end);
  if (atEnd - at === 1 && !/[%\\]/.test(written))
    return { begin, end, rule: "email", kind: "email", value: normal(written) };
  const address = `${unescapeLocal(scan.text.slice(begin, at))}@${scan.text.slice(atEnd, end)}`;
  return { begin, end, rule: "email", kind: "email", value: normal(address) };
}

function isFileName(domain: string): boolean {
  return NOT_A_DOMAIN.has(domain.slice(domain.lastIndexOf(".") + 1).toLowerCase());
}

function normal(address: string): string {
  return (/[^\x00-\x7f]/.test(address) ? fromByteText(address) : address).toLowerCase();
}

function localBegin(scan: Scan, at: number): number {
  const { bytes, floor } = scan;
  let begin = at;
  while (begin > floor && at - begin <= LOCAL_BYTES_MAX) {
    const c = bytes[begin - 1];
    if ((CLASSES[c] & LOCAL) !== 0) {
      begin--;
    } else if (c >= 0x80) {
      if (begin - 2 < floor || !isLetterPair(bytes, begin - 2)) break;
      begin -= 2;
    } else if (c === PERCENT || c === BACKSLASH) {
      const rest = escapeRest(scan, begin);
      if (begin + rest > at) break;
      if (rest < 2 || !isLocalCode(hexAt(bytes, begin + (rest === 5 ? 1 : 0), begin + rest), rest)) {
        begin += rest;
        break;
      }
      begin--;
    } else {
      break;
    }
  }
  while (begin < at && (bytes[begin] === DOT || bytes[begin] === DASH || bytes[begin] === PLUS)) begin++;
  return begin;
}

/** Whether an escaped character belongs to the address ("%2B" is the "+" of joe+news) or separates it ("%3D"). */
function isLocalCode(code: number, rest: number): boolean {
  return code >= 0x80 ? rest === 2 : (CLASSES[code] & LOCAL) !== 0;
}

/**
 * A two-byte UTF-8 letter (Latin, Greek, Cyrillic …). Longer sequences end an address: Chinese and Japanese text
 * touches it without a space, and so do curly quotes.
 */
function isLetterPair(bytes: Uint8Array, at: number): boolean {
  return bytes[at] >= 0xc3 && bytes[at] <= 0xdf && (bytes[at + 1] & 0xc0) === 0x80;
}

/** End of the longest domain with at least one dot and a last label of letters, or -1. */
function domainEnd(bytes: Uint8Array, begin: number): number {
  let end = begin;
  while (end - begin <= DOMAIN_BYTES_MAX) {
    const c = bytes[end];
    if ((CLASSES[c] & (DIGIT | LETTER)) !== 0 || c === DASH || (c === DOT && bytes[end - 1] !== DOT)) end++;
    else if (c >= 0x80 && isLetterPair(bytes, end)) end += 2;
    else break;
  }
  if (end - begin > DOMAIN_BYTES_MAX || bytes[begin] === DOT) return -1;
  for (;;) {
    while (end > begin && (bytes[end - 1] === DOT || bytes[end - 1] === DASH)) end--;
    let label = end;
    while (label > begin && bytes[label - 1] !== DOT) label--;
    if (label <= begin + 1) return -1;
    let letters = label;
    while (letters < end && ((CLASSES[bytes[letters]] & LETTER) !== 0 || bytes[letters] >= 0x80)) letters++;
    if (letters - label >= 2) {
      const isWhole = letters === end || (bytes[letters] === DASH && bytes[letters + 1] === DASH);
      if (isWhole) return end;
      if (bytes[letters] === DASH) return letters;
    }
    end = label - 1;
  }
}

/** `react@18.0.0-rc.next`, `lib@v2.1.beta`: two numbers at the start of what would be the domain. */
function isVersion(bytes: Uint8Array, begin: number): boolean {
  let i = bytes[begin] === 0x76 ? begin + 1 : begin;
  const digits = i;
  while ((CLASSES[bytes[i]] & DIGIT) !== 0) i++;
  return i > digits && bytes[i] === DOT && (CLASSES[bytes[i + 1]] & DIGIT) !== 0;
}

/** `git@example.com:team/project.git`: the account of a code host, which is nobody's address. */
function isGitRemote(bytes: Uint8Array, begin: number, at: number, end: number): boolean {
  if (at - begin !== 3 || !hasWordAt(bytes, begin, "git")) return false;
  return bytes[end] === SLASH || (bytes[end] === COLON && (CLASSES[bytes[end + 1]] & LETTER) !== 0);
}

function unescapeLocal(raw: string): string {
  return raw.replace(/%([0-9A-Fa-f]{2})|\\u00([0-9A-Fa-f]{2})/g, (_, percent, unicode) =>
    String.fromCharCode(Number.parseInt(percent ?? unicode, 16)),
  );
}
