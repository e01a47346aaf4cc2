/*
 * What a cut makes of windows, as SQL. Each statement is a function of the cuts up to {cut} and of windows of earlier cuts:
 * whoever repeats it gets the same rows.
 *
 * A share (a row of `partials`) of a batch counts in a window once: in the first cut that has the batch and makes the
 * window due. It has counted when its batch is not newer than the cut of the window's newest revision.
 */

const STATES = [
  "events",
  "errors",
  "body_size_sum",
  "duration_count",
  "duration_us_sum",
  "duration_us_min",
  "duration_us_max",
  "duration_histogram",
  "value_count",
  "value_sum",
  "value_min",
  "value_max",
  "value_histogram",
  "distinct_state",
] as const;

function statesOf(relation: string): string {
  return STATES.map((name) => `${relation}.${name} AS ${name}`).join(", ");
}

/** Every state of a window, merged out of the rows of `s` that `when` holds for. */
function merged(when: string): string {
  const sum = (name: string) => `sumIf(s.${name}, ${when}) AS ${name}`;
  return [
    ...["events", "errors", "body_size_sum", "duration_count", "duration_us_sum", "value_count", "value_sum"].map(sum),
    `minIf(s.duration_us_min, ${when} AND s.duration_count > 0) AS duration_us_min`,
    `maxIf(s.duration_us_max, ${when}) AS duration_us_max`,
    `sumMapIf(s.duration_histogram, ${when}) AS duration_histogram`,
    `minIf(s.value_min, ${when} AND s.value_count > 0) AS value_min`,
    `maxIf(s.value_max, ${when} AND s.value_count > 0) AS value_max`,
    `sumMapIf(s.value_histogram, ${when}) AS value_histogram`,
    `uniqCombined64MergeStateIf(s.distinct_state, ${when}) AS distinct_state`,
  ].join(", ");
}

/** What says which revision of which window a row is. */
export const HEAD_COLUMNS = [
  "rule",
  "rule_version",
  "window_start",
  "window_seconds",
  "key",
  "revision",
  "cut_id",
  "watermark",
] as const;
const HEAD =
  "{rule:String}, {version:UInt32}, window_start, window_seconds, key, revision, {cut:UInt64}, fromUnixTimestamp64Micro({watermark:Int64}, 'UTC')";

/** The columns of `windows` that a selection fills, in its order. */
function into(token: string): string {
  // One block, one part: all rows of a statement are there or none.
  return `INSERT INTO windows (${[...HEAD_COLUMNS, ...STATES].join(", ")})
SETTINGS insert_deduplication_token = ${token}, async_insert = 0, max_threads = 1, max_insert_threads = 1, max_insert_block_size = 1073741824,
  min_insert_block_size_rows = 1073741824, min_insert_block_size_bytes = 0
`;
}

const BATCH = ["topic", "`partition`", "batch_start", "batch_end", "run"].join(", ");
const ADDED = ["topic", "partition", "batch_start", "batch_end", "run"].map((name) => `added.${name}`).join(", ");
const REMOVED = ["topic", "partition", "batch_start", "batch_end", "run"].map((name) => `removed.${name}`).join(", ");

/** Batches whose shares the cut may bring into windows: late ones, and those that reach into windows that were open before. */
const BATCHES = `(
    SELECT cut_id AS batch_cut, a.1 AS topic, a.2 AS \`partition\`, a.3 AS batch_start, a.4 AS batch_end, a.5 AS run,
      toUnixTimestamp64Micro(a.6) AS too_late_before
    FROM cuts ARRAY JOIN arrayZip(${ADDED}, added.too_late_before, added.timestamp_max) AS a
    WHERE cut_id <= {cut:UInt64}
      AND (cut_id > {after:UInt64} OR (toUnixTimestamp64Micro(timestamp_max) >= {openFrom:Int64} AND toUnixTimestamp64Micro(a.7) >= {openFrom:Int64}))
      AND (a.1, a.2, a.3, a.4, a.5) NOT IN (
        SELECT r.1, r.2, r.3, r.4, r.5 FROM cuts ARRAY JOIN arrayZip(${REMOVED}) AS r WHERE cut_id <= {cut:UInt64})
  )`;

/** End of the window that a row of `s` belongs to, microseconds. */
const END = "((toInt64(toUnixTimestamp(s.window_start)) + s.window_seconds) * 1000000)";
const IS_RECOMPUTED = `(${END} > {recomputeFrom:Int64} AND toInt64(toUnixTimestamp(s.window_start)) * 1000000 < {recomputeTo:Int64})`;

/** Whether the cut makes the window of a row of `s` due, for what came in the cut `cutId`. */
function isDue(cutId: string): string {
  return `((${END} > {watermarkBefore:Int64} AND ${END} <= {watermark:Int64})
      OR (${END} <= {reviseBefore:Int64} AND ${cutId} > {reviseAfter:UInt64})
      OR ({isDrained:UInt8} = 1 AND ${cutId} > {drainedAfter:UInt64})
      OR (${IS_RECOMPUTED} AND (${END} <= {watermark:Int64} OR {isDrained:UInt8} = 1)))`;
}

const SHARES = `partials AS s FINAL
    INNER JOIN ${BATCHES} AS b USING (${BATCH})
    WHERE s.window_start >= toDateTime({from:Int64}, 'UTC') AND s.window_start <= toDateTime({to:Int64}, 'UTC')
      AND ${END} > b.too_late_before AND ${isDue("b.batch_cut")}`;

/** Windows that the cut makes due, by the shares there are. */
export const DUE = `SELECT rule, rule_version AS version, toUnixTimestamp(window_start) AS windowStart, toUInt32(count()) AS shares
  FROM (SELECT s.rule AS rule, s.rule_version AS rule_version, s.window_start AS window_start FROM ${SHARES})
  GROUP BY rule, version, windowStart ORDER BY rule, version, windowStart`;

/** Windows that exist and are computed anew, whether there are shares left or not. */
export const DUE_AGAIN = `SELECT rule, rule_version AS version, toUnixTimestamp(window_start) AS windowStart, toUInt32(count()) AS shares
  FROM windows AS s
  WHERE cut_id < {cut:UInt64} AND ${IS_RECOMPUTED} AND (rule, rule_version) NOT IN (SELECT name, version FROM rules WHERE \`from\` != '')
  GROUP BY rule, version, windowStart ORDER BY rule, version, windowStart`;

/** Newest revisions before the cut, of the windows of one version of a rule that start in [from, to]. */
function latest(rule: string, version: string, upTo: string, until: string): string {
  return `(SELECT window_start, window_seconds, key, revision, cut_id, ${STATES.join(", ")}
      FROM windows
      WHERE rule = ${rule} AND rule_version = ${version} AND cut_id ${upTo} {cut:UInt64}
        AND window_start >= toDateTime({from:Int64}, 'UTC') AND window_start <= toDateTime(${until}, 'UTC')
      ORDER BY revision DESC LIMIT 1 BY window_start, key)`;
}

/** Inserts the due windows of a chunk, out of shares and of what the windows held before. */
export function insertWindows(token: string): string {
  const before = latest("{rule:String}", "{version:UInt32}", "<", "{to:Int64}");
  return `${into(token)}SELECT ${HEAD}, ${STATES.join(", ")} FROM (
  SELECT window_start, window_seconds, key, max(s.revision) + 1 AS revision, ${merged("s.counts = 1")}
  FROM (
    SELECT s.window_start AS window_start, s.window_seconds AS window_seconds, s.key AS key, toUInt32(0) AS revision, 1 AS counts, 1 AS is_share, ${statesOf("s")}
    FROM (SELECT s.window_start AS window_start, s.window_seconds AS window_seconds, s.key AS key, b.batch_cut AS batch_cut, ${statesOf("s")}
      FROM ${SHARES} AND s.rule = {rule:String} AND s.rule_version = {version:UInt32}) AS s
    LEFT JOIN (SELECT window_start, key, cut_id AS before_cut FROM ${before}) AS l ON l.window_start = s.window_start AND l.key = s.key
    WHERE s.batch_cut > l.before_cut OR ${IS_RECOMPUTED}
    UNION ALL
    SELECT s.window_start AS window_start, s.window_seconds AS window_seconds, s.key AS key, s.revision AS revision, NOT ${IS_RECOMPUTED} AS counts, 0 AS is_share, ${statesOf("s")}
    FROM ${before} AS s
  ) AS s
  GROUP BY window_start, window_seconds, key
  HAVING max(s.is_share) = 1 OR min(s.counts) = 0
)`;
}

/** Windows of a roll-up that the cut makes due, by the windows of the rule that it is made from. */
export const ROLL_UPS_DUE = `SELECT {rule:String} AS rule, {version:UInt32} AS version, toUnixTimestamp(s.window_start) AS windowStart, toUInt32(count()) AS shares
  FROM (
    SELECT toDateTime(intDiv(toUnixTimestamp(window_start), {size:UInt32}) * {size:UInt32}, 'UTC') AS window_start, {size:UInt32} AS window_seconds, cut_id
    FROM windows AS w
    WHERE rule = {base:String} AND rule_version = {baseVersion:UInt32} AND cut_id <= {cut:UInt64} AND w.window_start >= toDateTime({from:Int64}, 'UTC')
  ) AS s
  WHERE ${isDue("s.cut_id")}
  GROUP BY windowStart ORDER BY windowStart`;

/** Inserts the due windows of a roll-up's chunk, out of finished windows alone. */
export function insertRollUps(token: string): string {
  const base = latest("{base:String}", "{baseVersion:UInt32}", "<=", "{to:Int64} + {size:UInt32} - 1");
  const before = latest("{rule:String}", "{version:UInt32}", "<", "{to:Int64}");
  return `${into(token)}SELECT ${HEAD}, ${STATES.join(", ")} FROM (
  SELECT s.window_start AS window_start, any(s.window_seconds) AS window_seconds, s.key AS key, any(l.revision) + 1 AS revision, ${merged("1")}
  FROM (
    SELECT toDateTime(intDiv(toUnixTimestamp(w.window_start), {size:UInt32}) * {size:UInt32}, 'UTC') AS window_start, {size:UInt32} AS window_seconds,
      arrayMap(i -> w.key[i], {indices:Array(UInt8)}) AS key, w.cut_id AS cut_id, ${statesOf("w")}
    FROM ${base} AS w
  ) AS s
  LEFT JOIN (SELECT window_start, key, revision, cut_id AS before_cut FROM ${before}) AS l ON l.window_start = s.window_start AND l.key = s.key
  GROUP BY s.window_start, s.key
  HAVING max(s.cut_id) > any(l.before_cut) AND ${isDue("max(s.cut_id)").replaceAll("s.window_seconds", "any(s.window_seconds)")}
)`;
}

/** Names what came too late for its window: the batches of this cut alone. */
export const INSERT_TOO_LATE = `INSERT INTO too_late (cut_id, rule, rule_version, window_start, source, topic, \`partition\`, minute, events)
SELECT {cut:UInt64}, s.rule, s.rule_version, s.window_start, l.source, s.topic, s.\`partition\`, l.minute, sum(s.events)
  FROM partials AS s FINAL
  INNER JOIN (
    SELECT a.1 AS topic, a.2 AS \`partition\`, a.3 AS batch_start, a.4 AS batch_end, a.5 AS run, toUnixTimestamp64Micro(a.6) AS too_late_before
    FROM cuts ARRAY JOIN arrayZip(${ADDED}, added.too_late_before) AS a WHERE cut_id = {cut:UInt64}) AS b USING (${BATCH})
  INNER JOIN (SELECT ${BATCH}, any(source) AS source, any(minutes.minute[1]) AS minute FROM ledger GROUP BY ${BATCH}) AS l USING (${BATCH})
  WHERE ${END} <= b.too_late_before
  GROUP BY s.rule, s.rule_version, s.window_start, l.source, s.topic, s.\`partition\`, l.minute`;

/** Batches of the ledger that no cut has: all, or of those stored lately. */
export function uncutBatches(onlyRecent: boolean): string {
  const recent = (name: string) => (onlyRecent ? `WHERE ${name} >= toDateTime({since:UInt32}, 'UTC')` : "");
  return `SELECT topic, \`partition\` AS "partition", batch_start AS batchStart, batch_end AS batchEnd, run, any(source) AS source,
    max(toUnixTimestamp64Micro(timestamp_min)) AS timestampUsMin, max(toUnixTimestamp64Micro(timestamp_max)) AS timestampUsMax,
    toUnixTimestamp(max(stored_at)) AS storedAt
  FROM ledger ${recent("stored_at")}
  GROUP BY ${BATCH}
  HAVING (${BATCH}) NOT IN (SELECT a.1, a.2, a.3, a.4, a.5 FROM cuts ARRAY JOIN arrayZip(${ADDED}) AS a ${recent("stored_at")})
  ORDER BY ${BATCH}`;
}

/** Batches of cuts that the ledger no longer has. */
export const LOST_BATCHES = `SELECT a.1 AS topic, a.2 AS "partition", a.3 AS batchStart, a.4 AS batchEnd, a.5 AS run, '' AS source,
    toUnixTimestamp64Micro(a.6) AS timestampUsMin, toUnixTimestamp64Micro(a.7) AS timestampUsMax
  FROM cuts ARRAY JOIN arrayZip(${ADDED}, added.timestamp_min, added.timestamp_max) AS a
  WHERE (a.1, a.2, a.3, a.4, a.5) NOT IN (SELECT ${BATCH} FROM ledger)
    AND (a.1, a.2, a.3, a.4, a.5) NOT IN (SELECT r.1, r.2, r.3, r.4, r.5 FROM cuts ARRAY JOIN arrayZip(${REMOVED}) AS r)
  ORDER BY topic, "partition", batchStart, run`;
