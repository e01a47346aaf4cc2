/*
 * The statements of detection. `latest` are the windows of a rule as they stand. Parameters of all: rule, version, from,
 * to; hours and windows are [from, to), text as `DateTime` reads it.
 */

/** The time of a parameter: UTC, seconds since the epoch. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}

const latestOf = (filter: string) => `SELECT window_start, key, events, errors, duration_count, duration_histogram
  FROM windows
  WHERE rule = {rule:String} AND rule_version = {version:UInt32}
    AND window_start >= {from:DateTime('UTC')} AND window_start < {to:DateTime('UTC')} AND ${filter}
  ORDER BY revision DESC
  LIMIT 1 BY window_start, key`;

/** The median of fewer durations says too little. */
const DURATIONS_MIN = 5;

/**
 * Values of the series whose key fits a condition (text of our own), from its first window on, or from the beginning for one that had events in the 14 days before.
 * The third of them is the median of durations, where there are enough.
 */
export const signalsOf = (filter: string): string => `WITH
latest AS (${latestOf(filter)}),
sums AS
(
  SELECT CAST(key, 'Array(String)') AS key, toStartOfInterval(window_start, INTERVAL 300 SECOND) AS start, sum(events) AS events,
    sum(errors) AS errors, sum(duration_count) AS durations, sumMap(duration_histogram) AS histogram,
    arraySort(mapKeys(histogram)) AS buckets,
    arrayFirst((bucket, upto) -> upto > 0.5 * durations, buckets, arrayCumSum(arrayMap(b -> histogram[b], buckets))) AS bucket_50
  FROM latest GROUP BY key, start
),
known AS
(
  SELECT key, min(first) AS first
  FROM
  (
    SELECT key, min(start) AS first FROM sums GROUP BY key
    UNION ALL
    SELECT CAST(key, 'Array(String)') AS key, {from:DateTime('UTC')} AS first FROM baselines FINAL
    WHERE rule = {rule:String} AND signal = 'events' AND hour < {from:DateTime('UTC')} AND hour >= {from:DateTime('UTC')} - INTERVAL 14 DAY
      AND ${filter}
    GROUP BY key HAVING sum(total) > 0
  )
  GROUP BY key
),
filled AS
(
  SELECT key, toDateTime(arrayJoin(range(toUnixTimestamp(first), toUnixTimestamp({to:DateTime('UTC')}), 300)), 'UTC') AS start FROM known
)
SELECT {rule:String} AS rule, s.1 AS signal, key, start AS window_start, s.2 AS value
FROM filled LEFT JOIN sums USING (key, start)
ARRAY JOIN arrayConcat(
  [('events', toFloat64(events)), ('errors', toFloat64(errors))],
  if(durations >= ${DURATIONS_MIN}, [('duration_us_p50', 2 * pow(1.01 / 0.99, bucket_50) / (1.01 / 0.99 + 1))], [])) AS s`;

/** The values of every series. */
export const FILL_SIGNALS = `INSERT INTO signals_5m (rule, signal, key, window_start, value)
${signalsOf("1")}`;

/** The signal that the score is for. */
export const SCORED = `(SELECT * FROM signals_5m FINAL WHERE rule IN {rules:Array(String)} AND signal = 'events'
  AND window_start >= {from:DateTime('UTC')} AND window_start < {to:DateTime('UTC')})`;

/** What `baselines` remember: all signals. */
export const REMEMBERED = `(SELECT * FROM signals_5m FINAL WHERE rule IN {rules:Array(String)}
  AND window_start >= {from:DateTime('UTC')} AND window_start < {to:DateTime('UTC')})`;

/**
 * Errors against the share of errors in the 14 days before, without the hours that were incidents themselves, or of the
 * day before where that is more: a negative binomial distribution, whose spread is that of the hours. A window and the sum of
 * 12, where the last alone is unusual already; the rarer of the two counts. Right for few events: no share is ever 0.
 */
export const ERROR_RATIOS = `WITH
hours AS
(
  SELECT CAST(key, 'Array(String)') AS series, hour, sumIf(total, signal = 'events') AS n, sumIf(total, signal = 'errors') AS e
  FROM baselines FINAL
  WHERE rule = {rule:String} AND signal IN ('events', 'errors') AND hour >= {from:DateTime('UTC')} - INTERVAL 15 DAY AND hour < {to:DateTime('UTC')}
  GROUP BY series, hour HAVING n > 0
),
pasts AS (SELECT series, arraySort(groupArray((toInt64(toUnixTimestamp(hour)), n, e))) AS past FROM hours GROUP BY series),
wide AS
(
  SELECT CAST(key, 'Array(String)') AS series, window_start, sumIf(value, signal = 'events') AS n, sumIf(value, signal = 'errors') AS e
  FROM signals_5m FINAL
  WHERE rule = {rule:String} AND signal IN ('events', 'errors')
    AND window_start >= {from:DateTime('UTC')} - INTERVAL 1 HOUR AND window_start < {to:DateTime('UTC')}
  GROUP BY series, window_start
),
summed AS
(
  SELECT *, toInt64(toUnixTimestamp(toStartOfHour(window_start))) AS hour,
    sum(n) OVER twelve AS n_12, sum(e) OVER twelve AS e_12
  FROM wide
  WINDOW twelve AS (PARTITION BY series ORDER BY window_start ROWS BETWEEN 11 PRECEDING AND CURRENT ROW)
),
grouped AS (SELECT series, hour, groupArray((window_start, n, e, n_12, e_12)) AS windows FROM summed GROUP BY series, hour),
learned AS
(
  SELECT series, windows,
    arrayFilter(h -> h.1 < hour AND h.1 >= hour - 1209600, past) AS before,
    arrayReduce('quantileExactInclusive(0.5)', arrayMap(h -> h.3 / h.2, before)) AS usual,
    arrayFilter(h -> NOT (h.3 > 2 * usual * h.2 + 3 AND h.3 - usual * h.2 > 6 * sqrt(usual * h.2 + 1)), before) AS kept,
    arraySum(h -> h.2, kept) AS n_before,
    (arraySum(h -> h.3, kept) + 0.5) / (n_before + 1) AS share_before,
    arrayFilter(h -> h.1 >= hour - 86400, before) AS day,
    if(length(day) < 12, 0, arrayReduce('quantileExactInclusive(0.5)', arrayMap(h -> h.3 / h.2, day))) AS share_day,
    greatest(share_before, share_day) AS share,
    greatest(0, (arraySum(h -> pow(h.3 - share_before * h.2, 2), kept) - share_before * n_before)
      / greatest(arraySum(h -> pow(share_before * h.2, 2), kept), 1e-9)) AS spread,
    1 / (share * n_before + 0.5) AS doubt
  FROM grouped INNER JOIN pasts USING (series)
  WHERE length(before) >= 24
),
judged AS
(
  SELECT series, w.1 AS window_start, w.2 AS n, w.3 AS e, share, 12 * length(before) AS baseline_windows,
    [w.3, w.5] AS counts, [w.2 * share, w.4 * share] AS means, 1 / (spread + doubt) AS k,
    arrayMap((y, mean) -> (y + k) / (y + 1) * mean / (mean + k), counts, means) AS ratios,
    arrayMap((y, mean, ratio) -> if(y <= mean OR mean = 0 OR ratio >= 1, 0, greatest(0, (log(1 - ratio) - lgamma(y + k) + lgamma(k)
      + lgamma(y + 1) - k * log(k / (k + mean)) - y * log(mean / (k + mean))) / log(10))), counts, means, ratios) AS rarities,
    least(100, greatest(0, 3 - log10(1.5) + if(e = 0, -9, greatest(rarities[1] - log10(2016), if(rarities[1] < 1, -9, rarities[2] - log10(1008)))))) AS level,
    max(level) OVER (PARTITION BY series ORDER BY window_start ROWS BETWEEN 5 PRECEDING AND 1 PRECEDING) AS level_before
  FROM learned ARRAY JOIN windows AS w
)
SELECT {rule:String} AS rule, 'error_ratio' AS signal, series AS key, window_start, e / n AS value, level AS score,
  share AS expected, 0. AS lower, (n * share + 5 * sqrt(n * share * (1 + n * share * (spread_of)) + 1)) / n AS upper,
  'more errors' AS why, baseline_windows
FROM (SELECT *, 1 / k AS spread_of FROM judged)
WHERE level >= {threshold:Float64} AND level > level_before AND window_start >= {from:DateTime('UTC')}
ORDER BY key, window_start`;

/** Of a rule with the columns tenant, service_name and template, at these places of its key: what there is of each. */
export const NOTE_TEMPLATES = `INSERT INTO templates (tenant, service_name, template, first_seen, last_seen, form)
SELECT if({tenant:UInt8} = 0, '', key[{tenant:UInt8}]), key[{service:UInt8}], key[{template:UInt8}], min(window_start), max(window_start), ''
FROM windows
WHERE rule = {rule:String} AND rule_version = {version:UInt32} AND events > 0 AND key[{template:UInt8}] NOT IN ('', '0000000000000000', '<other>')
  AND window_start >= {from:DateTime('UTC')} AND window_start < {to:DateTime('UTC')}
GROUP BY 1, 2, 3`;

/** Templates that nobody read yet, each with its first message. */
export const UNREAD_TEMPLATES = `WITH unread AS
(
  SELECT tenant, service_name, template, min(first_seen) AS since, reinterpretAsUInt64(reverse(unhex(template))) AS id
  FROM templates GROUP BY tenant, service_name, template HAVING max(form) = '' ORDER BY since, template LIMIT 500
)
SELECT tenant, service_name, template, formatDateTime(since, '%F %T') AS since, body
FROM
(
  SELECT tenant, service_name, template_id AS id, argMin(body, (timestamp, topic, \`partition\`, offset, index)) AS body
  FROM events WHERE template_id IN (SELECT id FROM unread) AND (tenant, service_name) IN (SELECT tenant, service_name FROM unread)
    AND timestamp >= (SELECT min(since) FROM unread)
  GROUP BY tenant, service_name, id
) AS e INNER JOIN unread USING (tenant, service_name, id)`;

/**
 * Windows in which a service said something for the first time. How unusual that is follows from how often it happened in
 * the week before; nobody is told of a service's first day.
 */
export const NEW_TEMPLATES = `WITH
firsts AS
(
  SELECT tenant, service_name, toStartOfInterval(min(since), INTERVAL 300 SECOND) AS window_start
  FROM
  (
    SELECT tenant, service_name, template, min(first_seen) AS since,
      arraySlice(arrayFilter(word -> position(word, '<*>') = 0, splitByChar(' ', max(form))), 1, 3) AS words, if(empty(words), [template], words) AS family
    FROM templates GROUP BY tenant, service_name, template
  )
  GROUP BY tenant, service_name, family
),
windows_with AS
(
  SELECT tenant, service_name, window_start, count() AS n, min(window_start) OVER (PARTITION BY tenant, service_name) AS service_start
  FROM firsts GROUP BY tenant, service_name, window_start
),
later AS (SELECT * FROM windows_with WHERE window_start >= service_start + INTERVAL 6 HOUR),
judged AS
(
  SELECT *,
    count() OVER week AS windows_before, sum(n) OVER week AS n_before,
    (least(window_start - service_start - 21600, 604800) + 300) / 604800 AS weeks,
    (windows_before + 0.5) / greatest(weeks, 0.5) AS per_week,
    3 - log10(per_week) + greatest(0, log10(n * (windows_before + 1) / (n_before + 1))) AS level
  FROM later
  WINDOW week AS (PARTITION BY tenant, service_name ORDER BY window_start RANGE BETWEEN 604800 PRECEDING AND 1 PRECEDING)
)
SELECT {rule:String} AS rule, 'new_templates' AS signal, if({tenant:UInt8} = 0, [service_name], [tenant, service_name]) AS key, window_start,
  toFloat64(n) AS value, level AS score, per_week / 2016 AS expected, 0. AS lower, 0. AS upper, 'never seen before' AS why,
  intDiv(window_start - service_start, 300) AS baseline_windows
FROM judged
WHERE level >= {threshold:Float64} AND window_start >= service_start + INTERVAL 1 DAY
  AND window_start >= {from:DateTime('UTC')} AND window_start < {to:DateTime('UTC')}
ORDER BY key, window_start`;

/** How far closing is, how far detection. No rows: nothing is closed. Windows that a load closed early count as well. */
export const STANDING = `SELECT toUInt32(max(cut_id)) AS cut,
  toUInt32(greatest(toUnixTimestamp(argMax(watermark, cut_id)), argMax(is_drained, cut_id) * (SELECT max(toUnixTimestamp(window_start) + window_seconds)
    FROM windows WHERE (rule, rule_version) IN arrayZip({rules:Array(String)}, {versions:Array(UInt32)})))) AS until
FROM cuts HAVING count() > 0`;

export const DONE = `SELECT toUInt32(cut_id) AS cut, toUnixTimestamp(since) AS since, toUnixTimestamp(until) AS until, rules
FROM detections ORDER BY stored_at DESC, cut_id DESC, until DESC LIMIT 1`;

/** Hours whose windows are newer than a cut. */
export const CHANGED_HOURS = `SELECT DISTINCT toUnixTimestamp(toStartOfHour(window_start)) AS hour
FROM windows
WHERE (rule, rule_version) IN arrayZip({rules:Array(String)}, {versions:Array(UInt32)}) AND cut_id > {after:UInt64}
  AND window_start >= {from:DateTime('UTC')} AND window_start < {to:DateTime('UTC')}
ORDER BY hour`;

/** Unusual windows as they are stored. */
export const STORED_ANOMALIES = `SELECT rule, signal, key, formatDateTime(a.window_start, '%F %T') AS window_start, window_seconds, revision, value, score, expected, lower, upper, why,
  baseline_windows
FROM anomalies AS a FINAL
WHERE a.window_start >= {from:DateTime('UTC')} AND a.window_start < {to:DateTime('UTC')}`;

export const STORE_ANOMALIES = `INSERT INTO anomalies (rule, signal, key, window_start, window_seconds, revision, value, score, expected, lower, upper, why,
  baseline_windows, contributors, samples, changes, detection)
SELECT rule, signal, key, toDateTime(window_start, 'UTC'), window_seconds, revision, value, score, expected, ifNull(lower, -inf), ifNull(upper, inf), why,
  baseline_windows, arrayMap(c -> CAST(c, 'Tuple(dimension LowCardinality(String), value String, share Float64)'), contributors), samples, changes,
  (SELECT toUInt32(max(number) + 1) FROM detections)
FROM format(JSONEachRow, 'rule String, signal String, key Array(String), window_start String, window_seconds UInt32, revision UInt32, value Float64, score Float64,
  expected Float64, lower Nullable(Float64), upper Nullable(Float64), why String, baseline_windows UInt32,
  contributors Array(Tuple(String, String, Float64)), samples Array(String), changes Array(String)', {rows:String})`;
