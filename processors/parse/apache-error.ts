import { fieldTable, string } from "./fields.ts";
import { createFinder } from "./layout.ts";
import type { Format } from "./line-parser.ts";
import type { ScannedLine } from "./shape.ts";
import { addValue, createScannedParser } from "./shaped-line.ts";
import { monthOf } from "./timestamp.ts";
import { endsAt, TIME_OF_LENGTH } from "./value-end.ts";

/*
 * Apache's error log, of 2.2 and of 2.4:
 *
 *   [Sun Dec 04 04:47:44 2005] [error] [client 192.0.2.1] message
 *   [Wed Oct 11 14:32:52.123456 2023] [core:error] [pid 12:tid 34] [client 192.0.2.1:5678] AH00126: message, referer: http://shop.example/
 */

const FIELDS = fieldTable([
  [{ kind: "time" }, "time"],
  [{ kind: "severity" }, "level"],
  string("body", "body"),
  string("client_address", "client.address"),
  string("http_request_referrer", "referrer"),
]);

const OPEN = 91;
const LEVEL_LENGTH_MAX = 48;
const REFERER = ", referer: ";

const MODULE_END = endsAt(":]", { lengthMin: 1, lengthMax: 15 });
const LEVEL_END = endsAt(":]", { lengthMin: 1, lengthMax: 32 });
const PID_END = endsAt(":]");
const THREAD_END = endsAt("]");
const ADDRESS_END = endsAt(":]", { lengthMin: 1 });
/** Brackets might be of the process or of the client, and spaces would be passed over. */
const BODY_END = endsAt("", { notFirst: " [" });

/** Adds the address and, if there is one, the port of `[client …]`. */
function addClient(line: ScannedLine, own: string, start: number, end: number, hasPort: boolean): void {
  const colon = own.lastIndexOf(":", end - 1);
  const isSplit = colon > start && (hasPort || own.indexOf(":", start) === colon);
  addValue(line, "client.address", start, isSplit ? colon : end, ADDRESS_END);
  if (isSplit) addValue(line, "client.port", colon + 1, end, PID_END);
}

function scanLine(own: string, line: ScannedLine): boolean {
  if (own.charCodeAt(0) !== OPEN || Number.isNaN(monthOf(own, 5))) return false;
  const timeEnd = own.indexOf("] [", 20);
  if (timeEnd !== 25 && timeEnd !== 32) return false;
  const levelAt = timeEnd + 3;
  const levelEnd = own.indexOf("]", levelAt);
  if (levelEnd <= levelAt || levelEnd > levelAt + LEVEL_LENGTH_MAX) return false;
  addValue(line, "time", 1, timeEnd, TIME_OF_LENGTH);
  const colon = own.indexOf(":", levelAt);
  if (colon > levelAt && colon < levelEnd) addValue(line, "apache.module", levelAt, colon, MODULE_END);
  addValue(line, "level", colon >= levelAt && colon < levelEnd ? colon + 1 : levelAt, levelEnd, LEVEL_END);
  let at = levelEnd + 1;
  let hasPort = false;
  if (own.startsWith(" [pid ", at)) {
    const close = own.indexOf("]", at);
    if (close < 0) return false;
    const tid = own.indexOf(":tid ", at);
    const pidEnd = tid > 0 && tid < close ? tid : close;
    addValue(line, "process.pid", at + 6, pidEnd, PID_END);
    if (pidEnd < close) addValue(line, "thread.id", tid + 5, close, THREAD_END);
    at = close + 1;
    hasPort = true;
  }
  if (own.startsWith(" [client ", at)) {
    const close = own.indexOf("]", at);
    if (close < 0) return false;
    addClient(line, own, at + 9, close, hasPort);
    at = close + 1;
  }
  if (own[at] === " ") at++;
  const referer = own.lastIndexOf(REFERER);
  const bodyEnd = referer > at ? referer : own.length;
  addValue(line, "body", at, bodyEnd, bodyEnd === own.length ? BODY_END : undefined);
  if (bodyEnd < own.length) addValue(line, "referrer", bodyEnd + REFERER.length, own.length);
  return true;
}

export const APACHE_ERROR: Format = {
  name: "apache_error",
  joins: false,
  code: "PARSE_NOT_APACHE_ERROR",
  create(zone) {
    const findReferer = createFinder(REFERER);
    return createScannedParser(
      scanLine,
      {
        fieldOf: FIELDS,
        times: ["%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S.%6 %Y"],
        mayBegin: (text, begin) => text.charCodeAt(begin) === OPEN,
        mustScan: (text, begin, end) => findReferer(text, begin) < end,
      },
      zone,
    );
  },
};
