import { CLASSES, DIGIT, LETTER } from "./characters.ts";

/**
 * Whether [begin, end) looks made by a machine: 6 characters with a digit, 8 with capitals inside more than one "word",
 * or 16 of anything. "expired", "authentication" and "UnexpectedEnd" don't.
 */
export function isTokenLike(bytes: Uint8Array, begin: number, end: number): boolean {
  const size = end - begin;
  if (size >= 16) return true;
  let rises = 0;
  let isLower = false;
  for (let i = begin; i < end; i++) {
    const c = bytes[i];
    if ((CLASSES[c] & DIGIT) !== 0) return size >= 6;
    const isUpper = (CLASSES[c] & LETTER) !== 0 && c < 0x60;
    if (isUpper && isLower) rises++;
    isLower = (CLASSES[c] & LETTER) !== 0 && !isUpper;
  }
  return size >= 8 && rises >= 2;
}
