import { lengthOfDigits } from "./clock.ts";
import { type HeadParts, HOST, LEVEL, LOGGER, PID, PROGRAM, SERVICE } from "./head-parts.ts";
import {
  BAR,
  bracketEnd,
  CLOSE,
  COLON,
  endOfWord,
  isCode,
  isSpace,
  OPEN,
  SLASH,
  SPACE,
  skipSpaces,
} from "./head-words.ts";
import { capitalLevelEnd } from "./level.ts";
import { endOfLogger, type LoggerEnd } from "./logger.ts";

/*
 * Heads of a kind of their own. Each function reads on from a position, adds the parts it finds, and gives the position of
 * the message.
 */

const NAME_LENGTH_MAX = 80;
/** A name of a program with spaces in it has at most so many. */
const NAME_SPACES_MAX = 2;

const logger: LoggerEnd = { end: 0, after: 0 };

/** Columns between bars: each of a name, a number and a level at most once; the message is the rest. */
export function scanBars(parts: HeadParts, text: string, from: number, end: number): number {
  let at = skipSpaces(text, from + 1, end);
  for (;;) {
    let bar = at;
    while (bar < end && text.charCodeAt(bar) !== BAR) bar++;
    if (bar >= end) return at;
    let stop = bar;
    while (stop > at && isSpace(text.charCodeAt(stop - 1))) stop--;
    const digits = lengthOfDigits(text, at);
    if (!parts.has(LEVEL) && capitalLevelEnd(text, at, end) === stop) parts.add(LEVEL, at, stop);
    else if (digits > 0 && digits === stop - at && !parts.has(PID)) parts.add(PID, at, stop);
    else if (stop > at && endOfWord(text, at, end) === stop && !parts.has(LOGGER) && !parts.has(PID))
      parts.add(LOGGER, at, stop);
    else return at;
    at = skipSpaces(text, bar + 1, end);
  }
}

/** Behind the time of glog: numbers and `file.go:12]`. */
export function scanGlog(parts: HeadParts, text: string, from: number, end: number): number {
  let at = from;
  for (let digits = lengthOfDigits(text, at); digits > 0; digits = lengthOfDigits(text, at)) {
    parts.addNumber(at, at + digits);
    at = skipSpaces(text, at + digits, end);
  }
  const stop = endOfWord(text, at, end);
  if (text.charCodeAt(stop) !== CLOSE || stop === at) return at;
  parts.add(LOGGER, at, stop);
  return skipSpaces(text, stop + 1, end);
}

/** `NETWORK  [conn1] ` behind a letter level, as MongoDB writes it; -1 if it is not so. */
export function scanComponent(parts: HeadParts, text: string, from: number, end: number): number {
  const at = skipSpaces(text, from, end);
  const stop = endOfWord(text, at, end);
  const open = skipSpaces(text, stop, end);
  if (stop - at > 16 || open === stop || text.charCodeAt(open) !== OPEN || !isCode(text, at, stop)) return -1;
  const close = bracketEnd(text, open, end);
  if (close < 0 || stop === at) return -1;
  if (stop > at + 1) parts.add(LOGGER, at, stop);
  else if (text[at] !== "-") return -1;
  parts.addBracket(text, open + 1, close - 1);
  return skipSpaces(text, close, end);
}

/** `Tag: ` or `/Tag( 123): ` behind a letter level, as logcat writes it; -1 if it is not so. */
export function scanTag(parts: HeadParts, text: string, from: number, end: number): number {
  const tagAt = text.charCodeAt(from) === SLASH ? from + 1 : skipSpaces(text, from, end);
  const stop = Math.min(end, tagAt + NAME_LENGTH_MAX);
  for (let at = tagAt; at < stop; at++) {
    if (text.charCodeAt(at) !== COLON || (at + 1 < end && text.charCodeAt(at + 1) !== SPACE)) continue;
    const open = text.charCodeAt(at - 1) === 41 ? text.lastIndexOf("(", at) : -1;
    const digitsAt = skipSpaces(text, open + 1, at);
    const digits = open > tagAt ? lengthOfDigits(text, digitsAt) : 0;
    let tagEnd = digits > 0 && digitsAt + digits === at - 1 ? open : at;
    while (tagEnd > tagAt && isSpace(text.charCodeAt(tagEnd - 1))) tagEnd--;
    if (tagEnd === tagAt) return -1;
    parts.add(LOGGER, tagAt, tagEnd);
    if (open >= tagEnd && digitsAt + digits === at - 1) parts.addNumber(digitsAt, digitsAt + digits);
    return skipSpaces(text, at + 1, end);
  }
  return -1;
}

/**
 * Heads without a level: `host name[123]: `, `main.go:12: `, `[time] chrome.exe - `, and, `isSyslog`, `host kernel: `. -1 if it
 * is none.
 */
export function scanProgram(
  parts: HeadParts,
  text: string,
  from: number,
  end: number,
  isSyslog: boolean,
  isBracketed: boolean,
): number {
  const first = endOfWord(text, from, end);
  if (isBracketed && first > from && isCode(text, from, first)) {
    const dash = programEnd(text, first, end);
    if (dash > 0) {
      parts.add(PROGRAM, from, dash);
      return skipSpaces(text, dash + 3, end);
    }
  }
  if (text.charCodeAt(first) === SPACE && first > from) {
    const nameAt = skipSpaces(text, first, end);
    const nameEnd = serviceEnd(text, nameAt, end, isSyslog);
    if (nameEnd > 0) {
      parts.add(HOST, from, first);
      return addService(parts, text, nameAt, nameEnd, end);
    }
  }
  const nameEnd = serviceEnd(text, from, end, false);
  if (nameEnd > 0) return addService(parts, text, from, nameEnd, end);
  if (!endOfLogger(text, from, end, false, logger)) return -1;
  if (!/\.[a-z]{1,5}:[0-9]{1,7}$/.test(text.slice(from, logger.end))) return -1;
  parts.add(LOGGER, from, logger.end);
  return skipSpaces(text, logger.after, end);
}

/** End of a program's name before ` - `, with ` *64` behind it perhaps; or -1. */
function programEnd(text: string, from: number, end: number): number {
  let at = from;
  if (text.startsWith(" *", at)) {
    const digits = lengthOfDigits(text, at + 2);
    if (digits > 0) at += 2 + digits;
  }
  return text.startsWith(" - ", at) && at + 3 < end ? at : -1;
}

/** End of the name of `name[123]:`, `name[123] (other):` and, in syslog, of `name:`; or -1. */
function serviceEnd(text: string, from: number, end: number, isSyslog: boolean): number {
  const stop = Math.min(end, from + NAME_LENGTH_MAX);
  let spaces = 0;
  for (let at = from; at < stop; at++) {
    const code = text.charCodeAt(at);
    if (code === SPACE && (++spaces > NAME_SPACES_MAX || !isSyslog)) return -1;
    if (code === OPEN) {
      const digits = lengthOfDigits(text, at + 1);
      const close = at + 1 + digits;
      if (digits === 0 || at === from || text.charCodeAt(close) !== CLOSE) return -1;
      return text.charCodeAt(close + 1) === COLON || text.startsWith(" (", close + 1) ? at : -1;
    }
    if (code === COLON && isSpace(text.charCodeAt(at + 1))) return isSyslog && at > from && spaces < 2 ? at : -1;
  }
  return -1;
}

function addService(parts: HeadParts, text: string, from: number, nameEnd: number, end: number): number {
  parts.add(SERVICE, from, nameEnd);
  let at = nameEnd;
  if (text.charCodeAt(at) === OPEN) {
    const digits = lengthOfDigits(text, at + 1);
    parts.addNumber(at + 1, at + 1 + digits);
    at += digits + 2;
    if (text.startsWith(" (", at)) {
      const close = text.indexOf("): ", at);
      if (close < 0 || close + 2 >= end) return skipSpaces(text, at, end);
      parts.addContext(at + 2, close);
      at = close + 1;
    }
  }
  return skipSpaces(text, at + 1, end);
}
