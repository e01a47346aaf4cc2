import { isDigitCode, isWordCode, lengthOfDigits } from "./clock.ts";
import { scanBars, scanComponent, scanGlog, scanProgram, scanTag } from "./head-kinds.ts";
import { HeadParts, LEVEL, LOGGER, PID, PREFIX, THREAD, THREAD_ID, TIME } from "./head-parts.ts";
import {
  BAR,
  bracketEnd,
  CLOSE,
  COLON,
  DASH,
  endOfWord,
  isCode,
  isName,
  isSpace,
  OPEN,
  SLASH,
  SPACE,
  skipMarks,
  skipSpaces,
} from "./head-words.ts";
import { bracketedLevel, capitalLevelEnd, isLetterLevel, markedLevelEnd, priorityLevelEnd } from "./level.ts";
import { endOfLogger, type LoggerEnd } from "./logger.ts";
import type { FoundTime } from "./time-finder.ts";

/*
 * The head of a line of free text: what a program writes in front of its message. Not a list of products: around the time
 * stand, in any order, a level, numbers, names in brackets and a logger; the message begins where nothing of that follows.
 * A line whose time stands in a sentence has no head.
 */

const WORDS_BEFORE_LEVEL_MAX = 6;
const WORDS_BEFORE_TIME_MAX = 6;
const PARTS_BEHIND_LEVEL_MAX = 5;
const LESS = 60;
const ROUND_OPEN = 40;

/** Finds the parts of text[begin, end), the first line of an entry. The answer is valid until the next call. */
export function createHeadScanner(): (text: string, begin: number, end: number, time: FoundTime) => HeadParts {
  const parts = new HeadParts();
  const logger: LoggerEnd = { end: 0, after: 0 };

  /** What stands in front of the time. False: a sentence, no head. */
  function addPrefix(text: string, begin: number, end: number): boolean {
    const isLabelled = text.charCodeAt(begin) === DASH || isDigitCode(text.charCodeAt(begin));
    let from = -1;
    let to = -1;
    let words = 0;
    let at = begin;
    while (at < end) {
      const code = text.charCodeAt(at);
      const isFree = from < 0 && !parts.has(LEVEL);
      if (!isWordCode(code) && code < 128 && code !== SLASH) {
        const level = isFree && (code === OPEN || code === LESS) ? bracketedLevel(text, at, end) : null;
        if (level !== null) parts.add(LEVEL, level.begin, level.end);
        at = level === null ? at + 1 : level.end;
        continue;
      }
      const levelEnd = isFree ? capitalLevelEnd(text, at, end) : -1;
      if (levelEnd > 0) {
        parts.add(LEVEL, at, levelEnd);
        at = levelEnd;
        continue;
      }
      const stop = endOfWord(text, at, end);
      if (++words > WORDS_BEFORE_TIME_MAX) return false;
      if (!isLabelled && !isCode(text, at, stop) && text.charCodeAt(skipSpaces(text, stop, end)) !== BAR) return false;
      if (from < 0) from = at;
      to = stop;
      at = stop;
    }
    if (from < 0) return true;
    // `E1124 …` of glog, `[I 240102 …`.
    const isLetter =
      to - from === 1 &&
      words === 1 &&
      !parts.has(LEVEL) &&
      (isLetterLevel(text, from) || ("NCAX".includes(text[from]) && text.lastIndexOf("[", end) >= begin));
    parts.add(isLetter ? LEVEL : PREFIX, from, to);
    return true;
  }

  /** From behind the time to behind the level; -1 (and nothing added) if there is no level before the message. */
  function upToLevel(text: string, from: number, end: number): number {
    const { count } = parts;
    const lastEnd = parts.ends[count - 1];
    let at = from;
    let numbers = 0;
    let names = 0;
    for (let words = 0; words <= WORDS_BEFORE_LEVEL_MAX && at < end; words++) {
      const code = text.charCodeAt(at);
      // `[time #12] `: the bracket of the time ends behind a number.
      if (code === CLOSE && words === 1) {
        at = skipMarks(text, at + 1, end);
        continue;
      }
      if (code === OPEN || code === LESS || code === ROUND_OPEN) {
        const level = bracketedLevel(text, at, end);
        if (level !== null) {
          // One number in front of a level in brackets is of the thread.
          const last = parts.count - 1;
          if (numbers === 1 && parts.roles[last] === PID) {
            parts.truncate(last);
            parts.add(THREAD_ID, parts.begins[last], parts.ends[last]);
          }
          parts.add(LEVEL, level.begin, level.end);
          return skipSpaces(text, level.end, end) + 1;
        }
        const close = code === OPEN ? bracketEnd(text, at, end) : -1;
        if (close < 0) break;
        parts.addBracket(text, at + 1, close - 1);
        at = skipMarks(text, close, end);
        continue;
      }
      const levelEnd = levelAt(text, at, end, numbers, words);
      if (levelEnd > 0) {
        parts.add(LEVEL, at, levelEnd);
        return levelEnd;
      }
      const stop = endOfWord(text, at, end);
      if (stop === at) break;
      const next = skipMarks(text, stop, end);
      if (lengthOfDigits(text, at) === stop - at) {
        numbers++;
        parts.addNumber(at, stop);
      } else if (isCode(text, at, stop)) {
        if (text.charCodeAt(stop - 1) === COLON) break;
        const isBeforeDash = next - stop >= 3 && text.charCodeAt(next - 2) === DASH;
        if (isBeforeDash && !parts.has(LOGGER)) parts.add(LOGGER, at, stop);
        else parts.addContext(at, stop);
      } else {
        // One plain name may stand in front of a level, or of a mark.
        if (!isName(text, at, stop) || ++names > 1) break;
        if (capitalLevelEnd(text, next, end) < 0 && next - stop < 3) break;
        if (parts.has(LOGGER)) parts.addContext(at, stop);
        else parts.add(LOGGER, at, stop);
      }
      at = next;
    }
    parts.truncate(count);
    // What has no name was perhaps made longer.
    parts.ends[count - 1] = lastEnd;
    return -1;
  }

  /** End of a level outside brackets at a position, or -1. `numbers` and `words` stand between it and the time. */
  function levelAt(text: string, at: number, end: number, numbers: number, words: number): number {
    const capitals = capitalLevelEnd(text, at, end);
    if (capitals > 0) return capitals;
    if (isLetterLevel(text, at) && at + 2 < end) {
      const after = text.charCodeAt(at + 1);
      // logcat, long and brief, and MongoDB.
      if (after === SLASH && words === 0) return at + 1;
      // Telegraf: `I! `.
      if (after === 33 && words === 0 && text.charCodeAt(at + 2) === SPACE) return at + 1;
      if (after === SPACE && numbers === 2 && words === 2) return at + 1;
      if (
        after === SPACE &&
        words === 0 &&
        /^(?:[A-Z]{2,16}|-) {1,9}\[/.test(text.slice(at + 2, Math.min(end, at + 32)))
      )
        return at + 1;
    }
    if (words > 0) return -1;
    const marked = markedLevelEnd(text, at, end);
    return marked > 0 ? marked : priorityLevelEnd(text, at);
  }

  /** From behind the level to the message. `isBracketed`: so the level stands. */
  function upToMessage(text: string, from: number, end: number, isBracketed: boolean): number {
    let at = skipMarks(text, isCloser(text.charCodeAt(from)) ? from + 1 : from, end);
    let isCompact = isBracketed;
    /** Where a logger has been found already. */
    let loggerAt = -1;
    for (let i = 0; i < PARTS_BEHIND_LEVEL_MAX && at < end; i++) {
      const code = text.charCodeAt(at);
      if (code === OPEN) {
        const close = bracketEnd(text, at, end);
        if (close < 0) return at;
        const next = skipMarks(text, close, end);
        const isMarked = hasMark(text, close, next);
        const isTag = isCompact && !/[^\s]\s+[^\s]|=/.test(text.slice(at + 1, close - 1));
        if (!isMarked && !isTag) {
          if (!endOfLogger(text, next, end, false, logger)) return at;
          loggerAt = next;
        }
        parts.addBracket(text, at + 1, close - 1);
        at = next;
        if (isMarked) return at;
        continue;
      }
      const digits = lengthOfDigits(text, at);
      if (digits > 0) {
        if (!text.startsWith(" --- ", at + digits)) return at;
        parts.addNumber(at, at + digits);
        at = skipSpaces(text, at + digits + 5, end);
        isCompact = true;
        continue;
      }
      const isDashed = text.charCodeAt(at - 2) === DASH && text.charCodeAt(at - 1) === SPACE;
      if (parts.has(LOGGER) || (loggerAt !== at && !endOfLogger(text, at, end, isDashed, logger))) return at;
      parts.add(LOGGER, at, logger.end);
      return behindLogger(text, end);
    }
    return at;
  }

  /** Over what stands in brackets behind a logger. */
  function behindLogger(text: string, end: number): number {
    const { after } = logger;
    if (text.charCodeAt(after) !== OPEN || after !== logger.end + 1) return skipSpaces(text, after, end);
    const close = bracketEnd(text, after, end);
    if (close < 0) return after;
    if (!text.startsWith("[-]", after)) {
      if (text.startsWith("req-", after + 1)) parts.addContext(after + 1, close - 1);
      else parts.addBracket(text, after + 1, close - 1);
    }
    return skipMarks(text, close, end);
  }

  /** Behind a level that is one letter. */
  function behindLetter(text: string, from: number, end: number): number {
    const component = scanComponent(parts, text, from, end);
    if (component > 0) return component;
    const tag = scanTag(parts, text, from, end);
    return tag > 0 ? tag : skipMarks(text, from, end);
  }

  /** The length of a part that may be a letter level. */
  function isLetterPart(index: number): boolean {
    return index >= 0 && parts.ends[index] - parts.begins[index] === 1;
  }

  /** From behind the time to the message. */
  function behindTime(text: string, from: number, end: number, time: FoundTime): number {
    const isBracketed = text.charCodeAt(from) === CLOSE;
    let at = isBracketed || isCloser(text.charCodeAt(from)) ? from + 1 : from;
    if (text.charCodeAt(at) === COLON || text.charCodeAt(at) === 44) at++;
    const bar = skipSpaces(text, at, end);
    if (text.charCodeAt(bar) === BAR) {
      const message = scanBars(parts, text, bar, end);
      return parts.has(LEVEL) ? upToMessage(text, message, end, false) : message;
    }
    if (isRedis(text, at)) {
      parts.add(LEVEL, at + 1, at + 2);
      return skipSpaces(text, at + 2, end);
    }
    at = skipMarks(text, at, end);
    if (parts.has(LEVEL))
      return isLetterPart(parts.indexOf(LEVEL)) ? scanGlog(parts, text, at, end) : upToMessage(text, at, end, false);
    if (time.isEpoch && parts.has(PREFIX)) {
      const flag = lengthOfDigits(text, at);
      if (flag > 0 && text.charCodeAt(at + flag) === SPACE) {
        parts.addContext(at, at + flag);
        return skipSpaces(text, at + flag, end);
      }
    }
    const isSyslog = time.isYearless || time.laterEnd > 0;
    if (time.laterEnd > at) {
      parts.addContext(at, time.laterEnd);
      at = skipMarks(text, time.laterEnd, end);
    }
    const levelEnd = upToLevel(text, at, end);
    if (levelEnd > 0) {
      const level = parts.count - 1;
      if (text.charCodeAt(levelEnd) === 33) return upToMessage(text, levelEnd + 1, end, false);
      if (isLetterPart(level)) return behindLetter(text, levelEnd, end);
      if (text.charCodeAt(levelEnd) === SLASH && text.charCodeAt(from) !== CLOSE)
        return behindSlash(text, levelEnd, end);
      return upToMessage(text, levelEnd, end, isCloser(text.charCodeAt(levelEnd - 1)));
    }
    const message = scanProgram(parts, text, at, end, isSyslog, isBracketed);
    return message > 0 ? message : at;
  }

  /** Does a level of Redis stand behind the time, a mark such as ` * `? */
  function isRedis(text: string, at: number): boolean {
    if (text.charCodeAt(at) !== SPACE || text.charCodeAt(at + 2) !== SPACE || !".-*#".includes(text[at + 1]))
      return false;
    const prefix = parts.indexOf(PREFIX);
    return prefix === 0 && /^\d+(?::[A-Z])?$/.test(text.slice(parts.begins[0], parts.ends[0]));
  }

  /** `INFO/MainProcess] `. */
  function behindSlash(text: string, slash: number, end: number): number {
    const stop = endOfWord(text, slash + 1, end);
    if (stop === slash + 1) return slash;
    parts.add(THREAD, slash + 1, stop);
    return skipMarks(text, text.charCodeAt(stop) === CLOSE ? stop + 1 : stop, end);
  }

  return function scanHead(text, begin, end, time) {
    parts.truncate(0);
    parts.bodyBegin = -1;
    if (!addPrefix(text, begin, time.begin)) {
      parts.truncate(0);
      return parts;
    }
    parts.add(TIME, time.begin, time.end);
    const message = behindTime(text, time.end, end, time);
    if (message < end) parts.bodyBegin = message;
    return parts;
  };
}

function isCloser(code: number): boolean {
  return code === CLOSE || code === 41 || code === 62 || code === COLON;
}

/** Does a dash or a colon stand among the marks between two positions? */
function hasMark(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isSpace(text.charCodeAt(at)) && text.charCodeAt(at) !== BAR) return true;
  return false;
}
