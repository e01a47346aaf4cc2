import {
  ALNUM,
  AT,
  blankAt,
  CLASSES,
  DASH,
  DIGIT,
  DOT,
  type Find,
  isFreeBefore,
  LESS,
  PERCENT,
  PLUS,
  type Scan,
  UNDERSCORE,
} from "./characters.ts";
import { isNearWord, nameBefore, nameEnd, nearWords } from "./near-word.ts";

/**
 * First four digits (from, to) and the lengths that are issued, after ISO/IEC 7812 and the networks' published ranges.
 * A random number of 16 digits passes this and the check digit about once in forty.
 */
const ISSUERS: readonly (readonly [from: number, to: number, ...lengths: number[]])[] = [
  [4000, 4999, 13, 16, 19],
  [5100, 5599, 16],
  [2221, 2720, 16],
  [3400, 3499, 15],
  [3700, 3799, 15],
  [3000, 3059, 14],
  [3095, 3095, 14],
  [3600, 3699, 14],
  [3800, 3999, 14],
  [6011, 6011, 16, 19],
  [6440, 6599, 16, 19],
  [6200, 6299, 16, 17, 18, 19],
  [3528, 3589, 16],
  [2131, 2131, 15],
  [1800, 1800, 15],
  [5018, 5018, 13, 14, 15, 16, 17, 18, 19],
  [5020, 5020, 13, 14, 15, 16, 17, 18, 19],
  [5038, 5038, 13, 14, 15, 16, 17, 18, 19],
  [5893, 5893, 13, 14, 15, 16, 17, 18, 19],
  [6304, 6304, 13, 14, 15, 16, 17, 18, 19],
  [6759, 6763, 13, 14, 15, 16, 17, 18, 19],
  [2200, 2204, 16, 17, 18, 19],
  [5060, 5099, 16],
  [6060, 6089, 16],
  [9792, 9792, 16],
];

/** Bit n of LENGTHS[first four digits]: numbers of n digits are issued. */
const LENGTHS = new Uint32Array(10_000);
for (const [from, to, ...lengths] of ISSUERS) {
  for (let prefix = from; prefix <= to; prefix++) for (const length of lengths) LENGTHS[prefix] |= 1 << length;
}

/** Sizes of the groups of a number; 4-4-4-4 goes on to 4-4-4-4-n if it isn't one itself. */
const CARD_SHAPES = new Set([465, 464, 4441, 4442, 4443, 4444, 44441, 44442, 44443]);

/** Last words of a key that say that a number names, counts or times something, and pays nothing. */
const IDENTIFIER_KEYS =
  /(?:^|[^a-z])(?:u?id|ids|ts|time|timestamp|nanos|micros|millis|[num]s|seq|sequence|offset|epoch|order|trace|span|request|req|txn?|transaction|block|blk|lsn|z?xid|cursor|etag|version|v|ver|rev|build|size|bytes|length|count|checksum|nonce|phone|tel|mobile|imei|barcode|ean|gtin|isbn|sku|tracking|parcel|shipment|invoice|(?:trace|span|order|request|user|session|account|parent|message|msg|event|object|item|device|job|task|thread|block|client|customer|transaction)id)$/;
/** The same for the word before a number in a sentence, where "request 4111…" may well be the end of one phrase. */
const IDENTIFIER_WORDS =
  /^(?:id|ids|ts|timestamp|nanos|seq|sequence|offset|epoch|order|trace|span|block|lsn|z?xid|barcode|tracking|parcel|shipment|invoice)$/;
const HASH = 0x23;
const CARD = /card|pan$|pay|credit|debit/;
/** Article numbers (EAN) have 13 digits as well, and cards of 13 are rare: only near such a word is it one. */
const SHORT_LENGTH = 13;
const NEAR_SHORT = nearWords("cards?|visa|maestro");

/**
 * The card number that starts with the digits [begin, runEnd): 13 to 19 digits in one run, or in the groups that are
 * printed on cards (4-4-4-4, 4-4-4-4-3, 4-6-5, 4-6-4) with single separators. The value is its digits.
 */
export function cardAt(scan: Scan, begin: number, runEnd: number): Find | null {
  const length = runEnd - begin;
  if (length >= 13) return length <= 19 ? found(scan, begin, runEnd, length) : null;
  return length === 4 ? groupedAt(scan, begin, runEnd) : null;
}

function groupedAt(scan: Scan, begin: number, runEnd: number): Find | null {
  const { bytes } = scan;
  const separator = bytes[runEnd];
  const gap = separator === DASH ? 1 : blankAt(bytes, runEnd);
  if (gap === 0 || LENGTHS[number4(bytes, begin)] === 0) return null;
  let end = runEnd;
  let digits = 4;
  let shape = 4;
  while (digits < 19) {
    if (bytes[end] !== separator || (gap === 3 && blankAt(bytes, end) !== 3)) return null;
    const start = end + gap;
    end = start;
    while ((CLASSES[bytes[end]] & DIGIT) !== 0 && end - start < 7) end++;
    digits += end - start;
    shape = shape * 10 + (end - start);
    if (CARD_SHAPES.has(shape)) {
      const find = found(scan, begin, end, digits);
      if (find !== null) return find;
    } else if (shape !== 44 && shape !== 46 && shape !== 444) {
      return null;
    }
  }
  return null;
}

function found(scan: Scan, begin: number, end: number, digits: number): Find | null {
  const { bytes } = scan;
  if ((LENGTHS[number4(bytes, begin)] & (1 << digits)) === 0) return null;
  const gap = end - begin - digits;
  if (!isAlone(scan, begin, end)) return null;
  if (end - begin === SHORT_LENGTH && !isShortCard(scan, begin)) return null;
  scan.chance.payment_card += 1 / 10;
  if (!hasCheckDigit(bytes, begin, end)) return null;
  if (gap === 0 && isIdentifier(scan, begin)) return null;
  const written = scan.text.slice(begin, end);
  const value = gap === 0 ? written : written.replaceAll("%20", "").replace(/\D/g, "");
  const isSupported = gap > 0 || CARD.test(nameBefore(scan, begin));
  return { begin, end, rule: "payment_card", kind: "card", value, isSupported };
}

function isShortCard(scan: Scan, begin: number): boolean {
  return CARD.test(nameBefore(scan, begin)) || isNearWord(scan, begin, NEAR_SHORT);
}

function number4(bytes: Uint8Array, at: number): number {
  return ((bytes[at] & 15) * 10 + (bytes[at + 1] & 15)) * 100 + (bytes[at + 2] & 15) * 10 + (bytes[at + 3] & 15);
}

/** The check digit of ISO/IEC 7812-1, annex B (Luhn), over the digits of [begin, end). */
function hasCheckDigit(bytes: Uint8Array, begin: number, end: number): boolean {
  let sum = 0;
  let isDoubled = false;
  for (let i = end - 1; i >= begin; i--) {
    const c = bytes[i];
    if ((CLASSES[c] & DIGIT) === 0) continue;
    if (i - 2 >= begin && bytes[i - 2] === PERCENT) {
      i -= 2;
      continue;
    }
    const digit = c & 15;
    sum += isDoubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
    isDoubled = !isDoubled;
  }
  return sum % 10 === 0;
}

/** Part of nothing longer: no UUID, decimal fraction, file name, phone number, address or tagged order number. */
function isAlone(scan: Scan, begin: number, end: number): boolean {
  const { bytes, floor } = scan;
  if (!isFreeBefore(scan, begin)) return false;
  if (begin > floor) {
    const before = bytes[begin - 1];
    if (before === DASH || before === DOT) return false;
    if (before === PLUS && (begin - 2 < floor || (CLASSES[bytes[begin - 2]] & ALNUM) === 0)) return false;
  }
  const after = bytes[end];
  if ((CLASSES[after] & ALNUM) !== 0 || after === UNDERSCORE || after === AT) return false;
  // "<" stands for what will have been masked there.
  if (after === DASH || after === DOT) return (CLASSES[bytes[end + 1]] & ALNUM) === 0 && bytes[end + 1] !== LESS;
  return !(after === PERCENT && bytes[end + 1] === 0x34 && bytes[end + 2] === 0x30);
}

/** Whether the key before a number, or the word before it, makes it an identifier. */
function isIdentifier(scan: Scan, begin: number): boolean {
  const words = nameBefore(scan, begin);
  if (CARD.test(words)) return false;
  if (begin > scan.floor && scan.bytes[begin - 1] === HASH) return true;
  const end = nameEnd(scan, begin);
  const isKey = end === 0 || /[=:]/.test(scan.text.slice(end, begin));
  return (isKey ? IDENTIFIER_KEYS : IDENTIFIER_WORDS).test(words);
}
