import type { EventBatch } from "../model/event-batch.ts";
import { fieldTable, string } from "./fields.ts";
import type { Format } from "./line-parser.ts";
import { severityOfWord } from "./severity.ts";
import type { ScannedLine } from "./shape.ts";
import { addValue, createScannedParser, setDecoded, truncate } from "./shaped-line.ts";
import { severityWord } from "./text.ts";
import { monthOf } from "./timestamp.ts";

/*
 * syslog, as files hold it:
 *
 *   RFC 3164   [<34>]Oct 11 22:14:15 host tag[123]: message     the time also in ISO 8601, as rsyslog writes it
 *   RFC 5424   <34>1 2026-10-11T22:14:15.003Z host app 123 ID47 [sd@32473 key="value"] message
 *
 * Structured data are attributes `sd.key`: with its number the name would look like an e-mail address. Without a priority the severity is a level word of the message, as in
 * free text; a line without priority and tag is left to free text, which it can't be told from.
 */

const FIELDS = fieldTable([
  [{ kind: "time" }, "time"],
  [{ kind: "scale", scale: "priority" }, "log.syslog.priority"],
  string("host_name", "host.name"),
  string("service_name", "service.name"),
  string("body", "body"),
]);

/** Notations of time in a header of RFC 3164; none reads what another one reads. */
export const SYSLOG_TIMES: readonly string[] = ["%b %e", "%b %D"].flatMap((day) =>
  ["", " %Y"].flatMap((year) => ["", ".%3", ".%6"].map((fraction) => `${day}${year} %H:%M:%S${fraction}`)),
);

const TAG_LENGTH_MAX = 128;
const HOST_LENGTH_MAX = 255;
const WORD_SEARCH_LENGTH = 256;
const BYTE_ORDER_MARK = "\xef\xbb\xbf";
/** Lines of syslogd itself, which have no tag. */
const UNTAGGED = /^(?:last message repeated \d+ times?|message repeated \d+ times:|-- MARK --|--- last message)/;
const SPACE = 32;
const DASH = 45;

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Position after `<PRI>`, whose number is added; 0 if none stands there, -1 if what stands there is malformed. */
function scanPriority(own: string, line: ScannedLine): number {
  if (own.charCodeAt(0) !== 60) return 0;
  let at = 1;
  while (isDigit(own.charCodeAt(at)) && at < 4) at++;
  if (at === 1 || own.charCodeAt(at) !== 62) return -1;
  addValue(line, "log.syslog.priority", 1, at);
  return at + 1;
}

/** End of a time as RFC 3164 or, with microseconds and zone, rsyslog writes it, or -1. */
function timeEnd(own: string, at: number): number {
  if (isDigit(own.charCodeAt(at))) {
    if (own[at + 4] !== "-" || own[at + 7] !== "-" || own[at + 10] !== "T" || own[at + 13] !== ":") return -1;
    const end = own.indexOf(" ", at + 19);
    // Many programs begin a line with a shorter one.
    return at > 0 || (end === at + 32 && own[at + 19] === ".") ? end : -1;
  }
  if (Number.isNaN(monthOf(own, at)) || own.charCodeAt(at + 3) !== SPACE) return -1;
  let clock = at + 7;
  if (own.charCodeAt(clock + 4) === SPACE && isDigit(own.charCodeAt(clock))) clock += 5;
  if (own.charCodeAt(clock - 1) !== SPACE || own[clock + 2] !== ":" || own[clock + 5] !== ":") return -1;
  let end = clock + 8;
  if (own[end] === ".") end++;
  while (isDigit(own.charCodeAt(end))) end++;
  return own.charCodeAt(end) === SPACE ? end : -1;
}

/** Position of the colon after `tag` or `tag[pid]`, and where its parts end; null if none stands at a position. */
function tagAt(own: string, at: number): { readonly nameEnd: number; readonly colon: number } | null {
  let end = at;
  const stop = Math.min(own.length, at + TAG_LENGTH_MAX);
  while (end < stop) {
    const code = own.charCodeAt(end);
    if (code <= SPACE || code === 58 || code === 91) break;
    end++;
  }
  if (end === at || end === stop) return null;
  if (own.charCodeAt(end) === 58) return { nameEnd: end, colon: end };
  if (own.charCodeAt(end) !== 91) return null;
  const close = own.indexOf("]", end);
  return close > end + 1 && close < end + TAG_LENGTH_MAX && own[close + 1] === ":"
    ? { nameEnd: end, colon: close + 1 }
    : null;
}

/**
 * Reads the header of RFC 3164 up to the host, from after the priority on. Gives the position of what follows the host, or
 * -1. A header without a host, as programs on the machine itself write it, ends with the time.
 */
function scanOldHeader(own: string, from: number, line: ScannedLine): number {
  const end = timeEnd(own, from);
  if (end < 0) return -1;
  addValue(line, "time", from, end);
  const hostAt = end + 1;
  const hostEnd = own.indexOf(" ", hostAt);
  const last = own.charCodeAt((hostEnd < 0 ? own.length : hostEnd) - 1);
  if (last === 58 || hostEnd < 0) return hostAt;
  if (hostEnd === hostAt || hostEnd - hostAt > HOST_LENGTH_MAX) return -1;
  // `Oct 11 22:14:15 ERROR name: …` is a line of a program, not of syslog.
  if (severityOfWord(own.slice(hostAt, hostEnd)) !== 0) return -1;
  addValue(line, "host.name", hostAt, hostEnd);
  return hostEnd + 1;
}

/** Reads a message's tag, if it has one, and its body; false if there is nothing by which it is a syslog line. */
function scanTagged(own: string, from: number, hasPriority: boolean, line: ScannedLine): boolean {
  const tag = tagAt(own, from);
  let at = from;
  if (tag !== null) {
    addValue(line, "service.name", from, tag.nameEnd);
    if (tag.colon > tag.nameEnd) addValue(line, "process.pid", tag.nameEnd + 1, tag.colon - 1);
    at = own.charCodeAt(tag.colon + 1) === SPACE ? tag.colon + 2 : tag.colon + 1;
  } else if (!hasPriority && !UNTAGGED.test(own.slice(from))) return false;
  addValue(line, "body", at, own.length);
  return true;
}

const NAMES = ["time", "host.name", "service.name", "process.pid", "log.syslog.msgid"] as const;

/** Reads the header of RFC 5424 after `<PRI>1 `, up to the structured data's beginning; -1 if it is none. */
function scanNewHeader(own: string, from: number, line: ScannedLine): number {
  let at = from;
  for (const name of NAMES) {
    const end = own.indexOf(" ", at);
    if (end <= at) return -1;
    if (end > at + 1 || own.charCodeAt(at) !== DASH) addValue(line, name, at, end);
    at = end + 1;
  }
  return at;
}

/** Reads `-` or elements `[id key="value" …]`; the position after them, or -1. */
function scanStructuredData(own: string, from: number, line: ScannedLine): number {
  if (own.charCodeAt(from) === DASH) return from + 1;
  let at = from;
  if (own[at] !== "[") return -1;
  while (own[at] === "[") {
    const idAt = ++at;
    while (at < own.length && own.charCodeAt(at) !== SPACE && own.charCodeAt(at) !== 93) at++;
    const number = own.indexOf("@", idAt);
    const id = own.slice(idAt, number > idAt && number < at ? number : at);
    if (id === "") return -1;
    while (own.charCodeAt(at) === SPACE) {
      const equals = own.indexOf('="', at);
      if (equals <= at + 1) return -1;
      const start = equals + 2;
      let end = start;
      while (end < own.length && own.charCodeAt(end) !== 34) end += own.charCodeAt(end) === 92 ? 2 : 1;
      if (end >= own.length) return -1;
      const value = own.slice(start, end);
      const decoded = value.includes("\\") ? value.replace(/\\(["\\\]])/g, "$1") : undefined;
      addValue(line, `${id}.${own.slice(at + 1, equals)}`, start, end);
      if (decoded !== undefined) setDecoded(line, decoded);
      at = end + 1;
    }
    if (own[at] !== "]") return -1;
    at++;
  }
  return at;
}

/** Reads a whole header, of either kind, and gives the position of the message, or -1; a tag is part of the message. */
export function scanSyslogHeader(own: string, line: ScannedLine): number {
  const at = scanPriority(own, line);
  if (at < 0) return -1;
  if (at === 0 || !own.startsWith("1 ", at)) return scanOldHeader(own, at, line);
  const dataAt = scanNewHeader(own, at + 2, line);
  const end = dataAt < 0 ? -1 : scanStructuredData(own, dataAt, line);
  return end >= 0 && own.charCodeAt(end) === SPACE ? end + 1 : -1;
}

function scanLine(own: string, line: ScannedLine): boolean {
  const at = scanPriority(own, line);
  if (at < 0) return false;
  if (at > 0 && own.startsWith("1 ", at)) {
    const dataAt = scanNewHeader(own, at + 2, line);
    const end = dataAt < 0 ? -1 : scanStructuredData(own, dataAt, line);
    if (end < 0 || (end < own.length && own.charCodeAt(end) !== SPACE)) return false;
    if (end === own.length) return true;
    const bodyAt = own.startsWith(BYTE_ORDER_MARK, end + 1) ? end + 4 : end + 1;
    addValue(line, "body", bodyAt, own.length);
    return true;
  }
  const from = scanOldHeader(own, at, line);
  if (from >= 0) return scanTagged(own, from, at > 0, line);
  if (at === 0) return false;
  // A priority and no header: RFC 3164 takes all of it for the message.
  truncate(line, 1);
  return scanTagged(own, at, true, line);
}

/** Without a priority the message may say how bad it is. */
function severityFromBody(batch: EventBatch, row: number): void {
  if (batch.severity_number[row] !== 0) return;
  const head = batch.strings.body.get(row).slice(0, WORD_SEARCH_LENGTH);
  const word = severityWord(head, head);
  if (word === "") return;
  batch.strings.severity_text.set(row, word);
  batch.severity_number[row] = severityOfWord(word);
}

export const SYSLOG: Format = {
  name: "syslog",
  joins: false,
  code: "PARSE_NOT_SYSLOG",
  create: (zone) =>
    createScannedParser(scanLine, { fieldOf: FIELDS, times: SYSLOG_TIMES, finish: severityFromBody }, zone),
};
