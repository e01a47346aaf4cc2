import { abbreviatedZoneUs } from "./zone.ts";

/* Clocks in text: `03:04:05`, with a fraction, AM or PM, and a zone behind them. */

const COLON = 58;
const POINT = 46;
const SPACE = 32;

export interface Clock {
  /** Microseconds since midnight. */
  us: number;
  /** Microseconds east of UTC; NaN where no zone is written. */
  zoneUs: number;
  /** Position after it without its zone, and with it. */
  clockEnd: number;
  end: number;
}

const WORD = Uint8Array.from({ length: 256 }, (_, code) => (/[0-9A-Za-z_]/.test(String.fromCharCode(code)) ? 1 : 0));

/** Whether a character belongs to a word. */
export function isWordCode(code: number): boolean {
  return WORD[code] === 1;
}

export function isDigitCode(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** The number of one or two digits at a position; its length is `lengthAt`. */
function number(text: string, at: number, length: number): number {
  const first = text.charCodeAt(at) - 48;
  return length === 1 ? first : first * 10 + text.charCodeAt(at + 1) - 48;
}

/** 1 or 2 digits stand here, or 0: none, or more. */
function lengthAt(text: string, at: number): number {
  if (!isDigitCode(text.charCodeAt(at))) return 0;
  if (!isDigitCode(text.charCodeAt(at + 1))) return 1;
  return isDigitCode(text.charCodeAt(at + 2)) ? 0 : 2;
}

/**
 * Reads a clock into `out`; false if there is none before `end`. `mark` stands between its parts. A loose one may write
 * its parts with one digit, and milliseconds behind a colon likewise.
 */
export function readClock(text: string, at: number, end: number, mark: number, isLoose: boolean, out: Clock): boolean {
  const hourLength = lengthAt(text, at);
  if (hourLength === 0 || text.charCodeAt(at + hourLength) !== mark) return false;
  const minuteAt = at + hourLength + 1;
  const minuteLength = lengthAt(text, minuteAt);
  if (minuteLength === 0 || text.charCodeAt(minuteAt + minuteLength) !== mark) return false;
  const secondAt = minuteAt + minuteLength + 1;
  const secondLength = lengthAt(text, secondAt);
  if (secondLength === 0 || secondAt + secondLength > end) return false;
  if (!isLoose && (minuteLength === 1 || secondLength === 1)) return false;
  let hour = number(text, at, hourLength);
  const minute = number(text, minuteAt, minuteLength);
  const second = number(text, secondAt, secondLength);
  if (hour > 23 || minute > 59 || second > 59) return false;
  out.end = secondAt + secondLength;
  const fractionUs = readFraction(text, end, isLoose, out);
  if (text.charCodeAt(out.end + 1) === 77 || text.charCodeAt(out.end + 2) === 77) {
    const halfAt = text.charCodeAt(out.end) === SPACE ? out.end + 1 : out.end;
    const half = text.charCodeAt(halfAt);
    const isHalf = (half === 65 || half === 80) && text.charCodeAt(halfAt + 1) === 77;
    if (isHalf && halfAt + 2 <= end && hour >= 1 && hour <= 12 && !isWordCode(text.charCodeAt(halfAt + 2))) {
      hour = (hour % 12) + (half === 80 ? 12 : 0);
      out.end = halfAt + 2;
    }
  }
  out.us = (hour * 3600 + minute * 60 + second) * 1_000_000 + fractionUs;
  out.clockEnd = out.end;
  readZone(text, end, mark === POINT, out);
  return true;
}

/** Microseconds of a fraction at `out.end`, which moves behind it. */
function readFraction(text: string, end: number, isLoose: boolean, out: Clock): number {
  const mark = text.charCodeAt(out.end);
  if (mark !== 46 && mark !== 44 && mark !== COLON) return 0;
  let at = out.end + 1;
  let us = 0;
  while (at < end && isDigitCode(text.charCodeAt(at))) {
    if (at - out.end <= 6) us = us * 10 + text.charCodeAt(at) - 48;
    at++;
  }
  const digits = at - out.end - 1;
  if (digits === 0 || digits > 9) return 0;
  if (mark === COLON) {
    // A counter of milliseconds rather than a fraction: `:7` is 7 ms.
    if (digits > 3 || (digits < 3 && !isLoose)) return 0;
    out.end = at;
    return us * 1000;
  }
  out.end = at;
  for (let i = digits; i < 6; i++) us *= 10;
  return us;
}

/** `isInMinutes`: three digits are minutes, as Db2 writes the offset behind a clock with points. */
function readZone(text: string, end: number, isInMinutes: boolean, out: Clock): void {
  out.zoneUs = Number.NaN;
  let at = out.end;
  if (at >= end) return;
  let code = text.charCodeAt(at);
  const isApart = code === SPACE;
  if (isApart) code = text.charCodeAt(++at);
  if (code === 90) {
    if (isApart || isWordCode(text.charCodeAt(at + 1))) return;
    out.zoneUs = 0;
    out.end = at + 1;
  } else if (isInMinutes && lengthOfDigits(text, at + 1) === 3 && (code === 43 || code === 45)) {
    const minutes = Number(text.slice(at + 1, at + 4));
    if (at + 4 > end || minutes > 18 * 60 || isWordCode(text.charCodeAt(at + 4))) return;
    out.zoneUs = (code === 45 ? -1 : 1) * minutes * 60_000_000;
    out.end = at + 4;
  } else if (code === 43 || code === 45) readOffset(text, at, end, isApart, code === 45 ? -1 : 1, out);
  else if (code >= 65 && code <= 90) {
    let stop = at + 1;
    while (stop < end && text.charCodeAt(stop) >= 65 && text.charCodeAt(stop) <= 90) stop++;
    const last = text.charCodeAt(stop - 1);
    if (stop - at > 5 || stop - at < 2 || (last !== 84 && last !== 67 && last !== 75 && last !== 90)) return;
    if (isWordCode(text.charCodeAt(stop)) || text.charCodeAt(stop) === COLON) return;
    const us = abbreviatedZoneUs(text.slice(at, stop));
    if (Number.isNaN(us)) return;
    out.zoneUs = us;
    out.end = stop;
  }
}

/** `+0200`, `+02:00`, and `+02` where it follows the clock at once. */
function readOffset(text: string, at: number, end: number, isApart: boolean, sign: number, out: Clock): void {
  if (lengthOfDigits(text, at + 1) === 4) {
    setOffset(text, at, at + 3, at + 5, end, sign, out);
  } else if (lengthAt(text, at + 1) === 2) {
    if (text.charCodeAt(at + 3) === COLON && lengthAt(text, at + 4) === 2)
      setOffset(text, at, at + 4, at + 6, end, sign, out);
    else if (!isApart && text.charCodeAt(at + 3) !== 45) setOffset(text, at, -1, at + 3, end, sign, out);
  }
}

function setOffset(
  text: string,
  at: number,
  minuteAt: number,
  stop: number,
  end: number,
  sign: number,
  out: Clock,
): void {
  const hour = number(text, at + 1, 2);
  const minute = minuteAt < 0 ? 0 : number(text, minuteAt, 2);
  if (stop > end || hour > 18 || minute > 59 || isWordCode(text.charCodeAt(stop))) return;
  out.zoneUs = sign * (hour * 3600 + minute * 60) * 1_000_000;
  out.end = stop;
}

/** How many digits stand at a position, up to 20. */
export function lengthOfDigits(text: string, at: number): number {
  let count = 0;
  while (count < 20 && isDigitCode(text.charCodeAt(at + count))) count++;
  return count;
}
