/** A whole number; a bigint where a number would not be exact. */
export type Integer = number | bigint;

/** One revision of a finished window, as it is published: the fields of schemas/window.v1.avsc. */
export interface WindowRevision {
  readonly rule: string;
  readonly rule_version: number;
  /** Milliseconds since the epoch. */
  readonly window_start: number;
  readonly window_seconds: number;
  readonly key: readonly string[];
  readonly revision: number;
  readonly cut_id: number;
  /** Microseconds since the epoch. */
  readonly watermark: number;
  readonly events: number;
  readonly errors: number;
  readonly body_size_sum: Integer;
  readonly duration_count: number;
  readonly duration_us_sum: Integer;
  readonly duration_us_min: Integer;
  readonly duration_us_max: Integer;
  readonly duration_us_quantiles: readonly number[];
  readonly value_count: number;
  readonly value_sum: Integer;
  readonly value_min: Integer;
  readonly value_max: Integer;
  readonly value_quantiles: readonly number[];
  readonly distinct_count: number;
}

/** Revisions column by column. */
export type WindowColumns = { readonly [Name in keyof WindowRevision]: readonly WindowRevision[Name][] };
