import { chooseTime, EVENT_TIMES, scanPrefix, unescaped } from "./cef.ts";
import { fieldTable, string } from "./fields.ts";
import type { Format } from "./line-parser.ts";
import type { ScannedLine } from "./shape.ts";
import { addValue, createScannedParser, setDecoded } from "./shaped-line.ts";
import { endsAt } from "./value-end.ts";

/*
 * QRadar's Log Event Extended Format, alone or behind a header of syslog:
 *
 *   LEEF:1.0|vendor|product|version|event|key=value<tab>key=value
 *   LEEF:2.0|vendor|product|version|event|^|key=value^key=value     the delimiter a character, its code as x5E, or none: a tab
 *
 * The event time is devTime, else the syslog header's. Values have no escapes: paths of Windows stay as they are.
 */

const FIELDS = fieldTable([
  [{ kind: "time" }, "time"],
  [{ kind: "scale", scale: "ten" }, "sev"],
  string("body", "msg"),
  string("host_name", "host.name devName"),
  string("service_name", "service.name"),
  string("client_address", "src"),
  string("user_id", "usrName"),
  string("http_request_method", "method"),
  string("user_agent_original", "userAgent"),
  string("http_request_referrer", "referrer"),
  [{ kind: "url" }, "url"],
]);

const HEADER = ["leef.vendor", "leef.product", "leef.version", "event.code"];
const TIMES = ["devTime", "log.syslog.time"];

const HEADER_END = endsAt("|\\");
const VALUE_END = endsAt("\t");

/** The delimiter that a header field names; null: it names none. */
function delimiterOf(written: string): string | null {
  if (written === "") return "\t";
  if (written.length === 1) return written;
  const hex = /^(?:0?x)([0-9A-Fa-f]{2})$/.exec(written);
  return hex === null ? null : String.fromCharCode(Number.parseInt(hex[1], 16));
}

function scanLine(own: string, line: ScannedLine): boolean {
  let at = scanPrefix(own, "LEEF:", line);
  if (at < 0) return false;
  const isSecond = own.startsWith("2.0|", at);
  if (!isSecond && !own.startsWith("1.0|", at)) return false;
  at += 4;
  for (const name of HEADER) {
    const end = unescaped(own, "|", at);
    if (end < 0) return false;
    const value = own.slice(at, end);
    addValue(line, name, at, end, HEADER_END);
    if (value.includes("\\")) setDecoded(line, value.replace(/\\([\\|])/g, "$1"));
    at = end + 1;
  }
  let delimiter = "\t";
  if (isSecond) {
    const end = own.indexOf("|", at);
    const named = end < 0 || end > at + 4 ? null : delimiterOf(own.slice(at, end));
    // Some leave the field out.
    if (named !== null) {
      delimiter = named;
      at = end + 1;
    }
  }
  // In the second version another text might be taken for the delimiter's field.
  const valueEnd = isSecond ? undefined : VALUE_END;
  const header = line.names.length;
  while (at < own.length) {
    let end = own.indexOf(delimiter, at);
    if (end < 0) end = own.length;
    const equals = own.indexOf("=", at);
    if (equals > at && equals < end) addValue(line, own.slice(at, equals), equals + 1, end, valueEnd);
    // A delimiter inside of the value before.
    else if (line.names.length > header) line.ends[line.names.length - 1] = end;
    else return false;
    at = end + delimiter.length;
  }
  chooseTime(line, TIMES);
  return true;
}

export const LEEF: Format = {
  name: "leef",
  joins: false,
  code: "PARSE_NOT_LEEF",
  create: (zone) => createScannedParser(scanLine, { fieldOf: FIELDS, times: EVENT_TIMES }, zone),
};
