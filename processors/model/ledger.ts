/** What became of one batch's offsets: a row of the ledger. */
export interface LedgerRow {
  readonly records: number;
  readonly ok: number;
  readonly dropped: number;
  readonly deadLetters: number;
  readonly events: number;
  /** Range of event times, microseconds since the epoch; 0 where there are no events. */
  readonly timestampUsMin: number;
  readonly timestampUsMax: number;
  /** Records per outcome (`ok`, `dropped CODE`, `dead_letter CODE`) and append minute (seconds since the epoch). */
  readonly minutes: readonly { readonly minute: number; readonly outcome: string; readonly records: number }[];
}

/** Versions of what turned records into rows. */
export interface Versions {
  readonly transform: string;
  readonly config: string;
  readonly lookup: string;
}
