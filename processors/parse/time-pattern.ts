import { flatCopy } from "../model/dictionary.ts";
import { DAY_US, daysSinceEpoch, monthOf, twoDigits } from "./timestamp.ts";
import { withoutYear } from "./without-year.ts";
import { UTC, type Zone } from "./zone.ts";

/*
 * Times by a pattern that reads and writes: a text is read only if the pattern, given the time, writes that very text.
 * So a layout may name the pattern (`t.p+0000` and the pattern) and the line comes back.
 *
 *   %Y 2026   %m 01..12   %d 01..31   %e " 1"..31   %D 01..09, where %e takes the rest   %b Jan   %a Mon
 *   %H %M %S   %1 .. %6 digits of a fraction   %s epoch seconds
 *
 * Everything else stands for itself. A pattern without a year takes the latest year that is not after the append time.
 */

const LETTERS = "YmdeDbaHMSs123456";
const WEEKDAYS = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

export interface TimePattern {
  readonly pattern: string;
  /** The time tells what was written: it is of UTC or an epoch time. */
  readonly isExact: boolean;
  /** Microseconds since the epoch of text[begin, end), or NaN. `appendTimeUs` decides the year where none is written. */
  read(text: string, appendTimeUs: number, begin?: number, end?: number): number;
}

/** A number of exactly `count` digits at a position, or NaN. */
function digitsAt(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

interface Token {
  /** "" is literal text. */
  readonly letter: string;
  readonly literal: string;
}

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (const [, letter, literal] of pattern.matchAll(/%(.)|([^%]+)/g)) {
    if (letter !== undefined && !LETTERS.includes(letter)) throw new RangeError(`%${letter} is no part of a time.`);
    tokens.push({ letter: letter ?? "", literal: literal ?? "" });
  }
  return tokens;
}

const WIDTHS: Readonly<Record<string, number>> = { Y: 4, b: 3, a: 3 };

/** Where the digits of the fraction stand in every time of a pattern; null if there is no one such place. */
function fractionOf(tokens: readonly Token[]): { readonly at: number; readonly digits: number } | null {
  let at = 0;
  let fraction: { readonly at: number; readonly digits: number } | null = null;
  for (const { letter, literal } of tokens) {
    if (letter === "s") return null;
    const isFraction = letter >= "1" && letter <= "6";
    if (isFraction && fraction !== null) return null;
    if (isFraction) fraction = { at, digits: Number(letter) };
    at += letter === "" ? literal.length : isFraction ? Number(letter) : (WIDTHS[letter] ?? 2);
  }
  return fraction;
}

/** Times of a pattern are of `zone`, unless it ends with UTC or GMT. */
export function createTimePattern(pattern: string, zoneElse: Zone = UTC): TimePattern {
  const zone = /(?:UTC|GMT)$/.test(pattern) ? UTC : zoneElse;
  const tokens = tokensOf(pattern);
  const isEpoch = pattern.startsWith("%s");
  const hasYear = isEpoch || pattern.includes("%Y");
  let lastValue = "";
  let lastAppendUs = Number.NaN;
  let lastUs = Number.NaN;
  /** Times that differ in their fraction alone are read by the one before: its text around the fraction, and its second. */
  const fraction = hasYear ? fractionOf(tokens) : null;
  const fractionScale = fraction === null ? 1 : 10 ** (6 - fraction.digits);
  let lastHead = "";
  let lastTail = "";
  let lastSecondUs = Number.NaN;

  function fractionUs(value: string, begin: number): number {
    if (fraction === null) return Number.NaN;
    return digitsAt(value, begin + fraction.at, fraction.digits) * fractionScale;
  }

  function readNew(value: string, appendTimeUs: number, begin: number, end: number): number {
    let at = begin;
    let year = 1970;
    let month = 1;
    let day = 1;
    let timeUs = 0;
    let weekday = "";
    for (const { letter, literal } of tokens) {
      switch (letter) {
        case "":
          if (!value.startsWith(literal, at)) return Number.NaN;
          at += literal.length;
          break;
        case "Y":
          year = digitsAt(value, at, 4);
          at += 4;
          break;
        case "b":
          month = monthOf(value, at);
          at += 3;
          break;
        case "a":
          weekday = value.slice(at, at + 3);
          at += 3;
          break;
        case "e":
          day = value.charCodeAt(at) === 32 ? digitsAt(value, at + 1, 1) : twoDigits(value, at);
          if (day < 10 && value.charCodeAt(at) !== 32) return Number.NaN;
          at += 2;
          break;
        case "s": {
          const start = at;
          while (at < end && value.charCodeAt(at) >= 48 && value.charCodeAt(at) <= 57) at++;
          if (at - start < 9 || at - start > 10 || value.charCodeAt(start) === 48) return Number.NaN;
          timeUs += Number(value.slice(start, at)) * 1e6;
          break;
        }
        case "m":
        case "d":
        case "D":
        case "H":
        case "M":
        case "S": {
          const two = twoDigits(value, at);
          at += 2;
          if (letter === "m") month = two;
          else if (letter === "d" || (letter === "D" && two < 10)) day = two;
          else if (letter === "H") timeUs += two <= 23 ? two * 3_600_000_000 : Number.NaN;
          else if (two > 59 || letter === "D") return Number.NaN;
          else timeUs += two * (letter === "M" ? 60_000_000 : 1_000_000);
          break;
        }
        default: {
          const digits = Number(letter);
          timeUs += digitsAt(value, at, digits) * 10 ** (6 - digits);
          at += digits;
        }
      }
    }
    if (at !== end || Number.isNaN(timeUs)) return Number.NaN;
    if (isEpoch) return timeUs;
    if (!hasYear) return withoutYear(month, day, timeUs, appendTimeUs, zone.utcUs);
    const days = daysSinceEpoch(year, month, day);
    if (weekday !== "" && weekday !== WEEKDAYS[((days % 7) + 7) % 7]) return Number.NaN;
    return zone.utcUs(days * DAY_US + timeUs);
  }

  return {
    pattern,
    isExact: zone.isUtc || isEpoch,
    read(value, appendTimeUs, begin = 0, end = value.length) {
      if (end - begin === lastValue.length && (hasYear || appendTimeUs === lastAppendUs)) {
        if (value.startsWith(lastValue, begin)) return lastUs;
        if (
          !Number.isNaN(lastSecondUs) &&
          value.startsWith(lastHead, begin) &&
          value.startsWith(lastTail, end - lastTail.length)
        )
          return lastSecondUs + fractionUs(value, begin);
      }
      lastUs = readNew(value, appendTimeUs, begin, end);
      lastValue = flatCopy(value.slice(begin, end));
      lastAppendUs = appendTimeUs;
      if (fraction !== null) {
        lastSecondUs = lastUs - fractionUs(lastValue, 0);
        lastHead = lastValue.slice(0, fraction.at);
        lastTail = lastValue.slice(fraction.at + fraction.digits);
      }
      return lastUs;
    },
  };
}
