import type { WindowRevision } from "../model/window.ts";
import { HEAD_COLUMNS } from "./close-statements.ts";

/*
 * What is published of a cut, as SQL: the same rows in the same order, whoever asks and however often.
 */

/** What is published of a window. */
const WINDOW_COLUMNS = [
  ...HEAD_COLUMNS,
  "events",
  "errors",
  "body_size_sum",
  "duration_count",
  "duration_us_sum",
  "duration_us_min",
  "duration_us_max",
  "duration_us_quantiles",
  "value_count",
  "value_sum",
  "value_min",
  "value_max",
  "value_quantiles",
  "distinct_count",
] as const satisfies readonly (keyof WindowRevision)[];

/** Quantiles out of a histogram, of the same numbers as in the views. Closing adds histograms up with their buckets in ascending order. */
function quantiles(name: "duration" | "value"): string {
  const positive = "2 * pow(1.01 / 0.99, b) / (1.01 / 0.99 + 1)";
  const value =
    name === "duration"
      ? positive
      : `multiIf(b = -1, 0, b < 0, -2 * pow(1.01 / 0.99, -4096 - b) / (1.01 / 0.99 + 1), ${positive})`;
  const count = `w.${name}_count`;
  // One after the other: a lambda over the quantiles would copy the histogram for each of them.
  const bucket = (q: number) =>
    `arrayFirst((b, upto) -> upto > ${q} * ${count}, mapKeys(w.${name}_histogram), arrayCumSum(mapValues(w.${name}_histogram)))`;
  return `if(${count} = 0, [0., 0., 0.], arrayMap(b -> toFloat64(${value}), [${[0.5, 0.95, 0.99].map(bucket).join(", ")}]))`;
}

/** Columns of the published rows that may be beyond what a double holds; they come as text. */
export const LARGE = [
  "body_size_sum",
  "duration_us_sum",
  "duration_us_min",
  "duration_us_max",
  "value_sum",
  "value_min",
  "value_max",
] as const;

const COUNTS = ["cut_id", "events", "errors", "duration_count", "value_count"] as const;

/** How many revisions a cut stored, per rule and window start, in the order in which they are published. */
export const PUBLISHABLE = `SELECT rule, toUnixTimestamp(window_start) AS windowStart, toUInt32(uniqExact(key, rule_version, revision)) AS shares
  FROM windows WHERE cut_id = {cut:UInt64} GROUP BY rule, windowStart ORDER BY rule, windowStart`;

/**
 * Windows of a stretch of a cut as they are published, in an order that never changes: one row with a list for each column.
 * As doubles, 64-bit numbers come as numbers.
 * ClickHouse 25 mixes up a list that is made of a column in its sparse form, hence materialize.
 */
export const PUBLISHED = `SELECT ${WINDOW_COLUMNS.map((name) => `groupArray(materialize(w.${name})) AS ${name}`).join(", ")}
  FROM (
    SELECT rule, rule_version, toUInt32(toUnixTimestamp(w.window_start)) * 1000. AS window_start, window_seconds, key, revision,
      toFloat64(toUnixTimestamp64Micro(w.watermark)) AS watermark, ${COUNTS.map((name) => `toFloat64(w.${name}) AS ${name}`).join(", ")}, ${LARGE.map((name) => `w.${name} AS ${name}`).join(", ")},
      toFloat64(finalizeAggregation(distinct_state)) AS distinct_count,
      ${quantiles("duration")} AS duration_us_quantiles, ${quantiles("value")} AS value_quantiles
    FROM (
      SELECT * FROM windows WHERE cut_id = {cut:UInt64}
        AND rule >= {rule:String} AND (rule > {rule:String} OR window_start >= toDateTime({from:Int64}, 'UTC'))
        AND rule <= {lastRule:String} AND (rule < {lastRule:String} OR window_start <= toDateTime({to:Int64}, 'UTC'))
      ORDER BY rule, window_start, key, rule_version, revision LIMIT 1 BY rule, window_start, key, rule_version, revision
      LIMIT {limit:UInt32} OFFSET {skip:UInt64}
    ) AS w
  ) AS w
  SETTINGS max_threads = 1`;
