import type { EventBatch } from "../../processors/model/event-batch.ts";
import { pick, type Random } from "../support/make-lines.ts";

/*
 * For each format what its lines are in the benchmark: as a machine writes them, few values in some fields, new ones in
 * others; the plain pattern that anybody would write for them; and a number that both must read out of them alike.
 */

export interface FormatLines {
  line(random: Random, index: number): string;
  /** Reads every field of a line. */
  readonly plain: RegExp;
  /** A number out of the pattern's groups, and the same out of the columns. */
  sumOf(match: RegExpExecArray): number;
  columnOf(batch: EventBatch, row: number): number;
}

const START_MS = Date.UTC(2026, 2, 2);
const EVENTS_PER_SECOND = 500;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ");

const integer = (random: Random, below: number) => Math.floor(random() * below);
const two = (n: number) => String(n).padStart(2, "0");

interface Instant {
  readonly iso: string;
  readonly day: string;
  readonly month: string;
  readonly weekday: string;
  readonly clock: string;
  readonly ms: string;
  readonly epochMs: number;
}

function instant(index: number): Instant {
  const epochMs = START_MS + Math.floor((index * 1000) / EVENTS_PER_SECOND);
  const at = new Date(epochMs);
  const iso = at.toISOString();
  return {
    iso,
    day: two(at.getUTCDate()),
    month: MONTHS[at.getUTCMonth()],
    weekday: DAYS[at.getUTCDay()],
    clock: iso.slice(11, 19),
    ms: iso.slice(20, 23),
    epochMs,
  };
}

const AGENTS = Array.from(
  { length: 60 },
  (_, i) => `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + i}.0) Gecko/20100101 Firefox/${100 + i}.0`,
);
const addressOf = (random: Random) => `198.51.${integer(random, 8)}.${integer(random, 256)}`;
const pathOf = (random: Random) => pick(random, ["/", "/search", `/products/${integer(random, 2000)}`, "/cart/items"]);
const statusOf = (random: Random) => pick(random, ["200", "200", "200", "304", "404", "500"]);
const levelOf = (random: Random) => pick(random, ["INFO", "INFO", "INFO", "WARN", "ERROR"]);
const messageOf = (random: Random) =>
  pick(random, [
    `order ${integer(random, 1e6)} taken`,
    `payment of ${integer(random, 500)}.${two(integer(random, 100))} EUR settled in ${integer(random, 900)} ms`,
    `session ${integer(random, 1e9).toString(16)} expired`,
    "cache is warm",
  ]);

function common(random: Random, index: number): string {
  const { day, month, iso, clock } = instant(index);
  return `${addressOf(random)} - - [${day}/${month}/${iso.slice(0, 4)}:${clock} +0000] "GET ${pathOf(random)} HTTP/1.1" ${statusOf(random)} ${integer(random, 50_000)}`;
}

const combined = (random: Random, index: number) =>
  `${common(random, index)} "${pick(random, ["-", "https://shop.example/"])}" "${pick(random, AGENTS)}"`;

const COMMON = String.raw`(\S+) (\S+) (\S+) \[([^\]]*)\] "(\S+) ([^ ?"]*)(\?\S*)? ([^"]*)" (\d{3}) (\d+|-)`;
const COMBINED = String.raw`${COMMON} "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"`;

const statusColumn = (batch: EventBatch, row: number) => batch.http_response_status_code[row];
const durationColumn = (batch: EventBatch, row: number) => batch.duration_us[row];
/** Of a wall clock that stands in a line as hh:mm:ss: seconds of the day. */
const clockSum = (text: string) =>
  Number(text.slice(0, 2)) * 3600 + Number(text.slice(3, 5)) * 60 + Number(text.slice(6, 8));
const clockColumn = (batch: EventBatch, row: number) => Math.floor(batch.timestampUs[row] / 1e6) % 86_400;

export const FORMAT_LINES: Readonly<Record<string, FormatLines>> = {
  common: {
    line: common,
    plain: new RegExp(`^${COMMON}$`),
    sumOf: (match) => Number(match[9]),
    columnOf: statusColumn,
  },
  combined: {
    line: combined,
    plain: new RegExp(`^${COMBINED}`),
    sumOf: (match) => Number(match[9]),
    columnOf: statusColumn,
  },
  vhost_combined: {
    line: (random, index) => `shop.example:443 ${combined(random, index)}`,
    plain: new RegExp(String.raw`^(\S+):(\d+) ${COMBINED}`),
    sumOf: (match) => Number(match[11]),
    columnOf: statusColumn,
  },
  json: {
    line(random, index) {
      const { iso } = instant(index);
      return `{"time":"${iso}","level":"${levelOf(random).toLowerCase()}","msg":"${messageOf(random)}","service":"shop","http.request.method":"GET","url.path":"${pathOf(random)}","http.response.status_code":${statusOf(random)},"duration_ms":${integer(random, 9000) / 10}}`;
    },
    plain:
      /^\{"time":"([^"]*)","level":"([^"]*)","msg":"((?:[^"\\]|\\.)*)","service":"([^"]*)","http\.request\.method":"([^"]*)","url\.path":"([^"]*)","http\.response\.status_code":(\d+),"duration_ms":([\d.]+)\}$/,
    sumOf: (match) => Number(match[7]),
    columnOf: statusColumn,
  },
  logfmt: {
    line(random, index) {
      const { iso } = instant(index);
      return `ts=${iso} level=${levelOf(random).toLowerCase()} msg="${messageOf(random)}" service=shop path=${pathOf(random)} status=${statusOf(random)} duration_ms=${integer(random, 900)}`;
    },
    plain: /^ts=(\S+) level=(\S+) msg="((?:[^"\\]|\\.)*)" service=(\S+) path=(\S+) status=(\d+) duration_ms=(\S+)$/,
    sumOf: (match) => Number(match[7]) * 1000,
    columnOf: durationColumn,
  },
  text: {
    line(random, index) {
      const { iso, clock, ms } = instant(index);
      return `${iso.slice(0, 10)} ${clock},${ms} ${levelOf(random)} [main-${integer(random, 8)}] com.example.Shop - ${messageOf(random)}`;
    },
    plain: /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d+) (\w+) +\[([^\]]*)\] (\S+) - (.*)$/,
    sumOf: (match) => clockSum(match[2]),
    columnOf: clockColumn,
  },
  nginx_error: {
    line(random, index) {
      const { iso, clock } = instant(index);
      return `${iso.slice(0, 10).replaceAll("-", "/")} ${clock} [error] 31#31: *${integer(random, 1e6)} open() "/srv/www${pathOf(random)}" failed (2: No such file or directory), client: ${addressOf(random)}, server: shop.example, request: "GET ${pathOf(random)} HTTP/1.1", host: "shop.example"`;
    },
    plain:
      /^(\S+) (\S+) \[(\w+)\] (\d+)#(\d+): (?:\*(\d+) )?(.*), client: ([^,]+), server: ([^,]*), request: "(\S+) (\S+) ([^"]*)", host: "([^"]*)"$/,
    sumOf: (match) => clockSum(match[2]),
    columnOf: clockColumn,
  },
  apache_error: {
    line(random, index) {
      const { iso, weekday, month, day, clock, ms } = instant(index);
      return `[${weekday} ${month} ${day} ${clock}.${ms}000 ${iso.slice(0, 4)}] [core:error] [pid ${integer(random, 40_000)}:tid 139707] [client ${addressOf(random)}:${1024 + integer(random, 60_000)}] AH00126: Invalid URI in request GET ${pathOf(random)} HTTP/1.1`;
    },
    plain:
      /^\[(\w{3} \w{3} \d\d) (\d\d:\d\d:\d\d)\.(\d+) (\d{4})\] \[(\w*):(\w+)\] \[pid (\d+):tid (\d+)\] \[client ([^\]]*):(\d+)\] (?:(AH\d+): )?(.*)$/,
    sumOf: (match) => clockSum(match[2]),
    columnOf: clockColumn,
  },
  syslog: {
    line(random, index) {
      const { month, day, clock } = instant(index);
      return `<${pick(random, ["34", "13", "86"])}>${month} ${day.replace(/^0/, " ")} ${clock} web-${integer(random, 9)} sshd[${integer(random, 40_000)}]: Accepted publickey for ann from ${addressOf(random)} port ${integer(random, 60_000)} ssh2`;
    },
    plain: /^(?:<(\d{1,3})>)?(\w{3} [ \d]\d) (\d\d:\d\d:\d\d) (\S+) ([^\s:[]+)(?:\[(\d+)\])?: (.*)$/,
    sumOf: (match) => clockSum(match[3]),
    columnOf: clockColumn,
  },
  alb: {
    line(random, index) {
      const { iso } = instant(index);
      const time = `${iso.slice(0, -1)}000Z`;
      return `https ${time} app/shop/50dc6c495c0c9188 ${addressOf(random)}:${1024 + integer(random, 60_000)} 192.0.2.1:80 0.000 0.${integer(random, 900) + 100} 0.000 ${statusOf(random)} 200 ${integer(random, 900)} ${integer(random, 50_000)} "GET https://shop.example:443${pathOf(random)} HTTP/2.0" "${pick(random, AGENTS)}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:0:targetgroup/shop/73e2d6bc24d8a067 "Root=1-58337262-${integer(random, 1e9)}" "shop.example" "arn:aws:acm:eu-west-1:0:certificate/1" 0 ${time} "forward" "-" "-" "192.0.2.1:80" "200" "-" "-"`;
    },
    plain:
      /^(\S+) (\S+) (\S+) (\S+):(\d+) (\S+) ([-.\d]+) ([-.\d]+) ([-.\d]+) (\d{3}|-) (\d{3}|-) (\d+) (\d+) "(\S+) (\S+) (\S+)" "([^"]*)" (\S+) (\S+) (\S+) "([^"]*)" "([^"]*)" "([^"]*)" (\S+) (\S+) "([^"]*)" "([^"]*)" "([^"]*)" "([^"]*)" "([^"]*)" "([^"]*)" "([^"]*)"/,
    sumOf: (match) => Number(match[10]),
    columnOf: statusColumn,
  },
  elb: {
    line(random, index) {
      const { iso } = instant(index);
      return `${iso.slice(0, -1)}000Z shop ${addressOf(random)}:${1024 + integer(random, 60_000)} 192.0.2.1:80 0.000073 0.00${integer(random, 9000) + 1000} 0.000057 ${statusOf(random)} 200 ${integer(random, 900)} ${integer(random, 50_000)} "GET https://shop.example:443${pathOf(random)} HTTP/1.1" "${pick(random, AGENTS)}" - -`;
    },
    plain:
      /^(\S+) (\S+) (\S+):(\d+) (\S+) ([-.\d]+) ([-.\d]+) ([-.\d]+) (\d{3}|-) (\d{3}|-) (\d+) (\d+) "(\S+) (\S+) (\S+)" "([^"]*)" (\S+) (\S+)$/,
    sumOf: (match) => Number(match[9]),
    columnOf: statusColumn,
  },
  cef: {
    line(random, index) {
      const { epochMs } = instant(index);
      return `CEF:0|Example|Wall|1.0|${100 + integer(random, 40)}|connection ${pick(random, ["allowed", "blocked"])}|${integer(random, 10)}|rt=${epochMs} src=${addressOf(random)} dst=192.0.2.122 spt=${1024 + integer(random, 60_000)} dpt=443 act=${pick(random, ["allowed", "blocked"])} msg=${messageOf(random)}`;
    },
    plain:
      /^CEF:(\d+)\|((?:[^|\\]|\\.)*)\|((?:[^|\\]|\\.)*)\|((?:[^|\\]|\\.)*)\|((?:[^|\\]|\\.)*)\|((?:[^|\\]|\\.)*)\|((?:[^|\\]|\\.)*)\|rt=(\d+) src=(\S+) dst=(\S+) spt=(\d+) dpt=(\d+) act=(\S+) msg=(.*)$/,
    sumOf: (match) => Math.floor(Number(match[8]) / 1000) % 86_400,
    columnOf: clockColumn,
  },
  leef: {
    line(random, index) {
      const { epochMs } = instant(index);
      return `LEEF:1.0|Example|Wall|1.0|${4000 + integer(random, 40)}|devTime=${epochMs}\tsrc=${addressOf(random)}\tsev=${integer(random, 10)}\tcat=anomaly\tusrName=ann\tmsg=${messageOf(random)}`;
    },
    plain:
      /^LEEF:([\d.]+)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|devTime=(\d+)\tsrc=([^\t]*)\tsev=(\d+)\tcat=([^\t]*)\tusrName=([^\t]*)\tmsg=(.*)$/,
    sumOf: (match) => Math.floor(Number(match[6]) / 1000) % 86_400,
    columnOf: clockColumn,
  },
  docker: {
    line(random, index) {
      const { iso } = instant(index);
      return `{"log":"${iso} ${levelOf(random)} ${messageOf(random)}\\n","stream":"stdout","time":"${iso.slice(0, -1)}000123Z"}`;
    },
    plain:
      /^\{"log":"((\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d+)Z (\w+) ((?:[^"\\]|\\.)*))\\n","stream":"(\w+)","time":"([^"]*)"\}$/,
    sumOf: (match) => clockSum(match[3]),
    columnOf: clockColumn,
  },
  cri: {
    line(random, index) {
      const { iso } = instant(index);
      return `${iso.slice(0, -1)}000123Z stdout F ${iso} ${levelOf(random)} ${messageOf(random)}`;
    },
    plain: /^(\S+) (stdout|stderr) ([FP]) (\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d+)Z (\w+) (.*)$/,
    sumOf: (match) => clockSum(match[5]),
    columnOf: clockColumn,
  },
  // By the header that makeRecords is given.
  w3c: {
    line(random, index) {
      const { iso, clock } = instant(index);
      return `${iso.slice(0, 10)} ${clock} WEB-1 GET ${pathOf(random)} - - ${addressOf(random)} HTTP/1.1 ${pick(random, AGENTS).replaceAll(" ", "+")} ${statusOf(random)} ${integer(random, 50_000)} ${integer(random, 900)}`;
    },
    plain: /^(\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\d{3}) (\d+) (\d+)$/,
    sumOf: (match) => Number(match[11]),
    columnOf: statusColumn,
  },
  // Formats of one's own, by the pattern that OWN_FORMATS has for them.
  "own access log": {
    line: combined,
    plain: new RegExp(`^${COMBINED}`),
    sumOf: (match) => Number(match[9]),
    columnOf: statusColumn,
  },
  "own application log": {
    line(random, index) {
      const { iso, clock, ms } = instant(index);
      return `${iso.slice(0, 10)} ${clock}.${ms} ${levelOf(random).padEnd(5)} [main-${integer(random, 8)}] com.example.Shop - ${messageOf(random)} took=${integer(random, 900)}`;
    },
    plain: /^(\S+) (\S+) (\w+) +\[([^\]]*)\] (\S+) - (.*) took=(\d+)$/,
    sumOf: (match) => Number(match[7]) * 1000,
    columnOf: durationColumn,
  },
};

/** Patterns of the formats of one's own, by their names in FORMAT_LINES. */
export const OWN_FORMATS: Readonly<
  Record<string, { readonly dissect: string; readonly timeFormats: readonly string[] }>
> = {
  "own access log": {
    dissect:
      '%{client.address} %{ident} %{user} [%{time}] "%{method} %{url} HTTP/%{http.version}" %{status|int} %{bytes_sent|int} "%{referrer}" "%{user_agent}"',
    timeFormats: ["%d/%b/%Y:%H:%M:%S %z"],
  },
  "own application log": {
    dissect: "%{time} %{+time} %{level->} [%{thread}] %{logger} - %{msg} took=%{took|ms}",
    timeFormats: ["%Y-%m-%d %H:%M:%S.%f"],
  },
};
