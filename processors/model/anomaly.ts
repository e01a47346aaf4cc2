/** One revision of an anomaly, as it is published: the fields of schemas/anomaly.v1.avsc. */
export interface AnomalyRevision {
  readonly rule: string;
  readonly signal: string;
  readonly key_columns: readonly string[];
  readonly key: readonly string[];
  /** Milliseconds since the epoch. */
  readonly window_start: number;
  readonly window_seconds: number;
  readonly revision: number;
  readonly value: number;
  readonly score: number;
  readonly expected: number;
  /** null: nothing is too low. */
  readonly lower: number | null;
  /** null: nothing is too high. */
  readonly upper: number | null;
  readonly why: string;
  readonly baseline_windows: number;
  readonly contributors: readonly { readonly dimension: string; readonly value: string; readonly share: number }[];
  readonly samples: readonly string[];
  readonly changes: readonly string[];
}
