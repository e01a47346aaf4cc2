/*
 * Lines that look like what programs write, and mutations of them, out of a seed. Made, not recorded: every name in
 * them is reserved for documentation.
 */

/** A small random generator with an even spread (mulberry32, Tommy Ettinger, public domain). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export type Random = () => number;

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)];
}

const integer = (random: Random, below: number) => Math.floor(random() * below);
const two = (n: number) => String(n).padStart(2, "0");

const ZONES = ["+0000", "+0530", "-0800", "+1400", "-0000", "+0200"];
/** Few days, because a store keeps days apart. */
const CLF_DAYS = ["29/Feb/2024", "01/Mar/2024"];
const ISO_DAYS = ["2024-02-29", "2024-03-01"];
const EPOCH = Date.UTC(2024, 1, 29) / 1000;
const ISO_ZONES = ["Z", "", "+05:30", "-0800", "+00:00", "-00:30"];

function clfTime(random: Random): string {
  const clock = [integer(random, 24), integer(random, 60), integer(random, 60)].map(two).join(":");
  return `${pick(random, CLF_DAYS)}:${clock} ${pick(random, ZONES)}`;
}

function isoTime(random: Random, fractions: readonly number[]): string {
  const digits = pick(random, fractions);
  const fraction = digits === 0 ? "" : "." + String(integer(random, 10 ** digits)).padStart(digits, "0");
  const clock = [integer(random, 24), integer(random, 60), integer(random, 60)].map(two).join(":");
  return pick(random, ISO_DAYS) + pick(random, ["T", " "]) + clock + fraction + pick(random, ISO_ZONES);
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
  const time = pick(random, [isoTime(random, [0, 3]), "Jun 14 15:16:01", clfTime(random), "", "17/06/09 20:10:40"]);
  const rest = pick(random, [
    "INFO started",
    "[error] no such file",
    "at x (y.js:1)",
    "user=ann did it",
    "warn: \x1b[31mhot\x1b[0m",
  ]);
  return `${time} ${rest} ${integer(random, 100)}`;
}

const MONTH_DAYS = ["Feb 29", "Mar  1", "Mar 01", "Oct 11"];
const clock = (random: Random) => [integer(random, 24), integer(random, 60), integer(random, 60)].map(two).join(":");
const HOSTS = ["web-1", "198.51.100.7", "db.example"];

function nginxErrorLine(random: Random): string {
  const head = `2024/0${pick(random, ["2/29", "3/01", "2/30"])} ${clock(random)} [${pick(random, ["error", "warn", "crit", "notice", "x"])}]`;
  const message = pick(random, [
    'open() "/srv/a b" failed (2: No such file or directory)',
    "upstream timed out, client: gone",
    "signal process started",
    "",
  ]);
  const connection = pick(random, [
    "",
    `, client: 198.51.100.${integer(random, 9)}, server: shop.example, request: "GET /a?b=${integer(random, 9)} HTTP/1.1", host: "shop.example"`,
    ', client: 2001:db8::1, server: , request: "x "y", z", upstream: "http://198.51.100.9:80/", host: "a", referrer: "http://example.com/"',
    ", client: 198.51.100.1, server: 0.0.0.0:80",
    ", client: 198.51.100.1, color: blue",
  ]);
  return `${head} ${integer(random, 9999)}#${integer(random, 99)}: ${pick(random, ["", `*${integer(random, 999)} `])}${message}${connection}`;
}

function apacheErrorLine(random: Random): string {
  const fraction = pick(random, ["", `.${String(integer(random, 1e6)).padStart(6, "0")}`]);
  const day = pick(random, ["Thu Feb 29", "Fri Mar 01", "Mon Mar 01"]);
  const head = `[${day} ${clock(random)}${fraction} 2024] [${pick(random, ["error", "core:error", "ssl:warn", ":notice", "mpm_event:notice"])}]`;
  const process = pick(random, ["", ` [pid ${integer(random, 9999)}]`, ` [pid ${integer(random, 9999)}:tid 1404]`]);
  const client = pick(random, ["", " [client 198.51.100.7]", " [client 198.51.100.7:5123]", " [client 2001:db8::1]"]);
  const message = pick(random, [
    "AH00126: Invalid URI",
    "File does not exist: /srv/x, referer: http://example.com/",
    "",
    "[x]",
  ]);
  return `${head}${process}${client} ${message}`;
}

function syslogLine(random: Random): string {
  const message = pick(random, [
    "session opened for ann",
    "error: gone",
    "[WARN] low",
    "",
    "a: b",
    "\xef\xbb\xbfcaf\xc3\xa9",
  ]);
  const priority = `<${integer(random, 192)}>`;
  if (random() < 0.4) {
    const time = pick(random, ["-", isoTime(random, [0, 3, 6, 9]).replace(" ", "T")]);
    const data = pick(random, [
      "-",
      '[a@32473 k="v" n="7"]',
      '[a@32473 k="x \\" \\] \\n"][b]',
      '[a k="1" k="2"]',
      '[origin ip="198.51.100.7"][meta sequenceId="1"]',
    ]);
    const body = pick(random, ["", ` ${message}`]);
    return `${priority}1 ${time} ${pick(random, [...HOSTS, "-"])} ${pick(random, ["app", "-"])} ${pick(random, ["12", "-"])} ${pick(random, ["ID47", "-"])} ${data}${body}`;
  }
  const time = pick(random, [
    () => `${pick(random, MONTH_DAYS)} ${clock(random)}`,
    () => `${pick(random, MONTH_DAYS)} 2024 ${clock(random)}`,
    () => `${pick(random, MONTH_DAYS)} ${clock(random)}.123`,
    () => `2024-02-29T${clock(random)}.123456+02:00`,
  ])();
  const host = pick(random, ["", ...HOSTS.map((name) => `${name} `)]);
  const tag = pick(random, ["sshd[12]: ", "sshd(pam_unix)[7]: ", "kernel: ", "su:"]);
  return `${pick(random, ["", priority])}${time} ${host}${tag}${message}`;
}

function cefLine(random: Random): string {
  const prefix = pick(random, [
    "",
    "",
    "Oct 11 22:14:15 fw-1 ",
    "<34>Feb  9 22:14:15 fw-1 ",
    "<34>1 2024-02-29T01:02:03Z fw-1 app 1 - - ",
    "<13>",
  ]);
  const name = pick(random, ["worm stopped", "worm stopped", "scan", "scan", "a \\| pipe", "back\\\\slash", ""]);
  const severity = pick(random, ["0", "5", "10", "11", "High", "x"]);
  const time = pick(random, [
    "",
    `rt=${EPOCH * 1000 + integer(random, 1e6)} `,
    "start=Feb 29 2024 01:02:03 ",
    "end=Mar 01 2024 01:02:03.123 UTC rt=soon ",
  ]);
  const extension = pick(random, [
    `src=198.51.100.${integer(random, 9)} act=blocked out=${integer(random, 999)} msg=all gone = lost`,
    "cs1Label=Rule cs1=a b  c suser=ann requestMethod=GET request=/a?b\\=c requestClientApplication=curl/8",
    "msg=line\\nbreak C:\\Temp\\x fileType= src=2001:db8::1 ",
    "a=1 a=2",
    "=x",
    "",
  ]);
  return `${prefix}CEF:0|Example|Wall|1.0|${integer(random, 999)}|${name}|${severity}|${time}${extension}`;
}

function leefLine(random: Random): string {
  const prefix = pick(random, ["", "Oct 11 22:14:15 fw-1 ", "<34>Feb  9 22:14:15 fw-1 "]);
  const [head, delimiter] = pick(random, [
    ["LEEF:1.0|Example|Wall|1.0|4000|", "\t"],
    ["LEEF:2.0|Example|Wall|1.0|4000|^|", "^"],
    ["LEEF:2.0|Example|W\\|all|1.0|4000|x7C|", "|"],
    ["LEEF:2.0|Example|Wall|1.0|4000|", "\t"],
  ]);
  const time = pick(random, [
    `devTime=${EPOCH * 1000 + integer(random, 1e6)}`,
    "devTime=Feb 29 2024 01:02:03.123 GMT",
    "cat=none",
  ]);
  return `${prefix}${head}${[time, `src=198.51.100.${integer(random, 9)}`, pick(random, ["sev=5", "sev=99", "x"]), "usrName=ann b", "path=C:\\x"].join(delimiter)}`;
}

function balancerTail(random: Random): string {
  const times = pick(random, ["0.000 0.001 0.000", "0.000073 0.001048 0.000057", "-1 -1 -1"]);
  const request = pick(random, [
    "GET http://shop.example:80/a?b=c HTTP/1.1",
    "GET https://shop.example:443/ HTTP/2.0",
    "- http://shop.example:80- -",
    'GET /"x HTTP/1.1',
  ]);
  const target = pick(random, ["192.0.2.1:80", "-"]);
  return `198.51.100.${integer(random, 9)}:2817 ${target} ${times} ${pick(random, ["200", "502", "460", "-"])} ${pick(random, ["200", "-"])} ${integer(random, 99)} ${integer(random, 9999)} "${request}" "${pick(random, ["curl/8", "-", ""])}" - -`;
}

const balancerTime = (random: Random) =>
  `2024-02-29T${clock(random)}.${String(integer(random, 1e6)).padStart(6, "0")}Z`;

function albLine(random: Random): string {
  const rest = pick(random, ["", ' "10.0.0.1:80" "200" "-" "-"', ' "-" "-" "-" "-" TID_1 new']);
  return `${pick(random, ["http", "h2", "wss"])} ${balancerTime(random)} app/shop/50dc ${balancerTail(random)} arn:example "Root=1-5" "-" "-" 0 ${balancerTime(random)} "forward" "-" "-"${rest}`;
}

function w3cLine(random: Random): string {
  const day = pick(random, [...ISO_DAYS, "2024-02-30"]);
  const agent = pick(random, ["Mozilla/5.0+(X11)", "curl/8", "-", "a%20b%2520", "a+b%20c", ""]);
  const query = pick(random, ["-", "a=b&c", `id=${integer(random, 99)}`]);
  const taken = pick(random, ["15", "0.002", "0", "-", "x"]);
  return `${day} ${clock(random)} web-1 ${pick(random, ["GET", "-"])} /a/${integer(random, 9)} ${query} ${pick(random, ["ann", "-"])} 198.51.100.${integer(random, 9)} ${pick(random, ["HTTP/1.1", "-"])} ${agent} ${pick(random, ["200", "404", "503", "-"])} ${integer(random, 9999)} ${taken}`;
}

/** Of formats whose lines are read by a header line before them. */
export const HEADERS: { readonly [format: string]: string } = {
  w3c: "#Fields: date time s-computername cs-method cs-uri-stem cs-uri-query cs-username c-ip cs-version cs(User-Agent) sc-status sc-bytes time-taken",
};

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
  elb: (random: Random) => `${balancerTime(random)} shop ${balancerTail(random)}`,
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
