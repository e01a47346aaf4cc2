import { isWordCode } from "./clock.ts";
import { standsAt } from "./head-words.ts";

/* Level words where programs write them. A word in a sentence is no level. */

/** Written in capitals as a word of its own, anywhere near the start of a line. */
const CAPITALS: ReadonlySet<string> = new Set(
  (
    "TRACE DEBUG FINEST FINER FINE INFORMATION INFO NOTICE WARNING WARN ERROR ERR SEVERE CRITICAL CRIT ALERT FATAL PANIC " +
    "EMERGENCY EMERG DEBUG1 DEBUG2 DEBUG3 DEBUG4 DEBUG5"
  ).split(" "),
);
/** Likewise, but only in the head of a line. */
const CAPITALS_OF_HEADS: ReadonlySet<string> = new Set([
  ...CAPITALS,
  ..."VERBOSE CONFIG FAILURE NOTE SUCCESS TRC DBG INF WRN FTL VRB".split(" "),
]);
/** In brackets, or before a mark, in any case. */
const ANY_CASE: ReadonlySet<string> = new Set(
  [...CAPITALS_OF_HEADS, ..."SYSTEM".split(" ")].map((word) => word.toLowerCase()),
);
const PLACES = 26 * 16;
/** Words by their first letter and length. */
function byFirstAndLength(words: ReadonlySet<string>): string[][] {
  const lists: string[][] = Array.from({ length: PLACES }, () => []);
  for (const word of words) lists[placeOf(word.charCodeAt(0), word.length)].push(word);
  return lists;
}

function placeOf(first: number, length: number): number {
  return (first - 65) * 16 + length;
}

/** Is text[at, stop), which is of the length of a level, one of the words? */
function isOneOf(lists: readonly string[][], text: string, at: number, stop: number): boolean {
  const words = lists[placeOf(text.charCodeAt(at), stop - at)];
  for (let i = 0; i < words.length; i++) if (standsAt(text, at, words[i])) return true;
  return false;
}

const IN_TEXT = byFirstAndLength(CAPITALS);
const IN_HEADS = byFirstAndLength(CAPITALS_OF_HEADS);
const LENGTH_MIN = 3;
const LENGTH_MAX = 11;
const LETTERS_OF_LOGCAT = "VDIWEF";

/** End of the run of letters and digits at a position. */
function wordEnd(text: string, at: number, end: number): number {
  let stop = at;
  while (stop < end && stop - at <= LENGTH_MAX && isWordCode(text.charCodeAt(stop))) stop++;
  return stop;
}

function isOfLength(begin: number, end: number): boolean {
  return end - begin >= LENGTH_MIN && end - begin <= LENGTH_MAX;
}

/** End of a level in capitals that stands at a position of a head, or -1. `LOG` counts before a colon only. */
export function capitalLevelEnd(text: string, at: number, end: number): number {
  const first = text.charCodeAt(at);
  if (first < 65 || first > 87) return -1;
  const stop = wordEnd(text, at, end);
  if (!isOfLength(at, stop)) return -1;
  const after = text.charCodeAt(stop);
  if (stop < end && (after === 45 || after === 61 || after === 46)) return -1;
  if (isOneOf(IN_HEADS, text, at, stop)) return stop;
  return after === 58 && stop - at === 3 && standsAt(text, at, "LOG") ? stop : -1;
}

/** End of a level in any case that stands at a position, or -1. What follows it is not looked at. */
export function anyCaseLevelEnd(text: string, at: number, end: number): number {
  const first = text.charCodeAt(at) | 32;
  if (first < 97 || first > 119) return -1;
  const stop = wordEnd(text, at, end);
  return isOfLength(at, stop) && ANY_CASE.has(text.slice(at, stop).toLowerCase()) ? stop : -1;
}

/** Is the character a level as logcat writes them? */
export function isLetterLevel(text: string, at: number): boolean {
  return LETTERS_OF_LOGCAT.includes(text[at]);
}

/** End of a level `info:`, `Warning -`, `error |`, `Info   ` at a position: in any case, with a mark behind it; or -1. */
export function markedLevelEnd(text: string, at: number, end: number): number {
  const stop = anyCaseLevelEnd(text, at, end);
  if (stop < 0 || stop >= end) return -1;
  const after = text.charCodeAt(stop);
  if (after === 58 || after === 124 || after === 93 || after === 9) return stop;
  if (after !== 32) return -1;
  const next = text.charCodeAt(stop + 1);
  // `info hostd[4711] `.
  if (isWordCode(next) && /^[\w.-]{1,64}\[\d{1,10}\]/.test(text.slice(stop + 1, stop + 80))) return stop;
  if (next === 45 || next === 58) return text.charCodeAt(stop + 2) === 32 ? stop : -1;
  return next === 32 || next === 124 ? stop : -1;
}

const WITH_PRIORITY = /(?:Em|Al|Cr|Er|Wa|No|In|Db)\(\d{1,3}\)(?= )/y;

/** End of a level with the priority of syslog, `In(166)`, as ESXi writes it, at a position; or -1. */
export function priorityLevelEnd(text: string, at: number): number {
  if (text.charCodeAt(at + 2) !== 40) return -1;
  WITH_PRIORITY.lastIndex = at;
  return WITH_PRIORITY.test(text) ? WITH_PRIORITY.lastIndex : -1;
}

/** Where the level stands inside brackets that open at a position: `[error]`, `<warn>`, `[core:notice]`; null if none does. */
export function bracketedLevel(text: string, open: number, end: number): { begin: number; end: number } | null {
  let begin = open + 1;
  while (text.charCodeAt(begin) === 32 && begin < open + 4) begin++;
  let stop = anyCaseLevelEnd(text, begin, end);
  if (stop < 0) {
    const colon = text.indexOf(":", begin);
    if (colon < 0 || colon > Math.min(end, begin + 24) || /[^a-z_0-9]/.test(text.slice(begin, colon))) return null;
    begin = colon + 1;
    stop = anyCaseLevelEnd(text, begin, end);
    if (stop < 0) return null;
  }
  let close = stop;
  while (text.charCodeAt(close) === 32 && close < stop + 6) close++;
  const code = text.charCodeAt(close);
  return close < end && (code === 93 || code === 62 || code === 41) ? { begin, end: stop } : null;
}

/** Is what stands between two marks a column of PostgreSQL? */
function isColumn(before: number, after: number): boolean {
  return before === after && (after === 58 || after === 44);
}

/** A level word near the start of a text that has no clear head, or "". `from`: behind the time. */
export function levelWord(text: string, begin: number, from: number, end: number): string {
  let capitals = "";
  let previous = 32;
  for (let at = begin; at < end; at++) {
    const code = text.charCodeAt(at);
    const before = previous;
    previous = code;
    if (code === 91 || code === 60 || code === 40) {
      const level = code === 40 ? null : bracketedLevel(text, at, end);
      if (level !== null) return text.slice(level.begin, level.end);
    } else if (code >= 65 && code <= 87 && capitals === "" && !isWordCode(before)) {
      const stop = wordEnd(text, at, end);
      const isLevel = isOfLength(at, stop) && isOneOf(IN_TEXT, text, at, stop);
      const isLog = !isLevel && stop - at === 3 && standsAt(text, at, "LOG") && isColumn(before, text.charCodeAt(stop));
      if (isLevel || isLog) capitals = text.slice(at, stop);
    } else if (code === 108 && before <= 32 && text.startsWith("level=", at)) {
      const stop = anyCaseLevelEnd(text, at + 6, end);
      if (stop >= 0) return text.slice(at + 6, stop);
    }
  }
  if (capitals !== "") return capitals;
  return leadingLevel(text, from, end) || leadingLevel(text, begin, end);
}

/**
 * A level in any case at the start of a text, before a colon, a bar or a dash, `Level,` of columns, `PHP Fatal error:`, `LOG:` of
 * PostgreSQL; or "".
 */
export function leadingLevel(text: string, from: number, end: number): string {
  let at = from;
  while (at < end && at < from + 8 && " \t:-|]".includes(text[at])) at++;
  const isPhp = text.startsWith("PHP ", at);
  if (isPhp) at += 4;
  if (text.startsWith("LOG:  ", at)) return "LOG";
  const stop = anyCaseLevelEnd(text, at, end);
  if (stop < 0) return "";
  if (text.charCodeAt(stop) === 44 && text.charCodeAt(stop + 1) > 32) return text.slice(at, stop);
  if (isPhp && text.startsWith(" error:", stop)) return text.slice(at, stop);
  let mark = stop;
  while (mark < stop + 2 && text.charCodeAt(mark) === 32) mark++;
  return mark < end && ":|-]".includes(text[mark]) ? text.slice(at, stop) : "";
}

const COMPONENT_LEVEL =
  /[\s\]:-]{0,4}(?:[\w.-]{1,40}(?:\[[\w:.]{1,24}\]:?|:) ){1,2}(debug|info|notice|warning|warn|error|critical|crit|alert|emerg|fatal)(?=: )/y;

/** The level of `security: info: …` and `unbound[12:0] info: …` behind a time, or "". */
export function componentLevel(text: string, from: number): string {
  COMPONENT_LEVEL.lastIndex = from;
  return COMPONENT_LEVEL.exec(text)?.[1] ?? "";
}

/** The digit of `%SYS-5-CONFIG_I: ` behind a time, as Cisco's devices write syslog's severities; or "". */
export function ciscoLevel(text: string, from: number): string {
  CISCO.lastIndex = from;
  return CISCO.exec(text)?.[1] ?? "";
}

const CISCO = /[\s:]{0,4}%[A-Z][A-Z0-9_]{1,30}(?:-[A-Z0-9_]{1,30})?-([0-7])-[A-Z0-9_]{1,40}:/y;
