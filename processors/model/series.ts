/** Values over time, several series in one table, in the order of a file. */
export interface SeriesTable {
  readonly rows: number;
  readonly names: readonly string[];
  /** Per row, index into `names`. */
  readonly series: Uint32Array;
  /** Per row, the time as it was written. */
  readonly times: readonly string[];
  /** Per row, seconds since the Unix epoch. */
  readonly seconds: Float64Array;
  /** Per row; NaN where the value is missing. */
  readonly values: Float64Array;
}

/**
 * The windows of several series as detection takes them: sorted by series and time, missing values left out, windows
 * that were left out for being zero put in.
 */
export interface SeriesWindows {
  readonly count: number;
  /** Per window, index into the table's names. */
  readonly series: Uint32Array;
  /** Number of the window within its series, from 0. */
  readonly i: Uint32Array;
  /** Seconds since the Unix epoch. */
  readonly start: Float64Array;
  /** Windows of the same number here belong to the same block: an hour of 5-minute windows, 12 windows otherwise. */
  readonly block: Float64Array;
  readonly values: Float64Array;
  /** The row of the table that a window is; -1 for one that was put in. */
  readonly row: Int32Array;
}
