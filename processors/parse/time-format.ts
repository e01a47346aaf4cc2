import { toByteText } from "../model/record.ts";
import { DAY_US, daysSinceEpoch, monthOf } from "./timestamp.ts";
import { withoutYear } from "./without-year.ts";
import { abbreviatedZoneUs, UTC, type Zone } from "./zone.ts";

/*
 * Times as a format of the user's own writes them, in the directives of strptime(3): `%d/%b/%Y:%H:%M:%S %z`. One pass over
 * the value, whatever stands in it.
 */

/** A time that was read. */
export interface ReadTime {
  /** Microseconds since the epoch. */
  us: number;
  /** A zone was written, or the time is one since the epoch. */
  hasZone: boolean;
}

/** Reads the whole of text[begin, end); false if that is not a time written so. */
export type ReadsTime = (text: string, begin: number, end: number, appendTimeUs: number, out: ReadTime) => boolean;

/** Whole formats that are no directives. */
const EPOCH_UNITS_US: ReadonlyMap<string, number> = new Map([
  ["epoch_s", 1e6],
  ["epoch_ms", 1e3],
  ["epoch_us", 1],
  ["epoch_ns", 1e-3],
]);

const SHORTHAND: ReadonlyMap<string, string> = new Map([
  ["F", "%Y-%m-%d"],
  ["T", "%H:%M:%S"],
  ["R", "%H:%M"],
  ["D", "%m/%d/%y"],
]);
const DIRECTIVES = "YymbBhdeHkIlMSfLpzZjaAs%";

const MONTHS = [
  ...["january", "february", "march", "april", "may", "june"],
  ...["july", "august", "september", "october", "november", "december"],
];
const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

interface Step {
  /** A directive's letter, or "" for text. */
  readonly directive: string;
  readonly text: string;
}

/** The steps of a format, or what is wrong with it. */
function stepsOf(format: string): Step[] | string {
  const expanded = format.replace(/%([FTRD])/g, (_, letter: string) => SHORTHAND.get(letter)!);
  const steps: Step[] = [];
  for (let at = 0; at < expanded.length; at++) {
    if (expanded[at] !== "%") {
      steps.push({ directive: "", text: toByteText(expanded[at]) });
      continue;
    }
    const letter = expanded[++at] ?? "";
    if (letter === "" || !DIRECTIVES.includes(letter))
      return `%${letter} is no directive; known are ${[...DIRECTIVES, ...SHORTHAND.keys()].map((one) => `%${one}`).join(" ")}`;
    steps.push(letter === "%" ? { directive: "", text: "%" } : { directive: letter, text: "" });
  }
  const has = (letters: string) => steps.some(({ directive }) => directive !== "" && letters.includes(directive));
  if (has("s")) return steps;
  if (!has("j") && !(has("mbBh") && has("de"))) return "a day needs %m or %b, and %d (or %Y with %j)";
  if (has("j") && !has("Yy")) return "%j needs %Y";
  if (has("Il") !== has("p")) return "%I and %p need each other";
  return steps;
}

/** What is wrong with a time format, or null. */
export function timeFormatProblem(format: string): string | null {
  if (EPOCH_UNITS_US.has(format) || format === "iso8601") return null;
  const steps = stepsOf(format);
  return typeof steps === "string" ? steps : null;
}

/** A reader of times written in a format that has no problem; those without a zone are of `zone`. */
export function createTimeFormat(format: string, zone: Zone = UTC): ReadsTime {
  const unitUs = EPOCH_UNITS_US.get(format);
  if (unitUs !== undefined) return (text, begin, end, _, out) => readEpoch(text, begin, end, unitUs, out);
  const steps = stepsOf(format === "iso8601" ? "%Y-%m-%dT%H:%M:%S.%f%z" : format) as Step[];
  const isIso = format === "iso8601";
  const hasYear = steps.some(({ directive }) => directive === "Y" || directive === "y" || directive === "s");
  const parts = { year: 0, month: 0, day: 0, dayOfYear: 0, hour: 0, minute: 0, second: 0, us: 0, zoneUs: Number.NaN };
  let pm = -1;
  let epochUs = Number.NaN;
  let at = 0;
  let end = 0;
  let text = "";

  /** A number of at most `digitsMax` digits at `at`; NaN if there is none. */
  function number(digitsMax: number): number {
    const from = at;
    let value = 0;
    while (at < end && at - from < digitsMax) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    return at === from ? Number.NaN : value;
  }

  function fraction(): boolean {
    const from = at;
    let value = 0;
    let scale = 100_000;
    while (at < end && at - from < 9) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) break;
      value += digit * scale;
      scale = scale === 1 ? 0 : scale / 10;
      at++;
    }
    parts.us = value;
    return at > from;
  }

  /** One of some words, or its first three letters; its index, or -1. */
  function word(words: readonly string[]): number {
    const three = text.slice(at, Math.min(end, at + 3)).toLowerCase();
    const found = words.findIndex((candidate) => candidate.startsWith(three));
    if (three.length < 3 || found < 0) return -1;
    const whole = words[found];
    at += text.slice(at, Math.min(end, at + whole.length)).toLowerCase() === whole ? whole.length : 3;
    return found;
  }

  function offset(): boolean {
    const sign = text.charCodeAt(at);
    if (sign === 90 || sign === 122) {
      at++;
      parts.zoneUs = 0;
      return true;
    }
    if (sign !== 43 && sign !== 45) return false;
    at++;
    const from = at;
    const hour = number(2);
    let minute = 0;
    if (text.charCodeAt(at) === 58) at++;
    if (at < end && at - from >= 2) {
      const before = at;
      minute = number(2);
      if (Number.isNaN(minute)) {
        minute = 0;
        at = before;
      }
    }
    if (!(hour <= 18 && minute <= 59)) return false;
    parts.zoneUs = (sign === 45 ? -1 : 1) * (hour * 3600 + minute * 60) * 1e6;
    return true;
  }

  function zoneName(): boolean {
    const from = at;
    while (at < end && /[A-Za-z]/.test(text[at]) && at - from < 5) at++;
    const offsetUs = abbreviatedZoneUs(text.slice(from, at).toUpperCase());
    if (Number.isNaN(offsetUs)) {
      at = from;
      return offset();
    }
    parts.zoneUs = offsetUs;
    return true;
  }

  function literal(step: Step): boolean {
    if (step.text === " ") {
      const from = at;
      while (at < end && text.charCodeAt(at) === 32) at++;
      return at > from;
    }
    if (!text.startsWith(step.text, at) || at + step.text.length > end) return false;
    at += step.text.length;
    return true;
  }

  function take(step: Step): boolean {
    switch (step.directive) {
      case "":
        return literal(step);
      case "Y":
        parts.year = number(4);
        return parts.year >= 0;
      case "y": {
        const year = number(2);
        parts.year = year >= 70 ? 1900 + year : 2000 + year;
        return year >= 0;
      }
      case "m":
        parts.month = number(2);
        return parts.month >= 1;
      case "b":
      case "B":
      case "h": {
        const month = monthOf(text, at);
        if (Number.isNaN(month) || step.directive === "B") parts.month = word(MONTHS) + 1;
        else {
          parts.month = month;
          at += 3;
        }
        return parts.month >= 1;
      }
      case "d":
      case "e":
        if (at < end && text.charCodeAt(at) === 32) at++;
        parts.day = number(2);
        return parts.day >= 1;
      case "j":
        parts.dayOfYear = number(3);
        return parts.dayOfYear >= 1 && parts.dayOfYear <= 366;
      case "H":
      case "k":
      case "I":
      case "l":
        if (at < end && text.charCodeAt(at) === 32) at++;
        parts.hour = number(2);
        return step.directive === "I" || step.directive === "l"
          ? parts.hour >= 1 && parts.hour <= 12
          : parts.hour <= 23;
      case "M":
        parts.minute = number(2);
        return parts.minute <= 59;
      case "S":
        // A leap second is the second before.
        parts.second = number(2);
        if (parts.second === 60) parts.second = 59;
        return parts.second <= 59;
      case "f":
      case "L":
        return fraction();
      case "p": {
        const letter = text.charCodeAt(at) | 32;
        if ((letter !== 97 && letter !== 112) || (text.charCodeAt(at + 1) | 32) !== 109) return false;
        pm = letter === 112 ? 1 : 0;
        at += 2;
        return at <= end;
      }
      case "z":
        return offset();
      case "Z":
        return zoneName();
      case "a":
      case "A":
        return word(DAYS) >= 0;
      default: {
        const seconds = number(12);
        epochUs = seconds * 1e6;
        return seconds >= 0;
      }
    }
  }

  function run(): boolean {
    for (let i = 0; i < steps.length; i++) {
      // An ISO time may go without its fraction, and without its zone.
      if (isIso && i >= 11) {
        if (at === end) return true;
        if (i === 11 && text.charCodeAt(at) !== 46 && text.charCodeAt(at) !== 44) i += 2;
        else if (i === 11) {
          at++;
          continue;
        }
      }
      if (isIso && i === 5 && text.charCodeAt(at) === 32) {
        at++;
        continue;
      }
      if (!take(steps[i])) return false;
    }
    return at === end;
  }

  return function readTime(whole, from, to, appendTimeUs, out) {
    text = whole;
    at = from;
    end = to;
    parts.month = parts.day = parts.dayOfYear = parts.hour = parts.minute = parts.second = parts.us = 0;
    parts.zoneUs = Number.NaN;
    pm = -1;
    epochUs = Number.NaN;
    if (!run()) return false;
    out.hasZone = !Number.isNaN(parts.zoneUs);
    if (epochUs >= 0) {
      out.us = epochUs + parts.us;
      out.hasZone = true;
      return true;
    }
    const hour = pm < 0 ? parts.hour : (parts.hour % 12) + pm * 12;
    const timeUs = (hour * 3600 + parts.minute * 60 + parts.second) * 1e6 + parts.us;
    const instantOf = (localUs: number) => (out.hasZone ? localUs - parts.zoneUs : zone.utcUs(localUs));
    out.us = hasYear
      ? instantOf(dayUs(parts) + timeUs)
      : withoutYear(parts.month, parts.day, timeUs, appendTimeUs, instantOf);
    return !Number.isNaN(out.us);
  };
}

function dayUs({
  year,
  month,
  day,
  dayOfYear,
}: {
  year: number;
  month: number;
  day: number;
  dayOfYear: number;
}): number {
  if (dayOfYear === 0) return daysSinceEpoch(year, month, day) * DAY_US;
  const days = daysSinceEpoch(year, 1, 1) + dayOfYear - 1;
  return days < daysSinceEpoch(year + 1, 1, 1) ? days * DAY_US : Number.NaN;
}

/** Seconds, milli-, micro- or nanoseconds since the epoch, with a fraction or without. */
function readEpoch(text: string, begin: number, end: number, unitUs: number, out: ReadTime): boolean {
  const value = text.slice(begin, end);
  const match = /^([0-9]{1,19})(?:[.,]([0-9]{1,9}))?$/.exec(value);
  if (match === null) return false;
  // Nanoseconds don't pass through a double.
  if (unitUs < 1) out.us = Number(match[1].slice(0, -3));
  else out.us = Number(match[1]) * unitUs + Math.floor(Number(`0.${match[2] ?? 0}`) * unitUs + 1e-6);
  out.hasZone = true;
  return Number.isSafeInteger(out.us);
}
