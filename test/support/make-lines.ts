/*
 * Lines that look like what programs write, and mutations of them, out of a seed. Made, not recorded: every name in
 * them is reserved for documentation.
 */

import { clock, EPOCH, integer, isoTime, makeRandom, pick, type Random, two } from "./line-parts.ts";
import {
  albLine,
  apacheErrorLine,
  cefLine,
  elbLine,
  leefLine,
  nginxErrorLine,
  syslogLine,
  w3cLine,
} from "./make-server-lines.ts";

export { makeRandom, pick, type Random };

const ZONES = ["+0000", "+0530", "-0800", "+1400", "-0000", "+0200"];
/** Few days, because a store keeps days apart. */
const CLF_DAYS = ["29/Feb/2024", "01/Mar/2024"];

function clfTime(random: Random): string {
  const clock = [integer(random, 24), integer(random, 60), integer(random, 60)].map(two).join(":");
  return `${pick(random, CLF_DAYS)}:${clock} ${pick(random, ZONES)}`;
}

function timeText(random: Random): string {
  const epoch = EPOCH + integer(random, 172_800);
  return pick(random, [
    () => isoTime(random, [0, 1, 2, 3, 4, 5, 6]),
    () => isoTime(random, [7, 9]),
    () => String(epoch),
    () => `${epoch}.${two(integer(random, 100))}`,
    () => String(epoch * 1000 + integer(random, 1000)),
    () => String(epoch) + String(integer(random, 1e6)).padStart(6, "0"),
    () => String(epoch) + String(integer(random, 1e9)).padStart(9, "0"),
    () => "soon",
  ])();
}

function accessLine(random: Random): string {
  const request = pick(random, [
    `GET /shop/${integer(random, 40)} HTTP/1.1`,
    `POST /shop?id=${integer(random, 40)}&x=? HTTP/2.0`,
    "HEAD /",
    "GET /a b HTTP/1.0",
    "-",
    "",
    "\\x16\\x03\\x01",
    'GET /q\\" HTTP/1.1',
    "OPTIONS * HTTP/1.1",
    "GET  HTTP/1.1",
    "GET /? HTTP/",
  ]);
  const host = pick(random, ["198.51.100.7", "2001:db8::1", "host.example"]);
  const head = `${host} ${pick(random, ["-", "-", "id"])} ${pick(random, ["-", "-", "ann", "a b"])} [${clfTime(random)}]`;
  const size = pick(random, [` ${integer(random, 100_000)}`, " -", " 0", ""]);
  return `${head} "${request}" ${pick(random, ["200", "404", "500", "301", "-"])}${size}`;
}

function combinedLine(random: Random): string {
  const referrer = pick(random, ["-", "", "http://example.com/?a=b", "-x"]);
  const agent = pick(random, ["-", "Mozilla/5.0 (X11; Linux)", "", "curl/8", 'a \\" b', "caf\xc3\xa9"]);
  const extra = pick(random, ["", "", "", " 0.123", ' "1234"', " 17", " -", ' "', " rt=1 x"]);
  return `${accessLine(random)} "${referrer}" "${agent}"${extra}`;
}

function number(random: Random): string {
  return pick(random, [
    () => String(integer(random, 1000)),
    () => String(integer(random, 1e6) / 1000),
    () => String(integer(random, 1e9) / 1e6),
    () => `${integer(random, 99)}000`,
    () => "0",
    () => "-1",
    () => "1e3",
    () => "0.50",
    () => "12345678901234567890",
    () => "999999999999.999",
    () => "0.000001",
    () => "0.0000001",
  ])();
}

const FIELDS: readonly (readonly [string, (random: Random) => string | number])[] = [
  ["time", timeText],
  ["ts", timeText],
  ["@timestamp", timeText],
  ["level", (random) => pick(random, ["info", "WARN", "error", "30", "50", "35", "", "60"])],
  ["severity", (random) => pick(random, ["info", "30", "Critical"])],
  ["severity_number", (random) => pick(random, ["17", "9", "0", "24", "25", "x"])],
  ["msg", (random) => pick(random, ["order taken", "", "caf\xc3\xa9", "a?b/c", "body", "x\x7fy"])],
  ["service.name", (random) => pick(random, ["cart", "", "made"])],
  ["host", (random) => pick(random, ["web-1", ""])],
  ["tenant", (random) => pick(random, ["", "blue"])],
  ["status", (random) => pick(random, ["200", "404", "ok", "99", "0200", "", "1000"])],
  ["bytes_sent", number],
  ["trace_id", (random) => pick(random, ["0af7651916cd43dd8448eb211c80319c", "0AF7651916CD43DD8448EB211C80319C", "x"])],
  ["span_id", (random) => pick(random, ["b7ad6b7169203331", "", "b7"])],
  ["url", (random) => pick(random, ["/a", "/a?b=c", "/?", "http://example.com/a?b", "a", "?", ""])],
  ["path", (random) => pick(random, ["/p", "/p?q", "p"])],
  ["url.query", (random) => pick(random, ["q=1", ""])],
  ["route", (random) => pick(random, ["/a/{id}", ""])],
  ["client.ip", (random) => pick(random, ["198.51.100.7", ""])],
  ["geo.country_iso_code", (random) => pick(random, ["", "NZ"])],
  ["user_agent", (random) => pick(random, ["curl/8.1", ""])],
  ["user_agent.name", (random) => pick(random, ["", "curl"])],
  ["duration_ms", number],
  ["duration_us", number],
  ["duration_ns", number],
  ["request_time", number],
  ["user", (random) => pick(random, ["ann", "7"])],
  ["n", number],
  ["a.b", number],
  ["", (random) => pick(random, ["x", "y"])],
  ["__proto__", () => "p"],
];

const isJsonNumber = (value: string) => /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(value);

/** Some of the fields, each with a value; the same few selections again and again, so that shapes repeat. */
function someFields(random: Random): (readonly [string, string])[] {
  const selection = makeRandom(integer(random, 24));
  const count = 2 + integer(selection, 7);
  const names = Array.from({ length: count }, () => pick(selection, FIELDS));
  return names.map(([name, value]) => [name, String(value(random))]);
}

function jsonLine(random: Random): string {
  const written = someFields(random).map(([name, value]) => {
    const bare = isJsonNumber(value) && random() < 0.5;
    return `"${name}":${bare ? value : `"${value}"`}`;
  });
  const rest = pick(random, [
    "",
    "",
    ',"x":{"y":1,"z":{}}',
    ',"list":[1,"]",{"a":[]}]',
    ',"ok":true,"no":null',
    ',"e":"a\\nb"',
  ]);
  return `{${written.join(",")}${rest}}`;
}

function logfmtLine(random: Random): string {
  const pairs = someFields(random).map(([name, value]) => {
    const key = name === "" ? "k" : name;
    return /[ "]/.test(value) || value === "" || random() < 0.3 ? `${key}="${value}"` : `${key}=${value}`;
  });
  return pairs.join(pick(random, [" ", " ", "  "]));
}

function textLine(random: Random): string {
  const time = pick(random, [
    isoTime(random, [0, 3]),
    isoTime(random, [3]).replace(".", ","),
    "Jun 14 15:16:01",
    "06-14 15:16:01.234",
    "20240229-1:2:3:4",
    "- 1709168523 2024.02.29 h 2024-02-29-01.02.03.004567",
    clfTime(random),
    "",
    "17/06/09 20:10:40",
  ]);
  const rest = pick(random, [
    "INFO started",
    "[error] no such file",
    "at x (y.js:1)",
    "user=ann did it",
    "[main] INFO  c.e.Shop - open",
    "WARN 12 --- [    main] c.e.Shop   : slow",
    "1702  2395 D Shop: open",
    "- shop.cart - ERROR - no stock",
    "| INFO  | shop:12 - hello",
    "web-1 shop[7]: open",
    "UTC [12] ann@shop LOG:  ready",
    "8 [Warning] [MY-1] [Server] no",
    "warn: \x1b[31mhot\x1b[0m",
  ]);
  return `${time} ${rest} ${integer(random, 100)}`;
}

function programLine(random: Random): string {
  return pick(random, [jsonLine, combinedLine, textLine, logfmtLine, () => "started", () => 'said "a" \\ b'])(random);
}

const nanoTime = (random: Random) =>
  `2024-02-29T${clock(random)}.${String(integer(random, 1e9)).padStart(9, "0")}${pick(random, ["Z", "+02:00"])}`;
const streamOf = (random: Random) => pick(random, ["stdout", "stderr"]);

function dockerLine(random: Random): string {
  const line = programLine(random).replace(/[\\"]/g, "\\$&");
  return `{"log":"${line}${pick(random, ["\\n", "\\n", "\\n", ""])}","stream":"${streamOf(random)}","time":"${nanoTime(random)}"}`;
}

/** Of formats whose lines are read by a header line before them. */
export const HEADERS: { readonly [format: string]: string } = {
  w3c: "#Fields: date time s-computername cs-method cs-uri-stem cs-uri-query cs-username c-ip cs-version cs(User-Agent) sc-status sc-bytes time-taken",
};

export const LINE_MAKERS = {
  docker: dockerLine,
  cri: (random: Random) =>
    `${nanoTime(random)} ${streamOf(random)} ${pick(random, ["F", "F", "F:x", "P"])} ${programLine(random)}`,
  common: accessLine,
  combined: combinedLine,
  vhost_combined: (random: Random) => `shop.example:443 ${combinedLine(random)}`,
  nginx_error: nginxErrorLine,
  apache_error: apacheErrorLine,
  alb: albLine,
  elb: elbLine,
  cef: cefLine,
  leef: leefLine,
  w3c: w3cLine,
  syslog: syslogLine,
  json: jsonLine,
  logfmt: logfmtLine,
  text: textLine,
} as const;

export type FormatName = keyof typeof LINE_MAKERS;
export const FORMAT_NAMES = Object.keys(LINE_MAKERS) as FormatName[];

const INSERTS = [
  '"',
  "'",
  "[",
  "]",
  "{",
  "}",
  "\\",
  "\x01",
  "\x00",
  " ",
  "=",
  "\xff",
  "\xc3",
  "\r",
  "\t",
  ",",
  ":",
  "null",
  "\\u0001",
  "?",
];

/** The line with up to three bytes flipped, pieces cut, doubled or inserted. Never with a line feed. */
export function mutate(random: Random, line: string): string {
  for (let times = 1 + integer(random, 3); times > 0; times--) {
    const at = integer(random, line.length + 1);
    const to = Math.min(line.length, at + integer(random, 8));
    line = pick(random, [
      () => line.slice(0, at) + String.fromCharCode(integer(random, 256)) + line.slice(at + 1),
      () => line.slice(0, at) + line.slice(to),
      () => line.slice(0, at) + pick(random, INSERTS) + line.slice(at),
      () => line.slice(0, at),
      () => line.slice(0, to) + line.slice(at),
    ])();
  }
  return line.replaceAll("\n", " ");
}

/** Lines of one format; every other one is mutated. */
export function makeLines(seed: number, count: number, format: FormatName): string[] {
  const random = makeRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const line = LINE_MAKERS[format](random);
    return i % 2 === 0 ? line : mutate(random, line);
  });
}
