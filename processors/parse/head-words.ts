import { isWordCode } from "./clock.ts";

/* Steps over the words and marks of a head (head.ts). */

export const SPACE = 32;
export const DASH = 45;
export const SLASH = 47;
export const COLON = 58;
export const BAR = 124;
export const OPEN = 91;
export const CLOSE = 93;
const COMMA = 44;

const BRACKET_LENGTH_MAX = 256;
const WORD_LENGTH_MAX = 160;

/** Whether a word stands at a position. A scan by hand: for short words a call of the engine costs more. */
export function standsAt(text: string, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (text.charCodeAt(at + i) !== word.charCodeAt(i)) return false;
  return true;
}

export function isSpace(code: number): boolean {
  return code === SPACE || code === 9;
}

export function skipSpaces(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** Over spaces, bars, and dashes, colons and commas with a space behind them. */
export function skipMarks(text: string, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (!isSpace(code) && code !== BAR) {
      const isMark = code === DASH || code === COLON || code === COMMA;
      if (!isMark || (at + 1 < end && !isSpace(text.charCodeAt(at + 1)))) return at;
    }
    at++;
  }
  return at;
}

/** Position after the bracket that closes the one at `open`, or -1. */
export function bracketEnd(text: string, open: number, end: number): number {
  const stop = Math.min(end, open + BRACKET_LENGTH_MAX);
  let depth = 0;
  for (let at = open; at < stop; at++) {
    const code = text.charCodeAt(at);
    if (code === OPEN) depth++;
    else if (code === CLOSE && --depth === 0) return at + 1;
  }
  return -1;
}

/** End of what stands at a position up to a space, a bar or a square bracket. */
export function endOfWord(text: string, from: number, end: number): number {
  const stop = Math.min(end, from + WORD_LENGTH_MAX);
  let at = from;
  while (at < stop) {
    const code = text.charCodeAt(at);
    if (isSpace(code) || code === BAR || code === OPEN || code === CLOSE) return at;
    at++;
  }
  return at;
}

/** A word that nobody would use in a sentence: with a digit or a mark inside, or all in capitals. */
export function isCode(text: string, from: number, end: number): boolean {
  let isCapital = true;
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < 65 || code === 95) return true;
    if (code > 90) isCapital = false;
  }
  return isCapital;
}

/** Letters, digits and `_` alone. */
export function isName(text: string, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (!isWordCode(text.charCodeAt(at))) return false;
  return end > from;
}
