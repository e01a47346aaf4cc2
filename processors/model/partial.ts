/** One batch's share of the windows of all rules, one element per (rule, window, key). Written to `partials`. */
export interface Partials {
  readonly rules: { readonly name: string; readonly version: number; readonly windowSeconds: number }[];
  /** Index into `rules`. */
  readonly rule: number[];
  /** Start of [start, start + size), seconds since the epoch. */
  readonly windowStart: number[];
  readonly key: string[][];
  readonly events: number[];
  readonly errors: number[];
  /** Beyond 2^53 a bigint. */
  readonly body_size_sum: (number | bigint)[];
  readonly duration_count: number[];
  readonly duration_us_sum: (number | bigint)[];
  readonly duration_us_min: number[];
  readonly duration_us_max: number[];
  /** Bucket -> count, buckets ascending; see aggregate/histogram.ts. */
  readonly duration_histogram: (readonly [bucket: number, count: number][])[];
  readonly distinct_values: (readonly string[])[];
  /** Of the rule's value; whole multiples of 10^-valueDecimals. */
  readonly value_count: number[];
  readonly value_sum: bigint[];
  readonly value_min: number[];
  readonly value_max: number[];
  readonly value_histogram: (readonly [bucket: number, count: number][])[];
}
