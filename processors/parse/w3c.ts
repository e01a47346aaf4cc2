import { HEADER_LENGTH_MAX, type RecordBatch } from "../model/record.ts";
import { fieldTable, string } from "./fields.ts";
import { createCharacterFinder } from "./layout.ts";
import type { Format, LineParser } from "./line-parser.ts";
import { severityFromStatus } from "./load-balancer.ts";
import type { ScannedLine } from "./shape.ts";
import { addValue, createScannedParser } from "./shaped-line.ts";
import { endsAt, TIME_OF_LENGTH } from "./value-end.ts";
import type { Zone } from "./zone.ts";

/*
 * The W3C's extended log format, as IIS and CloudFront write it. A line `#Fields: date time c-ip …` says what stands in
 * those after it, up to the next one; the source tells which was the last before a batch. Values stand between spaces or
 * tabs, "-" is none. Times are UTC. Lines with "#" are directives: dropped.
 *
 * time-taken is in milliseconds or, with a decimal point, in seconds.
 */

const FIELDS = fieldTable([
  [{ kind: "time" }, "time"],
  string("client_address", "c-ip"),
  string("host_name", "s-computername"),
  string("user_id", "cs-username"),
  string("http_request_method", "cs-method"),
  string("url_path", "cs-uri-stem"),
  string("url_query", "cs-uri-query"),
  string("network_protocol_version", "protocol"),
  string("http_request_referrer", "cs(Referer)"),
  string("geo_country_iso_code", "c-country"),
  [{ kind: "agent" }, "cs(User-Agent)"],
  [{ kind: "status" }, "sc-status"],
  [{ kind: "size" }, "sc-bytes"],
  [{ kind: "duration", unit: "ms", fractionUnit: "s" }, "time-taken"],
]);

const FIELDS_PREFIX = "#Fields:";
const DROPPED_DIRECTIVE = "DIRECTIVE_LINE";
const COLUMNS_MAX = 200;
const HASH = 35;
const QUOTE = 34;

const NOT_QUOTED = { notFirst: '"', mayBeDash: false } as const;
/** Of lines with a tab, and of others: a tab in those would make them lines of the first kind. */
const ENDS = new Map(
  ["\t", " "].map((separator) => [
    separator,
    {
      bare: endsAt(separator, NOT_QUOTED),
      quoted: endsAt('"', { mayBeDash: false }),
      protocol: endsAt(separator),
      quotedProtocol: endsAt('"'),
    },
  ]),
);

function columnsOf(header: string): readonly string[] {
  if (!header.startsWith(FIELDS_PREFIX)) return [];
  const names = header
    .slice(FIELDS_PREFIX.length)
    .split(/\s+/)
    .filter((name) => name !== "");
  return names.length > COLUMNS_MAX || new Set(names).size < names.length ? [] : names;
}

/** Reads the values of a line into its columns; false if there are not as many. */
function scanValues(own: string, columns: readonly string[], line: ScannedLine): boolean {
  const separator = own.includes("\t") ? "\t" : " ";
  const valueEnds = ENDS.get(separator)!;
  let at = 0;
  let dateAt = -1;
  for (let i = 0; i < columns.length; i++) {
    if (at > own.length) return false;
    let start = at;
    let end: number;
    const isQuoted = own.charCodeAt(at) === QUOTE;
    if (isQuoted) {
      start++;
      end = own.indexOf('"', start);
      if (end < 0 || (end + 1 < own.length && own[end + 1] !== separator)) return false;
      at = end + 2;
    } else {
      end = own.indexOf(separator, at);
      if (end < 0) end = own.length;
      at = end + 1;
    }
    const name = columns[i];
    // A date before its time is read with it.
    if (name === "date" && columns[i + 1] === "time") dateAt = start;
    else if (end === start + 1 && own[start] === "-") dateAt = -1;
    else if (name === "time" && dateAt >= 0) addValue(line, name, dateAt, end, TIME_OF_LENGTH);
    else if (name === "cs-version" || name === "cs-protocol-version") {
      const isNamed = own.startsWith("HTTP/", start);
      if (isNamed) addValue(line, "protocol", start + 5, end, isQuoted ? valueEnds.quotedProtocol : valueEnds.protocol);
      else addValue(line, name, start, end);
    } else addValue(line, name, start, end, isQuoted ? valueEnds.quoted : valueEnds.bare);
  }
  return at === own.length + 1 || (at === own.length && own.endsWith(separator));
}

function createParser(zone?: Zone): LineParser {
  let columns: readonly string[] = [];
  let tabbed = "";
  let spaced = "";
  let records: RecordBatch | null = null;
  const hasTab = createCharacterFinder("\t");

  function setColumns(names: readonly string[]): void {
    columns = names;
    tabbed = `\t${names.join("\t")}`;
    spaced = names.join(" ");
  }

  const parse = createScannedParser(
    (own, line) => columns.length > 0 && scanValues(own, columns, line),
    {
      fieldOf: FIELDS,
      times: ["%Y-%m-%d\t%H:%M:%S"],
      finish: severityFromStatus,
      contextOf: (text, begin, end) => (hasTab(text, begin, end) ? tabbed : spaced),
    },
    zone,
  );

  return function w3cLine(text, begin, end, batch, row) {
    if (batch.records !== records) {
      records = batch.records;
      setColumns(columnsOf(records.header ?? ""));
    }
    const own = records.headers?.get(batch.record[row]);
    if (own !== undefined) columns = columnsOf(own);
    if (text.charCodeAt(begin) !== HASH) return parse(text, begin, end, batch, row);
    if (text.startsWith(FIELDS_PREFIX, begin) && end - begin <= HEADER_LENGTH_MAX)
      setColumns(columnsOf(text.slice(begin, end)));
    return DROPPED_DIRECTIVE;
  };
}

export const W3C: Format = {
  name: "w3c",
  joins: false,
  code: "PARSE_NOT_W3C",
  headerPrefix: FIELDS_PREFIX,
  // The format's times are UTC, whatever the zone of its source.
  create: () => createParser(),
};
