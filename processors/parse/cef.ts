import { fieldTable, string } from "./fields.ts";
import type { Format } from "./line-parser.ts";
import type { ScannedLine } from "./shape.ts";
import { addValue, createScannedParser, setDecoded, truncate } from "./shaped-line.ts";
import { SYSLOG_TIMES, scanSyslogHeader } from "./syslog.ts";
import { endsAt, endsBeforeKey } from "./value-end.ts";

/*
 * ArcSight's Common Event Format, alone or behind a header of syslog:
 *
 *   CEF:0|vendor|product|version|class|name|severity|key=value key=value with spaces …
 *
 * In the header `\|` and `\\`, in values `\=`, `\\`, `\n` and `\r` are escapes. The event time is rt, else start, else end,
 * else the syslog header's; the body is msg, else the name. Keys without a column are attributes under their own names.
 */

const FIELDS = fieldTable([
  [{ kind: "time" }, "time"],
  [{ kind: "scale", scale: "ten" }, "cef.severity"],
  string("body", "body msg"),
  string("host_name", "host.name dvchost"),
  string("service_name", "service.name"),
  string("client_address", "src"),
  string("user_id", "suser"),
  string("http_request_method", "requestMethod"),
  string("user_agent_original", "requestClientApplication"),
  string("http_request_referrer", "requestContext"),
  [{ kind: "url" }, "request"],
  [{ kind: "size" }, "out"],
]);

const HEADER = [
  "cef.device.vendor",
  "cef.device.product",
  "cef.device.version",
  "event.code",
  "cef.name",
  "cef.severity",
];
/** Keys that tell the event time, the first that is there. */
const TIMES = ["rt", "start", "end", "log.syslog.time"];

const HEADER_END = endsAt("|\\");
const EXTENSION_END = endsBeforeKey("=\\");

/** A header of syslog is not longer. */
const PREFIX_LENGTH_MAX = 512;
const BACKSLASH = 92;
const SPACE = 32;

/** Position of a character that no odd number of backslashes stands before, or -1. */
export function unescaped(own: string, wanted: string, from: number): number {
  let at = own.indexOf(wanted, from);
  while (at >= 0) {
    let before = at - 1;
    while (before >= from && own.charCodeAt(before) === BACKSLASH) before--;
    if ((at - before) % 2 === 1) return at;
    at = own.indexOf(wanted, at + 1);
  }
  return -1;
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r" };

/** Takes the escapes out of the value that was added last, own[start, end); another backslash stands for itself. */
function decode(own: string, start: number, end: number, escapes: RegExp, line: ScannedLine): void {
  const value = own.slice(start, end);
  if (value.includes("\\"))
    setDecoded(
      line,
      value.replace(escapes, (_, character: string) => ESCAPED[character] ?? character),
    );
}

/** Position after what stands before `mark` (such as "CEF:") and after it; -1 if it is neither nothing nor a syslog header. */
export function scanPrefix(own: string, mark: string, line: ScannedLine): number {
  if (own.startsWith(mark)) return mark.length;
  const at = own.indexOf(mark);
  if (at < 0 || at > PREFIX_LENGTH_MAX) return -1;
  if (scanSyslogHeader(own, line) !== at) {
    // A priority alone.
    if (line.names[0] !== "log.syslog.priority" || line.ends[0] + 1 !== at) return -1;
    truncate(line, 1);
  }
  const time = line.names.indexOf("time");
  if (time >= 0) line.names[time] = "log.syslog.time";
  return at + mark.length;
}

/** Names the first value that tells the event time `time`. */
export function chooseTime(line: ScannedLine, names: readonly string[]): void {
  for (const name of names) {
    const at = line.names.indexOf(name);
    if (at < 0) continue;
    line.names[at] = "time";
    return;
  }
}

function isKeyCharacter(code: number): boolean {
  const isWord = (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return isWord || code === 95 || code === 46 || code === 45 || code === 91 || code === 93;
}

/** Where the key in front of an equals sign begins, not before `from`; -1 if none stands there. */
function keyBefore(own: string, equals: number, from: number): number {
  let at = equals;
  while (at > from && isKeyCharacter(own.charCodeAt(at - 1))) at--;
  return at < equals && (at === from || own.charCodeAt(at - 1) === SPACE) ? at : -1;
}

function scanExtension(own: string, from: number, line: ScannedLine): boolean {
  let at = from;
  while (own.charCodeAt(at) === SPACE) at++;
  if (at === own.length) return true;
  let equals = unescaped(own, "=", at);
  if (equals < 0 || keyBefore(own, equals, at) !== at) return false;
  let key = own.slice(at, equals);
  for (;;) {
    const start = equals + 1;
    let next = unescaped(own, "=", start);
    let keyAt = next < 0 ? -1 : keyBefore(own, next, start);
    // An equals sign that no key stands before is part of the value.
    while (next >= 0 && (keyAt <= start - 1 || (keyAt === start && own.charCodeAt(start - 1) !== SPACE))) {
      next = unescaped(own, "=", next + 1);
      keyAt = next < 0 ? -1 : keyBefore(own, next, start);
    }
    const end = next < 0 ? own.length : keyAt - 1;
    addValue(line, key, start, end, EXTENSION_END);
    decode(own, start, end, /\\([=\\nr|])/g, line);
    if (next < 0) return true;
    key = own.slice(keyAt, next);
    equals = next;
  }
}

function scanLine(own: string, line: ScannedLine): boolean {
  let at = scanPrefix(own, "CEF:", line);
  if (at < 0) return false;
  const versionEnd = own.indexOf("|", at);
  if (versionEnd <= at || versionEnd > at + 4) return false;
  at = versionEnd + 1;
  const nameAt = line.names.length + 4;
  for (const name of HEADER) {
    let end = unescaped(own, "|", at);
    if (end < 0) {
      // The last one may end the line.
      if (name !== "cef.severity") return false;
      end = own.length;
    }
    addValue(line, name, at, end, HEADER_END);
    decode(own, at, end, /\\([\\|])/g, line);
    at = end + 1;
  }
  if (at < own.length && !scanExtension(own, at, line)) return false;
  if (!line.names.includes("msg")) line.names[nameAt] = "body";
  chooseTime(line, TIMES);
  return true;
}

const DATES = ["%b %e %Y %H:%M:%S", "%b %D %Y %H:%M:%S"];

/** Notations of time in CEF and LEEF, beside those of syslog headers. */
export const EVENT_TIMES: readonly string[] = [
  ...SYSLOG_TIMES,
  ...DATES.flatMap((date) => ["", ".%3"].flatMap((fraction) => [" UTC", " GMT"].map((zone) => date + fraction + zone))),
];

export const CEF: Format = {
  name: "cef",
  joins: false,
  code: "PARSE_NOT_CEF",
  create: (zone) => createScannedParser(scanLine, { fieldOf: FIELDS, times: EVENT_TIMES }, zone),
};
