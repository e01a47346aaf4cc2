import { fieldTable, string } from "./fields.ts";
import type { Format } from "./line-parser.ts";
import { addRequest } from "./request-line.ts";
import type { ScannedLine } from "./shape.ts";
import { addValue, createScannedParser, truncate } from "./shaped-line.ts";
import { endsAfter, endsAt, endsBefore, TIME_OF_LENGTH } from "./value-end.ts";

/*
 * nginx's error log:
 *
 *   2026/11/24 14:32:52 [error] 1234#5678: *99 message, client: 192.0.2.1, server: shop.example, request: "GET / HTTP/1.1", host: "shop.example"
 *
 * The body is the message; what nginx says of the connection after it are values of their own.
 */

const FIELDS = fieldTable([
  [{ kind: "time" }, "time"],
  [{ kind: "severity" }, "level"],
  string("body", "body"),
  string("client_address", "client.address"),
  string("http_request_method", "method"),
  [{ kind: "url" }, "url"],
  string("network_protocol_version", "protocol"),
  string("http_request_referrer", "referrer"),
]);

/** Names of what stands behind the message. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ["client", "client.address"],
  ["server", "server.address"],
  ["request", "request"],
  ["subrequest", "nginx.subrequest"],
  ["upstream", "nginx.upstream"],
  ["host", "url.domain"],
  ["referrer", "referrer"],
  ["login", "user.name"],
]);

const ZERO = 48;
const QUOTE = 34;
const SLASH = 47;
const CLIENT = ", client: ";

const LEVEL_END = endsAt("]", { lengthMin: 2, lengthMax: 10 });
const DIGITS_END = endsAfter(/[0-9]/, { lengthMin: 1 });
const BODY_END = endsBefore(CLIENT, { notFirst: "*" });
const BARE_END = endsAt(",", { notFirst: '"' });
const QUOTED_END = endsAt('"');

function digitsEnd(own: string, from: number): number {
  let at = from;
  while (own.charCodeAt(at) >= ZERO && own.charCodeAt(at) <= 57) at++;
  return at;
}

/** Adds the values of `, client: …, server: …` from a position on; false if that is not what stands there. */
function scanConnection(own: string, from: number, line: ScannedLine): boolean {
  let at = from;
  while (at < own.length) {
    if (!own.startsWith(", ", at)) return false;
    const colon = own.indexOf(": ", at + 2);
    if (colon < 0) return false;
    const name = KEYS.get(own.slice(at + 2, colon));
    if (name === undefined) return false;
    let start = colon + 2;
    if (own.charCodeAt(start) === QUOTE) {
      start++;
      // A value may hold quotes, as requests of attackers do: it ends where another key or the line's end follows.
      let close = own.indexOf('"', start);
      while (close >= 0 && close + 1 < own.length && !own.startsWith(", ", close + 1))
        close = own.indexOf('"', close + 1);
      if (close < 0) return false;
      if (name === "request") addRequest(line, own, start, close);
      else addValue(line, name, start, close, QUOTED_END);
      at = close + 1;
    } else {
      const comma = own.indexOf(", ", start);
      at = comma < 0 ? own.length : comma;
      addValue(line, name, start, at, BARE_END);
    }
  }
  return true;
}

function scanLine(own: string, line: ScannedLine): boolean {
  if (own.charCodeAt(4) !== SLASH || own.charCodeAt(7) !== SLASH || own.charCodeAt(10) !== 32) return false;
  if (!own.startsWith(" [", 19)) return false;
  const levelEnd = own.indexOf("] ", 21);
  if (levelEnd < 23 || levelEnd > 31) return false;
  const pidEnd = digitsEnd(own, levelEnd + 2);
  if (pidEnd === levelEnd + 2 || own[pidEnd] !== "#") return false;
  const tidEnd = digitsEnd(own, pidEnd + 1);
  if (tidEnd === pidEnd + 1 || !own.startsWith(": ", tidEnd)) return false;
  addValue(line, "time", 0, 19, TIME_OF_LENGTH);
  addValue(line, "level", 21, levelEnd, LEVEL_END);
  addValue(line, "process.pid", levelEnd + 2, pidEnd, DIGITS_END);
  addValue(line, "thread.id", pidEnd + 1, tidEnd, DIGITS_END);
  let at = tidEnd + 2;
  if (own[at] === "*") {
    const connectionEnd = digitsEnd(own, at + 1);
    if (connectionEnd > at + 1 && own[connectionEnd] === " ") {
      addValue(line, "nginx.connection", at + 1, connectionEnd, DIGITS_END);
      at = connectionEnd + 1;
    }
  }
  const client = own.indexOf(CLIENT, at);
  const count = line.names.length;
  addValue(line, "body", at, client < 0 ? own.length : client, BODY_END);
  if (client >= 0 && !scanConnection(own, client, line)) {
    truncate(line, count);
    addValue(line, "body", at, own.length);
  }
  return true;
}

export const NGINX_ERROR: Format = {
  name: "nginx_error",
  joins: false,
  code: "PARSE_NOT_NGINX_ERROR",
  create: (zone) =>
    createScannedParser(
      scanLine,
      {
        fieldOf: FIELDS,
        times: ["%Y/%m/%d %H:%M:%S"],
        mayBegin: (text, begin) => text.charCodeAt(begin + 4) === SLASH,
      },
      zone,
    ),
};
