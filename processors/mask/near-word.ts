import { ALNUM, CLASSES, DASH, type Scan, UNDERSCORE } from "./characters.ts";
import { wordsOf } from "./field.ts";

const NEAR_BYTES_MAX = 40;
const NAME_GAP_MAX = 8;
const NAME_BYTES_MAX = 48;

/** A pattern for words that stand for themselves in a key or a sentence: `ssn`, `user_ssn`, `userSsn`, not `lessn`. */
export function nearWords(words: string): RegExp {
  return new RegExp(`(?:^|[^a-z])(?:${words})(?![a-z])`);
}

/**
 * Whether one of the words stands shortly before `begin`, in what was not masked there, or is the key of the field whose
 * value the text is.
 */
export function isNearWord(scan: Scan, begin: number, words: RegExp): boolean {
  const from = Math.max(scan.floor, begin - NEAR_BYTES_MAX);
  if (words.test(wordsOf(scan.text.slice(from, begin)))) return true;
  return from === 0 && scan.keyWords !== "" && words.test(scan.keyWords);
}

/** The key or word that stands directly before `begin`, in lower case with `_` between its parts; "" if there is none. */
export function nameBefore(scan: Scan, begin: number): string {
  const end = nameEnd(scan, begin);
  if (end === 0) return scan.keyWords;
  const { bytes, floor } = scan;
  let start = end;
  while (start > floor && end - start < NAME_BYTES_MAX && isKeyByte(bytes[start - 1])) start--;
  return wordsOf(scan.text.slice(start, end));
}

/** Where the key or word before `begin` ends; 0 if nothing comes before. */
export function nameEnd(scan: Scan, begin: number): number {
  const { bytes, floor } = scan;
  let end = begin;
  while (end > floor && begin - end < NAME_GAP_MAX && (CLASSES[bytes[end - 1]] & ALNUM) === 0 && bytes[end - 1] < 0x80)
    end--;
  return end;
}

function isKeyByte(c: number): boolean {
  return (CLASSES[c] & ALNUM) !== 0 || c === UNDERSCORE || c === DASH;
}
