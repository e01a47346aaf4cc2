import {
  createIsoTime,
  DAY_US,
  daysSinceEpoch,
  type IsoTime,
  monthOf,
  timeOfDayUs,
  twoDigits,
  zoneUs,
} from "./timestamp.ts";

/*
 * Finds a time near the start of a line of free text. Not a list of products: at each word it tries the notations that
 * people write times in. A notation without a year takes the year that puts it nearest before the append time.
 */

/** How far into a line a time is looked for. */
const SEARCH_LENGTH = 128;
const WORDS_MAX = 12;

interface FoundTime {
  us: number;
  /** Where the time stands in the text. */
  begin: number;
  end: number;
}

/** Microseconds of up to six digits after a decimal mark at a position, and where they end. */
function fraction(text: string, at: number, end: number): { us: number; end: number } {
  const mark = text.charCodeAt(at);
  if (at >= end || (mark !== 46 && mark !== 44 && mark !== 58)) return { us: 0, end: at };
  const digits = /^[0-9]{1,9}/.exec(text.slice(at + 1, Math.min(end, at + 10)))?.[0] ?? "";
  if (digits === "") return { us: 0, end: at };
  return { us: Number(digits.slice(0, 6).padEnd(6, "0")), end: at + 1 + digits.length };
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function digitsAt(text: string, at: number): number {
  let count = 0;
  while (count < 20 && isDigit(text, at + count)) count++;
  return count;
}

/** The year, of the append year and those beside it, that puts a year-less day nearest before the append time. */
function withoutYear(month: number, day: number, timeUs: number, appendTimeUs: number): number {
  const year = new Date(appendTimeUs / 1000).getUTCFullYear();
  for (const candidate of [year + 1, year, year - 1, year - 2, year - 3, year - 4]) {
    const us = daysSinceEpoch(candidate, month, day) * DAY_US + timeUs;
    if (us <= appendTimeUs + DAY_US) return us;
  }
  return Number.NaN;
}

/** Year of two digits: 70..99 are 1970..1999. */
function fullYear(twoDigitYear: number): number {
  return twoDigitYear >= 70 ? 1900 + twoDigitYear : 2000 + twoDigitYear;
}

export function createTimeFinder(): (
  text: string,
  begin: number,
  end: number,
  appendTimeUs: number,
) => FoundTime | null {
  const isoTime = createIsoTime();
  const iso: IsoTime = { us: 0, end: 0, fractionDigits: 0, zone: "", hasZone: false };

  function found(us: number, begin: number, end: number): FoundTime | null {
    return Number.isNaN(us) ? null : { us, begin, end };
  }

  /** hh:mm:ss with a fraction, and a zone if one follows. */
  function clock(text: string, days: number, at: number, end: number, begin: number, separator = 58): FoundTime | null {
    const us = days * DAY_US + timeOfDayUs(text, at, separator);
    if (Number.isNaN(us)) return null;
    const part = fraction(text, at + 8, end);
    const zoneAt = text[part.end] === " " ? part.end + 1 : part.end;
    const zone = zoneAt + 5 <= end ? zoneUs(text, zoneAt) : Number.NaN;
    if (Number.isNaN(zone)) return found(us + part.us, begin, part.end);
    return found(us + part.us - zone, begin, zoneAt + (text.charCodeAt(zoneAt + 3) === 58 ? 6 : 5));
  }

  function startingWithDigits(text: string, at: number, end: number, appendTimeUs: number): FoundTime | null {
    const count = digitsAt(text, at);
    const next = text.charCodeAt(at + count);
    if (count === 4 && (next === 45 || next === 47 || next === 46)) {
      if (isoTime(text, at, end, iso)) {
        const zone =
          !iso.hasZone && text[iso.end] === " " && iso.end + 6 <= end ? zoneUs(text, iso.end + 1) : Number.NaN;
        if (Number.isNaN(zone)) return found(iso.us, at, iso.end);
        return found(iso.us - zone, at, iso.end + (text[iso.end + 4] === ":" ? 7 : 6));
      }
      const year = twoDigits(text, at) * 100 + twoDigits(text, at + 2);
      const days = daysSinceEpoch(year, twoDigits(text, at + 5), twoDigits(text, at + 8));
      if (text.charCodeAt(at + 7) !== next || Number.isNaN(days)) return null;
      return clock(text, days, at + 11, end, at) ?? clock(text, days, at + 11, end, at, 46);
    }
    if (count === 8) {
      const days = daysSinceEpoch(
        twoDigits(text, at) * 100 + twoDigits(text, at + 2),
        twoDigits(text, at + 4),
        twoDigits(text, at + 6),
      );
      return clock(text, days, at + 9, end, at);
    }
    if (count === 6 && next === 32 && digitsAt(text, at + 7) === 6) {
      const days = daysSinceEpoch(fullYear(twoDigits(text, at)), twoDigits(text, at + 2), twoDigits(text, at + 4));
      const hour = twoDigits(text, at + 7);
      const minute = twoDigits(text, at + 9);
      const second = twoDigits(text, at + 11);
      if (!(hour <= 23 && minute <= 59 && second <= 59)) return null;
      return found(days * DAY_US + (hour * 3600 + minute * 60 + second) * 1e6, at, at + 13);
    }
    if (count === 2 && next === 47) {
      const month = monthOf(text, at + 3);
      if (!Number.isNaN(month)) {
        const year = twoDigits(text, at + 7) * 100 + twoDigits(text, at + 9);
        return clock(text, daysSinceEpoch(year, month, twoDigits(text, at)), at + 12, end, at);
      }
      const days = daysSinceEpoch(fullYear(twoDigits(text, at)), twoDigits(text, at + 3), twoDigits(text, at + 6));
      return text.charCodeAt(at + 5) === 47 ? clock(text, days, at + 9, end, at) : null;
    }
    // Behind a dash it would be the rest of a day that does not exist, as of 2023-02-29.
    if (count === 2 && next === 45 && isDigit(text, at + 3) && text[at + 5] === " " && text[at - 1] !== "-") {
      const time = clock(text, 0, at + 6, end, at);
      if (time === null) return null;
      return found(withoutYear(twoDigits(text, at), twoDigits(text, at + 3), time.us, appendTimeUs), at, time.end);
    }
    return null;
  }

  /** `Jun 14 15:16:01`, `Jun  4 …`, with `2005` after the clock or before it. */
  function startingWithMonth(text: string, at: number, end: number, appendTimeUs: number): FoundTime | null {
    const month = monthOf(text, at);
    if (Number.isNaN(month) || text[at + 3] !== " ") return null;
    let dayAt = at + 4;
    if (text[dayAt] === " ") dayAt++;
    const dayDigits = digitsAt(text, dayAt);
    if (dayDigits < 1 || dayDigits > 2) return null;
    const day = Number(text.slice(dayAt, dayAt + dayDigits));
    let clockAt = dayAt + dayDigits;
    if (text[clockAt] === ",") clockAt++;
    clockAt++;
    let year = Number.NaN;
    if (digitsAt(text, clockAt) === 4 && text[clockAt + 4] === " ") {
      year = Number(text.slice(clockAt, clockAt + 4));
      clockAt += 5;
    }
    const time = clock(text, 0, clockAt, end, at);
    if (time === null) return null;
    if (Number.isNaN(year) && text[time.end] === " " && digitsAt(text, time.end + 1) === 4) {
      year = Number(text.slice(time.end + 1, time.end + 5));
      time.end += 5;
    }
    if (Number.isNaN(year)) return found(withoutYear(month, day, time.us, appendTimeUs), at, time.end);
    return found(daysSinceEpoch(year, month, day) * DAY_US + time.us, at, time.end);
  }

  /** A first or second word of 10, 13, 16 or 19 digits: seconds, milli-, micro- or nanoseconds since the epoch. */
  function epoch(text: string, at: number, end: number): FoundTime | null {
    const count = digitsAt(text, at);
    const after = text.charCodeAt(at + count);
    if (at + count < end && after !== 32 && after !== 46 && after !== 44 && after !== 124) return null;
    const scale = count === 10 ? 1e6 : count === 13 ? 1e3 : count === 16 ? 1 : 0;
    if (scale === 0 || text[at] !== "1") return null;
    const part = scale === 1e6 ? fraction(text, at + count, end) : { us: 0, end: at + count };
    return found(Number(text.slice(at, at + count)) * scale + part.us, at, part.end);
  }

  return function findTime(text, begin, end, appendTimeUs) {
    const stop = Math.min(end, begin + SEARCH_LENGTH);
    let word = 0;
    let candidates = 0;
    let epochTime: FoundTime | null = null;
    let previous = 32;
    for (let at = begin; at < stop && candidates < WORDS_MAX; at++) {
      const code = text.charCodeAt(at);
      const isDigitCode = code >= 48 && code <= 57;
      const wasWord =
        (previous >= 48 && previous <= 57) || (previous >= 65 && previous <= 90) || (previous >= 97 && previous <= 122);
      previous = code;
      if (wasWord) continue;
      const isCapital = code >= 65 && code <= 90;
      if (isDigitCode || isCapital || (code >= 97 && code <= 122)) word++;
      if (!isDigitCode && !isCapital) continue;
      candidates++;
      const time = isDigitCode
        ? startingWithDigits(text, at, end, appendTimeUs)
        : startingWithMonth(text, at, end, appendTimeUs);
      if (time !== null) return time;
      if (isDigitCode && word <= 2 && epochTime === null) epochTime = epoch(text, at, end);
    }
    return epochTime;
  };
}
