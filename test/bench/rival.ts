import { readFileSync } from "node:fs";
import type { ShopKind } from "./input.ts";
import type { RivalMethod } from "./options.ts";

/*
 * ClickHouse alone: the same engine in a process of its own reads the same file with its own functions into the same table.
 * It stores what the lines say and nothing else: no masking, no routes, templates, countries and agents, no windows, no
 * original line, no provenance and no ledger.
 */

const SETTINGS = "max_threads = 2, max_insert_threads = 2";

/** The statement that makes the table, from the migration itself. */
export function eventsTable(): string {
  const path = new URL("../../sql/migrations/0001_create_events.sql", import.meta.url);
  return readFileSync(path, "utf8").replace(/\{\{\w+\}\}/g, "30");
}

export function rivalInsert(kind: ShopKind, method: RivalMethod, file: string): string {
  const path = `'${file.replace(/[\\']/g, "\\$&")}'`;
  if (kind === "json") return insertJson(path);
  if (kind === "logfmt") return insertLogfmt(path);
  return method === "split" ? insertBySplitting(path) : insertByPattern(path);
}

const ACCESS_COLUMNS =
  "timestamp, client_address, user_id, http_request_method, url_path, url_query, network_protocol_version, " +
  "http_response_status_code, http_response_body_size, http_request_referrer, user_agent_original";

/** Quoted fields may hold escaped quotes, and the last one may be cut. */
const QUOTED = String.raw`"((?:[^"\\]|\\.)*)`;
const ACCESS_PATTERN = String.raw`^(\S+) \S+ (\S+) \[([^:]*):([^\]]*)\] "(\S+) ([^ ?"]*)\??(\S*) HTTP/([^"]*)" (\d{3}) (\d+|-) ${QUOTED}" ${QUOTED}`;

function insertByPattern(path: string): string {
  return `INSERT INTO events (${ACCESS_COLUMNS})
    SELECT parseDateTimeBestEffortOrZero(concat(g[3], ' ', g[4]), 'UTC'), g[1], g[2], g[5], g[6], g[7], g[8],
      toUInt16OrZero(g[9]), toUInt64OrZero(g[10]), g[11], g[12]
    FROM (SELECT extractGroups(line, '${ACCESS_PATTERN.replaceAll("\\", "\\\\")}') AS g FROM file(${path}, LineAsString, 'line String'))
    SETTINGS ${SETTINGS}`;
}

/** Twice as fast as the pattern, and wrong for a line with an escaped quote. */
function insertBySplitting(path: string): string {
  return `INSERT INTO events (${ACCESS_COLUMNS})
    SELECT parseDateTimeBestEffortOrZero(concat(substring(p[4], 2, 11), ' ', substring(p[4], 14), ' ', trimRight(p[5], ']')), 'UTC'),
      p[1], p[3], r[1], cutQueryString(r[2]), queryString(r[2]), substring(r[3], 6),
      toUInt16OrZero(s[2]), toUInt64OrZero(s[3]), q[4], q[6]
    FROM (
      SELECT splitByChar('"', line) AS q, splitByChar(' ', q[1]) AS p, splitByChar(' ', q[2]) AS r, splitByChar(' ', q[3]) AS s
      FROM file(${path}, LineAsString, 'line String'))
    SETTINGS ${SETTINGS}`;
}

const JSON_STRUCTURE = [
  "timestamp DateTime64(6, \\'UTC\\')",
  ...["severity", "`service.name`", "`host.name`", "`http.request.method`", "`http.route`", "`service.version`"].map(
    (name) => `${name} LowCardinality(String)`,
  ),
  ...["trace_id", "span_id", "message", "`url.path`", "`user.id`", "`order.total`"].map((name) => `${name} String`),
  "`http.response.status_code` UInt16",
  "duration_ms Float64",
].join(", ");

function insertJson(path: string): string {
  return `INSERT INTO events (timestamp, severity_text, service_name, host_name, trace_id, span_id, body, http_request_method,
      http_route, url_path, http_response_status_code, duration_us, user_id, attributes)
    SELECT timestamp, severity, \`service.name\`, \`host.name\`, trace_id, span_id, message, \`http.request.method\`,
      \`http.route\`, \`url.path\`, \`http.response.status_code\`, round(duration_ms * 1000), \`user.id\`,
      map('order.total', \`order.total\`, 'service.version', \`service.version\`)
    FROM file(${path}, JSONEachRow, '${JSON_STRUCTURE}')
    SETTINGS ${SETTINGS}, date_time_input_format = 'best_effort'`;
}

function insertLogfmt(path: string): string {
  return `INSERT INTO events (timestamp, severity_text, body, trace_id, duration_us, user_id, attributes)
    SELECT parseDateTime64BestEffortOrZero(f['ts'], 6, 'UTC'), f['level'], f['msg'], f['trace_id'],
      toUInt64OrZero(f['duration_ms']) * 1000, f['user'],
      mapFilter((name, value) -> name NOT IN ('ts', 'level', 'msg', 'trace_id', 'duration_ms', 'user'), f)
    FROM (SELECT extractKeyValuePairs(line, '=', ' ', '"') AS f FROM file(${path}, LineAsString, 'line String'))
    SETTINGS ${SETTINGS}`;
}
