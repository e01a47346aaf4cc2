import type { LedgerRow } from "../model/ledger.ts";

/** A record that stays a dead letter, with its reason now. */
export interface Refusal {
  readonly offset: string;
  readonly stage: string;
  readonly code: string;
  readonly reason: string;
}

/** Dead letters of one batch that are taken back together: a correction of that batch in the ledger. */
export interface Correction {
  /** Batch that the letters belong to, and the append time of their records, microseconds since the epoch. */
  readonly batchStart: string;
  readonly batchEnd: string;
  readonly appendTimeUs: number;
  /** Of every letter, ascending. */
  readonly offsets: readonly string[];
  /** Those of them that are no dead letters any more. */
  readonly settled: readonly string[];
  /** Those that are refused for another reason than before. */
  readonly refused: readonly Refusal[];
}

/**
 * What is about to be inserted for dead letters of one partition, written down before the first insert. Whoever finds it
 * finishes it.
 */
export interface CorrectionPlan {
  readonly topic: string;
  readonly partition: number;
  readonly source: string;
  /** Given format, or null. */
  readonly format: string | null;
  readonly run: number;
  /** Never used before: tokens of an earlier try don't count for this one. */
  readonly attempt: number;
  readonly corrections: readonly Correction[];
}

/** Counts by which a ledger row changes others: what is now less what was. Times are those of what is now. */
export function differenceOf(now: LedgerRow, was: readonly LedgerRow[]): LedgerRow {
  const minus = (count: (row: LedgerRow) => number): number => was.reduce((sum, row) => sum - count(row), count(now));
  const minutes = new Map<string, LedgerRow["minutes"][number]>();
  const add = (row: LedgerRow, sign: 1 | -1): void => {
    for (const { minute, outcome, records } of row.minutes) {
      const key = `${minute} ${outcome}`;
      minutes.set(key, { minute, outcome, records: (minutes.get(key)?.records ?? 0) + sign * records });
    }
  };
  add(now, 1);
  for (const row of was) add(row, -1);
  return {
    records: minus((row) => row.records),
    ok: minus((row) => row.ok),
    dropped: minus((row) => row.dropped),
    deadLetters: minus((row) => row.deadLetters),
    events: minus((row) => row.events),
    timestampUsMin: now.timestampUsMin,
    timestampUsMax: now.timestampUsMax,
    minutes: [...minutes.values()].filter(({ records }) => records !== 0),
  };
}

/** What dead letters counted: every one a record, none an event. */
export function countsOfLetters(codes: readonly string[], appendTimeUs: number): LedgerRow {
  const minute = Math.floor(appendTimeUs / 60_000_000) * 60;
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return {
    records: codes.length,
    ok: 0,
    dropped: 0,
    deadLetters: codes.length,
    events: 0,
    timestampUsMin: 0,
    timestampUsMax: 0,
    minutes: [...counts].map(([code, records]) => ({ minute, outcome: `dead_letter ${code}`, records })),
  };
}
