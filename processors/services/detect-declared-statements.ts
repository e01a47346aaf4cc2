/*
 * Statements of what is declared: thresholds and objectives. Parameters of all: rule, version; from and to, windows that begin
 * in [from, to) and end by then, text as `DateTime` reads it.
 */
import type { ThresholdMeasure } from "../runtime/config-detection.ts";

const DAY_SECONDS = 86_400;

function quantileOf(share: number): string {
  return `2 * pow(1.01 / 0.99, arrayFirst((bucket, upto) -> upto > ${share} * duration_count, arraySort(mapKeys(duration_histogram)),
    arrayCumSum(arrayMap(b -> duration_histogram[b], arraySort(mapKeys(duration_histogram)))))) / (1.01 / 0.99 + 1)`;
}

/** What of a window is measured, and when there is something to measure. */
const MEASURED: Readonly<Record<ThresholdMeasure, readonly [value: string, where: string]>> = {
  events: ["toFloat64(events)", "1"],
  errors: ["toFloat64(errors)", "1"],
  error_ratio: ["errors / events", "events > 0"],
  duration_us_avg: ["duration_us_sum / duration_count", "duration_count > 0"],
  duration_us_p50: [quantileOf(0.5), "duration_count > 0"],
  duration_us_p95: [quantileOf(0.95), "duration_count > 0"],
  duration_us_p99: [quantileOf(0.99), "duration_count > 0"],
  value_avg: ["value_sum / value_count / {scale:Float64}", "value_count > 0"],
  value_sum: ["value_sum / {scale:Float64}", "1"],
  distinct_count: ["toFloat64(finalizeAggregation(distinct_state))", "1"],
};

/** Of these, a window without events has 0. */
const COUNTS: readonly ThresholdMeasure[] = ["events", "errors", "value_sum", "distinct_count"];

/**
 * Windows that are the last of so many in a row beyond the limit. Windows without events count as 0 for what must not be below it, as
 * long as their key had events in the day before. Parameters: places and values of the key to match, limit, windows, seconds, scale.
 */
export function thresholdStatement(measure: ThresholdMeasure, side: "above" | "below"): string {
  const [value, where] = MEASURED[measure];
  const isFilled = side === "below" && COUNTS.includes(measure);
  const past = `{seconds:UInt32} * ({windows:UInt32} - 1)${isFilled ? ` + ${DAY_SECONDS}` : ""}`;
  const fill = `UNION ALL
    SELECT series, arrayJoin(range(min(t), toUnixTimestamp({to:DateTime('UTC')}), {seconds:UInt32})) AS t, 0., 0 FROM measured GROUP BY series`;
  return `WITH
latest AS
(
  SELECT * FROM windows
  WHERE rule = {rule:String} AND rule_version = {version:UInt32}
    AND window_start >= {from:DateTime('UTC')} - toIntervalSecond(${past}) AND window_start + window_seconds <= {to:DateTime('UTC')}
    AND arrayAll((place, wanted) -> key[place] = wanted, {places:Array(UInt8)}, {values:Array(String)})
  ORDER BY revision DESC LIMIT 1 BY window_start, key
),
measured AS
(
  SELECT CAST(key, 'Array(String)') AS series, toUnixTimestamp(window_start) AS t, toFloat64(${value}) AS value, toUInt8(events > 0) AS is_heard
  FROM latest WHERE ${where}
),
placed AS
(
  SELECT series, t, sum(value) AS value, max(is_heard) AS is_heard
  FROM (SELECT series, t, value, is_heard FROM measured ${isFilled ? fill : ""})
  GROUP BY series, t
),
counted AS
(
  SELECT *, countIf(value ${side === "above" ? ">" : "<"} {limit:Float64}) OVER
      (PARTITION BY series ORDER BY t RANGE BETWEEN {reach:UInt32} PRECEDING AND CURRENT ROW) AS beyond,
    max(if(is_heard, t, 0)) OVER (PARTITION BY series ORDER BY t RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS heard_at
  FROM placed
)
SELECT {rule:String} AS rule, series AS key, formatDateTime(toDateTime(t, 'UTC'), '%F %T') AS window_start, value
FROM counted
WHERE beyond = {windows:UInt32} AND t - heard_at <= ${DAY_SECONDS} AND t >= toUnixTimestamp({from:DateTime('UTC')})
ORDER BY key, window_start`;
}

/** Spans in windows of 5 minutes over which an error budget is watched: it burns in the long one, and still does in the short one. */
export interface BurnSpan {
  readonly long: number;
  readonly short: number;
}

/** Fewer errors in the long span say too little. */
const ERRORS_MIN = 3;

/**
 * Windows of 5 minutes in which an error budget burns too fast over one of the spans, the first that is. Parameters: service_place,
 * tenant_place (0: none), service, tenant ('': any), share (of errors that are allowed), rates (from which it is too fast).
 */
export function burnStatement(spans: readonly BurnSpan[]): string {
  const over = (what: string, windows: number) =>
    `sum(${what}) OVER (PARTITION BY series ORDER BY t RANGE BETWEEN ${windows - 1} PRECEDING AND CURRENT ROW)`;
  const sums = (what: string, side: keyof BurnSpan) => spans.map((span) => over(what, span[side])).join(", ");
  const longest = Math.max(...spans.map(({ long }) => long));
  return `WITH
latest AS
(
  SELECT window_start, key, events, errors FROM windows
  WHERE rule = {rule:String} AND rule_version = {version:UInt32}
    AND window_start >= {from:DateTime('UTC')} - INTERVAL ${longest * 5} MINUTE AND window_start < {to:DateTime('UTC')}
    AND key[{service_place:UInt8}] = {service:String} AND ({tenant:String} = '' OR key[{tenant_place:UInt8}] = {tenant:String})
  ORDER BY revision DESC LIMIT 1 BY window_start, key
),
counted AS
(
  SELECT CAST(key, 'Array(String)') AS series, toUInt32(intDiv(toUnixTimestamp(window_start), 300)) AS t, toFloat64(sum(events)) AS n, toFloat64(sum(errors)) AS e
  FROM latest GROUP BY series, t
),
summed AS
(
  SELECT series, t, min(t) OVER (PARTITION BY series ORDER BY t RANGE BETWEEN ${longest} PRECEDING AND CURRENT ROW) AS began,
    [${sums("e", "long")}] AS long_errors, [${sums("n", "long")}] AS long_events,
    [${sums("e", "short")}] AS short_errors, [${sums("n", "short")}] AS short_events
  FROM counted
),
burning AS
(
  SELECT series, t, began,
    arrayMap((e, n) -> e / greatest(n, 1) / {share:Float64}, long_errors, long_events) AS long_rates,
    arrayMap((e, n) -> e / greatest(n, 1) / {share:Float64}, short_errors, short_events) AS short_rates,
    arrayMap((rate, short_rate, least_rate, e, span) -> least(rate, short_rate) > least_rate * (1 + 1e-9) AND e >= ${ERRORS_MIN} AND 2 * (t - began + 1) >= span,
      long_rates, short_rates, {rates:Array(Float64)}, long_errors, [${spans.map(({ long }) => long).join(", ")}]) AS fired,
    indexOf(fired, 1) AS span
  FROM summed
)
SELECT {rule:String} AS rule, series AS key, formatDateTime(toDateTime(t * 300, 'UTC'), '%F %T') AS window_start, long_rates[span] AS value, toUInt32(span) AS span,
  toUInt32(t - began) AS baseline_windows
FROM burning
WHERE span > 0 AND t >= intDiv(toUnixTimestamp({from:DateTime('UTC')}), 300)
ORDER BY key, window_start`;
}
