import {
  ALNUM,
  AT,
  BACKSLASH,
  CLASSES,
  DASH,
  DIGIT,
  DOT,
  type Find,
  PERCENT,
  PLUS,
  type Scan,
  SLASH,
  SPACE,
  UNDERSCORE,
} from "./characters.ts";
import { nameBefore } from "./near-word.ts";

const OPEN = 0x28;
const CLOSE = 0x29;
const DIGITS_MAX = 15;
/** Second digits of "%20", "%28", "%29", "%2D", "%2E" and "%2F". */
const ENCODED_GAPS = "089DdEeFf";

/** Digits after the country code, from and to, where a country's numbers are all about as long; after ITU-T E.164's annex. */
const NATIONAL_DIGITS =
  "1:10 7:10 20:8-10 27:9 30:10 31:9 32:8-9 33:9 34:9 36:8-9 39:8-11 40:9 41:9 43:7-13 44:9-10 45:8 46:7-10 47:8 48:9 49:7-12 " +
  "51:8-9 52:10 53:8 54:10-11 55:10-11 56:9 57:10 58:10 60:8-10 61:9 62:8-12 63:8-10 64:8-10 65:8 66:8-9 81:9-10 82:8-10 84:9-10 " +
  "86:10-11 90:10 91:10 92:9-10 93:9 94:9 95:7-10 98:10 212:9 213:8-9 216:8 234:8-10 254:9 351:9 352:6-11 353:7-9 354:7-9 355:8-9 " +
  "356:8 357:8 358:6-11 359:8-9 370:8 371:8 372:7-8 373:8 374:8 375:9 380:9 381:8-10 385:8-9 386:8 420:9 421:9 852:8 853:8 880:10 " +
  "886:8-9 961:7-8 962:8-9 965:8 966:8-9 971:8-9 972:8-9 973:8 974:8 977:10";
/** Beginnings of the other country codes of three digits. */
const OTHER_CODES = /^(?:2[1-69]|3[578]|42|5[09]|6[789]|8[058]|9[67])/;

/** By country code: fewest digits after it << 4 | most. 0: no such code. */
const LENGTHS = new Uint8Array(1000);
for (let code = 100; code < 1000; code++) if (OTHER_CODES.test(String(code))) LENGTHS[code] = (6 << 4) | 11;
for (const entry of NATIONAL_DIGITS.split(" ")) {
  const [code, range] = entry.split(":");
  const [from, to = from] = range.split("-");
  LENGTHS[Number(code)] = (Number(from) << 4) | Number(to);
}

/** Keys and words that announce a number: `phone`, `mobile_number`, `tel.`, `fax`. */
const PHONE_WORD =
  /(?:^|[^a-z])(?:(?:tele|cell|smart|mobile|home|work)?phones?|telefon[a-z]*|mobile|mobil|tel|fax|msisdn|whatsapp|handy)(?:[_-]?(?:no|nr|num|number))?$/;
/** By the low five bits of the last three letters of those words. */
const TAILS = new Uint8Array(1 << 15);
for (const tail of "one nes fon ile bil tel fax sdn app ndy mer _no -no eno lno xno nno _nr -nr num ber".split(" ")) {
  TAILS[tailOf(tail.charCodeAt(0), tail.charCodeAt(1), tail.charCodeAt(2))] = 1;
}

function tailOf(a: number, b: number, c: number): number {
  return ((a & 31) << 10) | ((b & 31) << 5) | (c & 31);
}

/**
 * An international number, `+` (or an escape of it) at [at, digits): a country code that exists and as many digits as its
 * numbers have, in one run or in groups. Not a number with a sign, not the offset of a time (`+0200`, `+1200 17`).
 */
export function internationalPhoneAt(scan: Scan, at: number, digits: number): Find | null {
  const { bytes, floor } = scan;
  if (bytes[digits] < 0x31 || bytes[digits] > 0x39) return null;
  if (at > floor) {
    const before = bytes[at - 1];
    if ((CLASSES[before] & ALNUM) !== 0 || before === PLUS || before === SLASH || before === UNDERSCORE) {
      if (!isEscapeBefore(scan, at)) return null;
    }
  }
  const { end, value, groups } = readNumber(scan, digits, international);
  if (end < 0 || !isFreeAfter(bytes, end)) return null;
  const [, to] = groups;
  if (to === 4 && end > digits + 4 && isZone(bytes, digits) && isTimeBefore(scan, at)) return null;
  return { begin: at, end, rule: "phone", kind: "phone", value: `+${value}`, isSupported: end - digits > value.length };
}

/**
 * A number without a country code whose digits begin at `begin`: North American in its usual groups (`415-555-2671`,
 * `(415) 555-2671`), or any of 7 to 15 digits directly after a key or word that announces it.
 */
export function nationalPhoneAt(scan: Scan, begin: number, runEnd: number): Find | null {
  const { bytes, floor } = scan;
  const run = runEnd - begin;
  const after = bytes[runEnd];
  const isOpened = begin > floor && bytes[begin - 1] === OPEN;
  if (run === 3 && (after === DASH || after === CLOSE)) {
    const start = isOpened ? begin - 1 : begin;
    const end = northAmericanEnd(bytes, begin, isOpened);
    if (end > 0 && isFreeStart(scan, start) && isFreeAfter(bytes, end)) {
      const value = `+1${scan.text.slice(begin, end).replaceAll("%20", "").replace(/\D/g, "")}`;
      return { begin: start, end, rule: "phone", kind: "phone", value, isSupported: isOpened };
    }
  }
  if (
    run < 7 &&
    !(
      run >= 2 &&
      (after === SPACE || after === DASH || after === SLASH || after === DOT || after === CLOSE || after === PERCENT)
    )
  ) {
    return null;
  }
  const start = isOpened ? begin - 1 : begin;
  if (run > DIGITS_MAX || (run < 7 && !isOpened && !mayBeAnnounced(bytes, begin)) || !isAnnounced(scan, start))
    return null;
  const { end, value } = readNumber(scan, begin, national);
  if (end < 0 || !isFreeStart(scan, start) || !isFreeAfter(bytes, end)) return null;
  return { begin: start, end, rule: "phone", kind: "phone", value, isSupported: true };
}

/** How many digits more may come after those that are there: 0 = it is whole, -1 = there are too many. */
type Wanted = (value: string) => { readonly min: number; readonly max: number };

const NONE = { min: 16, max: 0 };

function international(value: string): { min: number; max: number } {
  for (let size = 1; size <= 3; size++) {
    const length = LENGTHS[Number(value.slice(0, size))];
    if (length === 0) continue;
    // North American areas and exchanges begin with 2 to 9.
    if (value[0] === "1" && !/^1(?:[2-9]?$|[2-9]\d{1,2}$|[2-9]\d{2}[2-9])/.test(value)) return NONE;
    return { min: size + (length >> 4), max: size + (length & 15) };
  }
  return value.length < 3 ? { min: 16, max: DIGITS_MAX } : NONE;
}

function national(): { min: number; max: number } {
  return { min: 7, max: 13 };
}

/** The digits from `begin` on, across single separators, as long as more may belong to the number. `end` -1: not one. */
function readNumber(scan: Scan, begin: number, wanted: Wanted): { end: number; value: string; groups: number[] } {
  const { bytes } = scan;
  let value = "";
  let end = -1;
  const groups: number[] = [0];
  let i = begin;
  for (;;) {
    const start = i;
    while ((CLASSES[bytes[i]] & DIGIT) !== 0 && i - start <= DIGITS_MAX) i++;
    const longer = value + scan.text.slice(start, i);
    const { min, max } = wanted(longer);
    if (longer.length > max || longer.length > DIGITS_MAX) break;
    value = longer;
    groups.push(value.length);
    end = value.length >= min ? i : -1;
    if (value.length === max) break;
    const next = gapEnd(bytes, i);
    if ((CLASSES[bytes[next]] & DIGIT) === 0) break;
    // A single digit after a whole number is more likely the next thing in the sentence.
    if (end > 0 && bytes[i] === SPACE && (CLASSES[bytes[next + 1]] & DIGIT) === 0) break;
    i = next;
  }
  return { end, value, groups };
}

/** End of what may stand between two groups: one of " -./()", ") ", " (", "%20", or "(0)". */
function gapEnd(bytes: Uint8Array, at: number): number {
  let i = at;
  for (let parts = 0; parts < 3; parts++) {
    const c = bytes[i];
    if (c === PERCENT && bytes[i + 1] === 0x32 && ENCODED_GAPS.includes(String.fromCharCode(bytes[i + 2]))) i += 3;
    else if (c === OPEN && bytes[i + 1] === 0x30 && bytes[i + 2] === CLOSE) i += 3;
    else if (c === SPACE || c === DASH || c === DOT || c === SLASH || c === OPEN || c === CLOSE || c === PLUS) i++;
    else if (c === BACKSLASH && bytes[i + 1] === SLASH) i += 2;
    else break;
    // Two of a kind separate two numbers.
    if (bytes[i] === c && c !== PERCENT) return at;
  }
  return i;
}

function northAmericanEnd(bytes: Uint8Array, begin: number, isOpened: boolean): number {
  if (bytes[begin] < 0x32) return -1;
  let i = begin + 3;
  if (isOpened) {
    if (bytes[i] !== CLOSE) return -1;
    i = bytes[i + 1] === SPACE ? i + 2 : bytes[i + 1] === PERCENT && bytes[i + 2] === 0x32 ? i + 4 : i + 1;
  } else if (bytes[i++] !== DASH) return -1;
  if (bytes[i] < 0x32 || !areDigits(bytes, i, 3)) return -1;
  i += 3;
  if (bytes[i] !== DASH && !(isOpened && (bytes[i] === SPACE || bytes[i] === DOT))) return -1;
  return areDigits(bytes, i + 1, 4) ? i + 5 : -1;
}

function areDigits(bytes: Uint8Array, at: number, count: number): boolean {
  for (let i = at; i < at + count; i++) if ((CLASSES[bytes[i]] & DIGIT) === 0) return false;
  return true;
}

/** Short groups are looked at after a key or its quote, or with the 0 of a trunk call: not every number in a sentence. */
function mayBeAnnounced(bytes: Uint8Array, begin: number): boolean {
  if (bytes[begin] === 0x30 || begin === 0) return true;
  const c = bytes[begin - 1];
  return (
    c === 0x22 || c === 0x27 || c === 0x3d || (c === SPACE && begin > 1 && (CLASSES[bytes[begin - 2]] & DIGIT) === 0)
  );
}

/** Whether the word before is one that announces a phone number; a look at its last letters passes over most. */
function isAnnounced(scan: Scan, begin: number): boolean {
  const { bytes, floor } = scan;
  if (begin === 0) return scan.keyWords !== "" && PHONE_WORD.test(scan.keyWords);
  let end = begin;
  while (end > floor && begin - end < 6 && (CLASSES[bytes[end - 1]] & ALNUM) === 0 && bytes[end - 1] !== UNDERSCORE)
    end--;
  if (end === begin || end - floor < 3) return false;
  if (TAILS[tailOf(bytes[end - 3], bytes[end - 2], bytes[end - 1])] === 0) return false;
  return PHONE_WORD.test(nameBefore(scan, begin));
}

function isFreeStart(scan: Scan, begin: number): boolean {
  if (begin <= scan.floor) return true;
  const before = scan.bytes[begin - 1];
  if (before === DASH || before === DOT || before === SLASH || before === UNDERSCORE) return false;
  return (CLASSES[before] & ALNUM) === 0 || isEscapeBefore(scan, begin);
}

/** "%3D", "\n" and the like before a number are no part of it. */
function isEscapeBefore(scan: Scan, at: number): boolean {
  const { bytes, floor } = scan;
  if (at - 3 >= floor && bytes[at - 3] === PERCENT) return true;
  return at - 2 >= floor && bytes[at - 2] === BACKSLASH;
}

function isFreeAfter(bytes: Uint8Array, end: number): boolean {
  const c = bytes[end];
  if ((CLASSES[c] & ALNUM) !== 0 || c === UNDERSCORE || c === AT) return false;
  const isJoined = c === DASH || c === DOT || c === SLASH || c === 0x3a;
  return !(isJoined && (CLASSES[bytes[end + 1]] & ALNUM) !== 0);
}

function isZone(bytes: Uint8Array, at: number): boolean {
  const hours = (bytes[at] - 0x30) * 10 + bytes[at + 1] - 0x30;
  const minutes = (bytes[at + 2] - 0x30) * 10 + bytes[at + 3] - 0x30;
  return hours <= 14 && minutes % 15 === 0 && minutes < 60;
}

/** `10:00:00 +1200`: a digit stands before the sign, with at most a space between. */
function isTimeBefore(scan: Scan, at: number): boolean {
  const { bytes, floor } = scan;
  const last = at > floor && bytes[at - 1] === SPACE ? at - 2 : at - 1;
  return last >= floor && (CLASSES[bytes[last]] & DIGIT) !== 0;
}
