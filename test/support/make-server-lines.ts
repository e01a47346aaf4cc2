import { clock, EPOCH, ISO_DAYS, integer, isoTime, pick, type Random } from "./line-parts.ts";

/* Lines of servers and devices, as in make-lines.ts. */

const MONTH_DAYS = ["Feb 29", "Mar  1", "Mar 01", "Oct 11"];
const HOSTS = ["web-1", "198.51.100.7", "db.example"];

export function nginxErrorLine(random: Random): string {
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

export function apacheErrorLine(random: Random): string {
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

export function syslogLine(random: Random): string {
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

export function cefLine(random: Random): string {
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

export function leefLine(random: Random): string {
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

export function albLine(random: Random): string {
  const rest = pick(random, ["", ' "10.0.0.1:80" "200" "-" "-"', ' "-" "-" "-" "-" TID_1 new']);
  return `${pick(random, ["http", "h2", "wss"])} ${balancerTime(random)} app/shop/50dc ${balancerTail(random)} arn:example "Root=1-5" "-" "-" 0 ${balancerTime(random)} "forward" "-" "-"${rest}`;
}

export function w3cLine(random: Random): string {
  const day = pick(random, [...ISO_DAYS, "2024-02-30"]);
  const agent = pick(random, ["Mozilla/5.0+(X11)", "curl/8", "-", "a%20b%2520", "a+b%20c", ""]);
  const query = pick(random, ["-", "a=b&c", `id=${integer(random, 99)}`]);
  const taken = pick(random, ["15", "0.002", "0", "-", "x"]);
  return `${day} ${clock(random)} web-1 ${pick(random, ["GET", "-"])} /a/${integer(random, 9)} ${query} ${pick(random, ["ann", "-"])} 198.51.100.${integer(random, 9)} ${pick(random, ["HTTP/1.1", "-"])} ${agent} ${pick(random, ["200", "404", "503", "-"])} ${integer(random, 9999)} ${taken}`;
}

export function elbLine(random: Random): string {
  return `${balancerTime(random)} shop ${balancerTail(random)}`;
}
