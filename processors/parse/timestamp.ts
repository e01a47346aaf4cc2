/*
 * Event times out of byte text, as microseconds since the epoch. NaN means "not a time": an impossible date such as
 * 2026-02-30 is not moved to March, it is no time at all.
 */

import { flatCopy } from "../model/dictionary.ts";

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const SECOND_US = 1_000_000;
export const DAY_US = 86_400 * SECOND_US;

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days from 1970-01-01 to a date of the Gregorian calendar (month 1..12), or NaN if there is no such day. */
export function daysSinceEpoch(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12) || !(day >= 1)) return Number.NaN;
  const leap = isLeap(year);
  if (day > DAYS_IN_MONTH[month - 1] + (leap && month === 2 ? 1 : 0)) return Number.NaN;
  const before = year - 1;
  const leapDays =
    Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) + (leap && month > 2 ? 1 : 0);
  return 365 * (year - 1970) + leapDays - 477 + DAYS_BEFORE_MONTH[month - 1] + day - 1;
}

/** Two digits at a position, or NaN. */
export function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Microseconds of a time of day hh<separator>mm<separator>ss, or NaN. */
export function timeOfDayUs(text: string, at: number, separator = 58): number {
  const hour = twoDigits(text, at);
  const minute = twoDigits(text, at + 3);
  const second = twoDigits(text, at + 6);
  if (text.charCodeAt(at + 2) !== separator || text.charCodeAt(at + 5) !== separator) return Number.NaN;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  return (hour * 3600 + minute * 60 + second) * SECOND_US;
}

/** Month 1..12 of a three-letter English name at a position, or NaN. Upper and lower case as in `Jan`. */
export function monthOf(text: string, at: number): number {
  switch ((text.charCodeAt(at) << 16) | (text.charCodeAt(at + 1) << 8) | text.charCodeAt(at + 2)) {
    case 0x4a616e:
      return 1;
    case 0x466562:
      return 2;
    case 0x4d6172:
      return 3;
    case 0x417072:
      return 4;
    case 0x4d6179:
      return 5;
    case 0x4a756e:
      return 6;
    case 0x4a756c:
      return 7;
    case 0x417567:
      return 8;
    case 0x536570:
      return 9;
    case 0x4f6374:
      return 10;
    case 0x4e6f76:
      return 11;
    case 0x446563:
      return 12;
    default:
      return Number.NaN;
  }
}

/** Microseconds east of UTC of `+hhmm` or `+hh:mm` at a position, or NaN. */
export function zoneUs(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if (sign !== 43 && sign !== 45) return Number.NaN;
  const minuteAt = text.charCodeAt(at + 3) === 58 ? at + 4 : at + 3;
  const hour = twoDigits(text, at + 1);
  const minute = twoDigits(text, minuteAt);
  if (!(hour <= 18 && minute <= 59)) return Number.NaN;
  return (sign === 45 ? -1 : 1) * (hour * 3600 + minute * 60) * SECOND_US;
}

/** Time of the common log format, `17/May/2015:10:05:03 +0000`, at a position; remembers the day. */
export function createClfTime(): (text: string, at: number) => number {
  let dayText = "";
  let dayUs = 0;
  return function clfTime(text, at) {
    if (!text.startsWith(dayText, at) || dayText === "") {
      const day = twoDigits(text, at);
      const year = twoDigits(text, at + 7) * 100 + twoDigits(text, at + 9);
      if (text.charCodeAt(at + 2) !== 47 || text.charCodeAt(at + 6) !== 47 || text.charCodeAt(at + 11) !== 58)
        return Number.NaN;
      const days = daysSinceEpoch(year, monthOf(text, at + 3), day);
      if (Number.isNaN(days)) return Number.NaN;
      dayText = flatCopy(text.slice(at, at + 12));
      dayUs = days * DAY_US;
    }
    if (text.charCodeAt(at + 20) !== 32) return Number.NaN;
    return dayUs + timeOfDayUs(text, at + 12) - zoneUs(text, at + 21);
  };
}

/** A time as ISO 8601 writes it, and how it was written, so that the text can be given back. */
export interface IsoTime {
  us: number;
  /** Position after the time. */
  end: number;
  /** Digits of the fraction of a second; more than 6 can't be held in microseconds. */
  fractionDigits: number;
  /** Text of the zone: "Z", "+02:00", "+0200" or "". */
  zone: string;
  /** True if a zone was written; without one the time is taken as UTC. */
  hasZone: boolean;
}

/**
 * Reads `2026-11-24T12:34:56.123456Z` and its kin at a position: separator T or space, fraction after `.` or `,`,
 * zone Z, ±hh:mm, ±hhmm or none. Remembers the last second, because log lines come in bursts.
 */
export function createIsoTime(): (text: string, at: number, end: number, out: IsoTime) => boolean {
  let secondText = "";
  let secondUs = 0;
  return function isoTime(text, at, end, out) {
    if (end - at < 19) return false;
    if (secondText === "" || !text.startsWith(secondText, at)) {
      const separator = text.charCodeAt(at + 10);
      if (text.charCodeAt(at + 4) !== 45 || text.charCodeAt(at + 7) !== 45 || (separator !== 84 && separator !== 32))
        return false;
      const year = twoDigits(text, at) * 100 + twoDigits(text, at + 2);
      const us = daysSinceEpoch(year, twoDigits(text, at + 5), twoDigits(text, at + 8)) * DAY_US;
      const total = us + timeOfDayUs(text, at + 11);
      if (Number.isNaN(total)) return false;
      secondText = flatCopy(text.slice(at, at + 19));
      secondUs = total;
    }
    let pos = at + 19;
    let us = secondUs;
    let digits = 0;
    const mark = text.charCodeAt(pos);
    if ((mark === 46 || mark === 44) && pos + 1 < end) {
      let value = 0;
      let digit = text.charCodeAt(pos + 1) - 48;
      while (digit >= 0 && digit <= 9 && pos + 1 < end) {
        if (digits < 6) value = value * 10 + digit;
        digits++;
        pos++;
        digit = text.charCodeAt(pos + 1) - 48;
      }
      if (digits > 0) {
        pos++;
        for (let i = digits; i < 6; i++) value *= 10;
        us += value;
      }
    }
    out.zone = "";
    out.hasZone = false;
    if (pos < end) {
      const sign = text.charCodeAt(pos);
      if (sign === 90) {
        out.zone = "Z";
        out.hasZone = true;
        pos++;
      } else if (sign === 43 || sign === 45) {
        const zone = zoneUs(text, pos);
        if (!Number.isNaN(zone)) {
          const length = text.charCodeAt(pos + 3) === 58 ? 6 : 5;
          if (pos + length <= end) {
            out.zone = text.slice(pos, pos + length);
            out.hasZone = true;
            us -= zone;
            pos += length;
          }
        }
      }
    }
    out.us = us;
    out.end = pos;
    out.fractionDigits = digits;
    return true;
  };
}
