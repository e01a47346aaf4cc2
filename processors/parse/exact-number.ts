import type { DurationUnit } from "./fields.ts";

/*
 * Numbers out of text whose text the number gives back: `007` is no status, because 7 would be written in its place.
 */

/** Microseconds of one unit. */
export const UNIT_US: Record<DurationUnit, number> = { ns: 0.001, us: 1, ms: 1000, s: 1_000_000 };

/** Digits after the point that each unit can have and still be whole microseconds. */
const FRACTION_DIGITS_MAX: Record<DurationUnit, number> = { ns: 0, us: 0, ms: 3, s: 6 };

/** Numbers up to here have at most 15 digits, which a double gives back as they were written. */
const DURATION_US_MAX = 1e15 - 1;
const INTEGER_DIGITS_MAX = 12;
const POINT = 46;
/** Raising to a power costs as much as reading the number. */
const POWERS_OF_TEN = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/** Digits after the point of a decimal number's text; 0 where there is none. */
export function fractionDigits(text: string, begin = 0, end = text.length): number {
  for (let at = begin; at < end; at++) if (text.charCodeAt(at) === POINT) return end - at - 1;
  return 0;
}

/**
 * Microseconds of a duration written without sign, exponent and leading zeros and no finer than a microsecond, so that
 * the number and how many digits follow the point give the text back; NaN otherwise. A scan by hand: one in most lines.
 */
export function exactDurationUs(text: string, unit: DurationUnit, begin = 0, end = text.length): number {
  let at = begin;
  let whole = 0;
  for (; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    whole = whole * 10 + digit;
  }
  if (at === begin || at - begin > INTEGER_DIGITS_MAX || (at - begin > 1 && text.charCodeAt(begin) === 48))
    return Number.NaN;
  let us = whole * UNIT_US[unit];
  if (at < end) {
    const digits = end - at - 1;
    if (text.charCodeAt(at) !== 46 || digits < 1 || digits > FRACTION_DIGITS_MAX[unit]) return Number.NaN;
    let fraction = 0;
    for (at++; at < end; at++) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) return Number.NaN;
      fraction = fraction * 10 + digit;
    }
    us += fraction * POWERS_OF_TEN[FRACTION_DIGITS_MAX[unit] - digits];
  }
  us = Math.round(us);
  return us > DURATION_US_MAX || (unit === "ns" && whole % 1000 !== 0) ? Number.NaN : us;
}

/** A decimal number of at most 15 digits without sign and leading zeros, up to `max`; NaN otherwise. */
export function canonicalInteger(text: string, max: number, begin = 0, end = text.length): number {
  const length = end - begin;
  if (length === 0 || length > 15 || (length > 1 && text.charCodeAt(begin) === 48)) return Number.NaN;
  let value = 0;
  for (let at = begin; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value <= max ? value : Number.NaN;
}

const LOWER_HEX = new Uint8Array(256);
for (const digit of "0123456789abcdef") LOWER_HEX[digit.charCodeAt(0)] = 1;

/** Digits of the ids of a trace and of a span (W3C Trace Context). */
export const HEX_DIGITS = { trace_id: 32, span_id: 16 } as const;

/** Whether text[begin, end) is this many hex digits, none of them a capital. By table: a branch per random digit costs 5 times as much. */
export function isLowerHex(text: string, begin: number, end: number, digits: number): boolean {
  if (end - begin !== digits) return false;
  let all = 1;
  for (let at = begin; at < end; at++) all &= LOWER_HEX[text.charCodeAt(at)];
  return all === 1;
}

/** Unit of an epoch time by its size: 10 digits are seconds, 13 milliseconds, 16 microseconds, 19 nanoseconds. */
export function epochUnit(integerDigits: number): DurationUnit | null {
  if (integerDigits >= 9 && integerDigits <= 10) return "s";
  if (integerDigits >= 12 && integerDigits <= 13) return "ms";
  if (integerDigits >= 15 && integerDigits <= 16) return "us";
  return integerDigits >= 18 && integerDigits <= 19 ? "ns" : null;
}

/**
 * Microseconds of an epoch time without leading zeros, or NaN; nanoseconds are cut to microseconds without passing
 * through a float.
 */
export function epochUs(text: string, unit: DurationUnit): number {
  if (unit === "ns") return /^[1-9][0-9]{17,18}$/.test(text) ? Number(text.slice(0, -3)) : Number.NaN;
  const match = /^([1-9][0-9]{8,15})(?:\.([0-9]{1,9}))?$/.exec(text);
  if (match === null || epochUnit(match[1].length) !== unit) return Number.NaN;
  const fraction = match[2] === undefined ? 0 : Math.floor(Number(`0.${match[2]}`) * UNIT_US[unit] + 1e-6);
  return Number(match[1]) * UNIT_US[unit] + fraction;
}

/** The same of an epoch time without a fraction, text[begin, end). */
export function wholeEpochUs(text: string, begin: number, end: number, unit: DurationUnit): number {
  const digits = end - begin;
  if (unit === "ns" || digits > 15)
    return fractionDigits(text, begin, end) > 0 ? Number.NaN : epochUs(text.slice(begin, end), unit);
  if (epochUnit(digits) !== unit || text.charCodeAt(begin) === 48) return Number.NaN;
  let value = 0;
  for (let at = begin; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value * UNIT_US[unit];
}
