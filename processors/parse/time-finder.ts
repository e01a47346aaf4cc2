import { type Clock, isDigitCode, isWordCode, lengthOfDigits, readClock } from "./clock.ts";
import { DAY_US, daysSinceEpoch, monthOf, twoDigits } from "./timestamp.ts";
import { withoutYear } from "./without-year.ts";
import { UTC, type Zone } from "./zone.ts";

/*
 * Finds a time near the start of a line of free text. Not a list of products: at each word it tries the notations that
 * people write times in.
 *
 * A time with its year counts before an epoch time in front of it, which is often coarser, and that before a time without
 * a year, which needs guessing.
 */

/** How far into a line a time is looked for. */
const SEARCH_LENGTH = 128;
const CANDIDATES_MAX = 12;
/** An epoch time in the middle of a line of columns stands within so many of them. */
const COLUMNS_MAX = 6;

const MONTHS = "January February March April May June July August September October November December".split(" ");

const YEAR_MIN = 1970;
const YEAR_MAX = 2200;

const SPACE = 32;
const COLON = 58;
const POINT = 46;
const DASH = 45;
const SLASH = 47;
const OPEN = 91;

export interface FoundTime {
  /** Microseconds since the epoch. */
  us: number;
  /** Where the time stands in the text. */
  begin: number;
  end: number;
  /** Where its zone begins; `end` if it has none. */
  clockEnd: number;
  /** Microseconds east of UTC of the zone that it names; NaN if it names none. */
  zoneUs: number;
  /** End of a time without a year that stands behind an epoch time; 0: there is none. */
  laterEnd: number;
  /** Without a year. */
  isYearless: boolean;
  /** Year first, or month and day with a dash: a pattern may write it again. */
  isRegular: boolean;
  /** Digits alone. */
  isEpoch: boolean;
}

/** Year of two digits: 70..99 are 1970..1999. */
function fullYear(twoDigitYear: number): number {
  return twoDigitYear >= 70 ? 1900 + twoDigitYear : 2000 + twoDigitYear;
}

function fourDigits(text: string, at: number): number {
  return twoDigits(text, at) * 100 + twoDigits(text, at + 2);
}

/** May a time begin behind this character? Not in the middle of a name, a number or a path. */
function mayPrecede(code: number): boolean {
  return code <= SPACE || (!isWordCode(code) && code < 128 && code !== POINT && code !== DASH && code !== SLASH);
}

/**
 * The finder's answer, or null, is valid until the next call. Times without a zone are of `zone`.
 */
export function createTimeFinder(
  zone: Zone = UTC,
): (text: string, begin: number, end: number, appendTimeUs: number) => FoundTime | null {
  const found: FoundTime = {
    us: 0,
    begin: 0,
    end: 0,
    clockEnd: 0,
    zoneUs: 0,
    laterEnd: 0,
    isRegular: false,
    isYearless: false,
    isEpoch: false,
  };
  const clock: Clock = { us: 0, zoneUs: 0, clockEnd: 0, end: 0 };
  let appendUs = 0;

  function instantOf(localUs: number): number {
    return Number.isNaN(clock.zoneUs) ? zone.utcUs(localUs) : localUs - clock.zoneUs;
  }

  function set(us: number, begin: number, end: number, isYearless = false, isEpoch = false): boolean {
    found.us = us;
    found.begin = begin;
    found.end = end;
    found.clockEnd = isEpoch ? end : Math.min(end, clock.clockEnd);
    found.zoneUs = isEpoch ? 0 : clock.zoneUs;
    found.laterEnd = 0;
    found.isRegular = false;
    found.isYearless = isYearless;
    found.isEpoch = isEpoch;
    return !Number.isNaN(us);
  }

  /** A day, and a clock at a position. */
  function dated(days: number, text: string, at: number, clockAt: number, end: number, mark = COLON, isLoose = false) {
    if (Number.isNaN(days) || !readClock(text, clockAt, end, mark, isLoose, clock)) return false;
    return set(instantOf(days * DAY_US + clock.us), at, clock.end);
  }

  function yearless(month: number, day: number, text: string, at: number, clockAt: number, end: number): boolean {
    if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31) || !readClock(text, clockAt, end, COLON, false, clock))
      return false;
    return set(withoutYear(month, day, clock.us, appendUs, instantOf), at, clock.end, true);
  }

  /** `101112`: hour, minute and second in one piece, with a fraction behind a point or comma. */
  function readCompactClock(text: string, clockAt: number, end: number): boolean {
    const hour = twoDigits(text, clockAt);
    const minute = twoDigits(text, clockAt + 2);
    const second = twoDigits(text, clockAt + 4);
    if (!(hour <= 23 && minute <= 59 && second <= 59) || clockAt + 6 > end) return false;
    const isUtc = text.charCodeAt(clockAt + 6) === 90 && !isWordCode(text.charCodeAt(clockAt + 7));
    clock.zoneUs = isUtc ? 0 : Number.NaN;
    clock.clockEnd = clockAt + 6;
    clock.end = isUtc ? clockAt + 7 : clockAt + 6;
    clock.us = (hour * 3600 + minute * 60 + second) * 1_000_000;
    const mark = text.charCodeAt(clockAt + 6);
    const digits = mark === POINT || mark === 44 ? lengthOfDigits(text, clockAt + 7) : 0;
    if (digits < 1 || digits > 6 || clockAt + 7 + digits > end) return true;
    clock.clockEnd = clock.end = clockAt + 7 + digits;
    clock.us += Number(text.slice(clockAt + 7, clock.clockEnd)) * 10 ** (6 - digits);
    return true;
  }

  function compactClock(days: number, text: string, at: number, clockAt: number, end: number): boolean {
    return readCompactClock(text, clockAt, end) && set(instantOf(days * DAY_US + clock.us), at, clock.end);
  }

  /** Chromium: `0102/030405.123456`, in brackets and behind numbers. */
  function monthAndDay(text: string, at: number, end: number): boolean {
    const before = text.charCodeAt(at - 1);
    if ((before !== COLON && before !== OPEN) || lengthOfDigits(text, at + 5) !== 6) return false;
    const month = twoDigits(text, at);
    const day = twoDigits(text, at + 2);
    if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31) || !readCompactClock(text, at + 5, end)) return false;
    return set(withoutYear(month, day, clock.us, appendUs, instantOf), at, clock.end, true);
  }

  /** `2024-02-29 01:02:03` and the like, with any mark between the parts of the day. */
  function yearFirst(text: string, at: number, end: number, mark: number): boolean {
    if (text.charCodeAt(at + 7) !== mark) return false;
    const between = text.charCodeAt(at + 10);
    if (between !== SPACE && between !== 84 && between !== DASH && between !== COLON && between !== 9) return false;
    const days = daysSinceEpoch(fourDigits(text, at), twoDigits(text, at + 5), twoDigits(text, at + 8));
    let clockAt = between === SPACE && text.charCodeAt(at + 11) === SPACE ? at + 12 : at + 11;
    if (text.startsWith(" - ", at + 10)) clockAt = at + 13;
    const clockMark = text.charCodeAt(clockAt + 2) === POINT ? POINT : COLON;
    if (!dated(days, text, at, clockAt, end, clockMark)) return false;
    found.isRegular = true;
    return true;
  }

  /** Six or eight digits of a day, and a clock. */
  function dayInOnePiece(text: string, at: number, end: number, count: number): boolean {
    const yearLength = count - 4;
    const year = yearLength === 4 ? fourDigits(text, at) : fullYear(twoDigits(text, at));
    const days = daysSinceEpoch(year, twoDigits(text, at + yearLength), twoDigits(text, at + yearLength + 2));
    if (Number.isNaN(days)) return false;
    const between = text.charCodeAt(at + count);
    let clockAt = at + count + 1;
    if (between === SPACE && text.charCodeAt(clockAt) === SPACE) clockAt++;
    const isApart = between === DASH || between === 84 || between === 95 || between === COLON;
    if (between !== SPACE && (count === 6 || !isApart)) return false;
    if (lengthOfDigits(text, clockAt) === 6) return compactClock(days, text, at, clockAt, end);
    return dated(days, text, at, clockAt, end, COLON, count === 8);
  }

  /** A day that begins with one or two digits and a mark. */
  function shortFirst(text: string, at: number, end: number, count: number, mark: number): boolean {
    const first = count === 1 ? text.charCodeAt(at) - 48 : twoDigits(text, at);
    const secondAt = at + count + 1;
    const month = monthOf(text, secondAt);
    if (!Number.isNaN(month)) {
      if (text.charCodeAt(secondAt + 3) !== mark)
        return mark === SPACE && yearless(month, first, text, at, secondAt + 4, end);
      const years = lengthOfDigits(text, secondAt + 4);
      if (years === 2 && mark === SPACE) return yearless(month, first, text, at, secondAt + 4, end);
      if (years !== 4 && years !== 2) return false;
      const year = years === 4 ? fourDigits(text, secondAt + 4) : fullYear(twoDigits(text, secondAt + 4));
      const dayEnd = secondAt + 4 + years;
      const clockAt = text.startsWith("::", dayEnd) ? dayEnd + 2 : dayEnd + 1;
      return dated(daysSinceEpoch(year, month, first), text, at, clockAt, end);
    }
    if (mark === SPACE) return false;
    const secondLength = lengthOfDigits(text, secondAt);
    if (secondLength < 1 || secondLength > 2) return false;
    const second = secondLength === 1 ? text.charCodeAt(secondAt) - 48 : twoDigits(text, secondAt);
    const thirdAt = secondAt + secondLength + 1;
    if (text.charCodeAt(thirdAt - 1) !== mark) {
      // Month and day; only points may stand for day and month, where it can't be otherwise.
      const between = text.charCodeAt(thirdAt - 1);
      const isApart = between === SPACE || (mark === DASH && between === 124) || (mark === SLASH && between === DASH);
      if (count === 1 || secondLength === 1 || !isApart || (mark === SLASH && between === SPACE)) return false;
      const isDayFirst = mark === POINT && first > 12;
      if (!yearless(isDayFirst ? second : first, isDayFirst ? first : second, text, at, thirdAt, end)) return false;
      found.isRegular = mark === DASH;
      return true;
    }
    const years = lengthOfDigits(text, thirdAt);
    if (years === 2 && mark === SLASH) {
      const third = twoDigits(text, thirdAt);
      // `10/11/24 1:02:03:004`: with milliseconds behind a colon, or one digit, the year comes last.
      const isYearFirst =
        count === 2 && secondLength === 2 && !/^ \d{1,2}:\d\d:\d\d:\d{3} /.test(text.slice(thirdAt + 2, thirdAt + 16));
      const days = isYearFirst
        ? daysSinceEpoch(fullYear(first), second, third)
        : daysSinceEpoch(fullYear(third), first, second);
      return dated(days, text, at, thirdAt + 3, end);
    }
    if (years !== 4) return false;
    // With slashes the month comes first unless it can't; with points and dashes the day does.
    const isMonthFirst = mark === SLASH ? first <= 12 : second > 12;
    const days = daysSinceEpoch(
      fourDigits(text, thirdAt),
      isMonthFirst ? first : second,
      isMonthFirst ? second : first,
    );
    const clockAt = thirdAt + (text.charCodeAt(thirdAt + 4) === 44 ? 6 : text.startsWith(" -- ", thirdAt + 4) ? 8 : 5);
    return dated(days, text, at, clockAt, end);
  }

  function startingWithDigits(text: string, at: number, end: number, count: number): boolean {
    const next = text.charCodeAt(at + count);
    switch (count) {
      case 1:
      case 2:
        return (
          (next === SLASH || next === DASH || next === POINT || next === SPACE) &&
          shortFirst(text, at, end, count, next)
        );
      case 4:
        if (next === SLASH && monthAndDay(text, at, end)) return true;
        return (next === DASH || next === SLASH || next === POINT) && yearFirst(text, at, end, next);
      case 6:
      case 8:
        return dayInOnePiece(text, at, end, count);
      case 14: {
        const days = daysSinceEpoch(fourDigits(text, at), twoDigits(text, at + 4), twoDigits(text, at + 6));
        return !Number.isNaN(days) && !isWordCode(next) && compactClock(days, text, at, at + 8, end);
      }
      default:
        return false;
    }
  }

  /** `Jun 14 15:16:01`, `Jun  4 …`, `Jun 14, 2005 3:16:01 PM`, with `2005` after the clock or before it. */
  function startingWithMonth(text: string, at: number, end: number): boolean {
    const month = monthOf(text, at);
    if (Number.isNaN(month)) return false;
    const monthEnd = text.charCodeAt(at + 3) === SPACE ? at + 3 : at + (MONTHS[month - 1]?.length ?? 0);
    if (text.charCodeAt(monthEnd) !== SPACE || (monthEnd > at + 3 && !text.startsWith(MONTHS[month - 1], at)))
      return false;
    const dayAt = text.charCodeAt(monthEnd + 1) === SPACE ? monthEnd + 2 : monthEnd + 1;
    const dayDigits = lengthOfDigits(text, dayAt);
    if (dayDigits < 1 || dayDigits > 2) return false;
    const day = dayDigits === 1 ? text.charCodeAt(dayAt) - 48 : twoDigits(text, dayAt);
    let clockAt = dayAt + dayDigits;
    if (text.charCodeAt(clockAt) === 44) clockAt++;
    clockAt++;
    if (lengthOfDigits(text, clockAt) === 4) {
      const days = daysSinceEpoch(fourDigits(text, clockAt), month, day);
      return text.charCodeAt(clockAt + 4) === SPACE && dated(days, text, at, clockAt + 5, end);
    }
    if (day < 1 || day > 31 || !readClock(text, clockAt, end, COLON, false, clock)) return false;
    const yearAt = clock.end + 1;
    const hasYear =
      text.charCodeAt(clock.end) === SPACE &&
      yearAt + 4 <= end &&
      lengthOfDigits(text, yearAt) === 4 &&
      !isWordCode(text.charCodeAt(yearAt + 4));
    const year = hasYear ? fourDigits(text, yearAt) : 0;
    // Four digits that make no sense as a year are something else.
    if (year >= YEAR_MIN && year <= YEAR_MAX)
      return set(instantOf(daysSinceEpoch(year, month, day) * DAY_US + clock.us), at, yearAt + 4);
    return set(withoutYear(month, day, clock.us, appendUs, instantOf), at, clock.end, true);
  }

  /** glog: `E1124 12:34:56.123456`. */
  function startingWithLevel(text: string, at: number, end: number): boolean {
    const code = text.charCodeAt(at);
    if ((code !== 73 && code !== 87 && code !== 69 && code !== 70) || lengthOfDigits(text, at + 1) !== 4) return false;
    if (text.charCodeAt(at + 5) !== SPACE) return false;
    return yearless(twoDigits(text, at + 1), twoDigits(text, at + 3), text, at + 1, at + 6, end);
  }

  /** 10, 13, 16 or 19 digits that begin with 1: seconds, milli-, micro- or nanoseconds since the epoch. */
  function epoch(text: string, at: number, end: number, count: number): boolean {
    const stop = at + count;
    const after = stop < end ? text.charCodeAt(stop) : SPACE;
    if (
      text.charCodeAt(at) !== 49 ||
      (after !== SPACE &&
        after !== POINT &&
        after !== 44 &&
        after !== 124 &&
        after !== 93 &&
        !(after === COLON && text.charCodeAt(stop + 1) === SPACE))
    )
      return false;
    if (after !== POINT && after !== 44) return set(epochUs(text, at, count), at, stop, false, true);
    if (count !== 10) return false;
    const digits = Math.min(lengthOfDigits(text, stop + 1), 9, end - stop - 1);
    let us = 0;
    for (let i = 0; i < 6; i++) us = us * 10 + (i < digits ? text.charCodeAt(stop + 1 + i) - 48 : 0);
    return set(epochUs(text, at, count) + us, at, digits <= 0 ? stop : stop + 1 + digits, false, true);
  }

  /** Columns, the first of them a number, and here an epoch time? */
  function isColumn(text: string, begin: number, at: number, end: number): boolean {
    if (!isDigitCode(text.charCodeAt(begin)) || text.charCodeAt(at - 1) !== SPACE) return false;
    let columns = 1;
    for (let i = begin; i < at; i++) if (text.charCodeAt(i) === SPACE) columns++;
    if (columns > COLUMNS_MAX && !isBeginOfSpan(text, at)) return false;
    return text.charCodeAt(at + 10) === SPACE && at + 10 < end && found.us <= appendUs + DAY_US;
  }

  return function findTime(text, begin, end, appendTimeUs) {
    appendUs = appendTimeUs;
    const stop = Math.min(end, begin + SEARCH_LENGTH);
    let word = 0;
    let candidates = 0;
    let epochAt = -1;
    let epochCount = 0;
    let laterEnd = 0;
    let previous = SPACE;
    for (let at = begin; at < stop && candidates < CANDIDATES_MAX; at++) {
      const code = text.charCodeAt(at);
      const before = previous;
      previous = code;
      if (!isWordCode(code) || isWordCode(before)) continue;
      word++;
      if (code >= 97 || code === 95 || !mayPrecede(before)) continue;
      candidates++;
      if (!isDigitCode(code)) {
        if (!startingWithMonth(text, at, end) && !startingWithLevel(text, at, end)) continue;
      } else {
        const count = lengthOfDigits(text, at);
        if (count === 10 || count === 13 || count === 16 || count === 19) {
          if (
            epochAt < 0 &&
            epoch(text, at, end, count) &&
            (word <= 2 || text.startsWith("audit(", at - 6) || (count === 10 && isColumn(text, begin, at, end)))
          ) {
            epochAt = at;
            epochCount = count;
          }
          at += count - 1;
          previous = 48;
          continue;
        }
        if (!startingWithDigits(text, at, end, count)) continue;
      }
      if (!found.isYearless || epochAt < 0) return found;
      laterEnd = found.end;
      break;
    }
    if (epochAt < 0 || !epoch(text, epochAt, end, epochCount)) return null;
    found.laterEnd = laterEnd;
    return found;
  };
}

/** Does a later time of the same day or so stand in the next column, as in the flow logs of clouds? */
function isBeginOfSpan(text: string, at: number): boolean {
  if (lengthOfDigits(text, at + 11) !== 10) return false;
  const seconds = Number(text.slice(at + 11, at + 21)) - Number(text.slice(at, at + 10));
  return seconds >= 0 && seconds <= 86_400;
}

/** Microseconds of an epoch time of `count` digits. */
function epochUs(text: string, at: number, count: number): number {
  const digits = Number(text.slice(at, at + Math.min(count, 16)));
  return digits * (count === 10 ? 1e6 : count === 13 ? 1e3 : 1);
}
