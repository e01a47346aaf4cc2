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
