import type { PartitionLog } from "./log-model.ts";
import type { StoreModel } from "./store-model.ts";
import { outcomeOf, type Piece } from "./stub-pipeline.ts";

/** What must hold of what is stored; each is broken by a number of records or rows. */
export const INVARIANTS = {
  lost: "every record is in events or dead letters",
  duplicated: "no record is there twice",
  mixed: "the rows of a batch are made by one version of the rules",
  tiles: "the ledger's ranges follow one another without gap or overlap",
  partials: "partials that the ledger counts add up to the events",
  orphans: "nothing is stored that the ledger does not know",
  readers: "whoever reads in between finds the ledger's batches whole",
  early: "no window is closed before its watermark",
  windows: "each window is what its events add up to",
  late: "only events beyond the lateness limit stay out of their window, and they are counted",
  emitted: "whoever reads committed records sees each revision once",
  published: "the highest revision that is published is the window as it stands",
  stuck: "everything is stored once faults have stopped",
} as const;

export type Invariant = keyof typeof INVARIANTS;
export type Broken = Map<Invariant, number>;

export interface LedgerEntry {
  readonly piece: Piece;
  readonly start: number;
  readonly end: number;
}

export function ledgerOf(store: StoreModel, topic: string, partition: number): LedgerEntry[] {
  return store
    .keyed("ledger", topic, partition)
    .map(({ piece }) => ({ piece, start: piece.start, end: piece.end }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

/** One past the last offset of the ledger's unbroken beginning. */
export function coveredTo(ledger: readonly LedgerEntry[]): number {
  let next = 0;
  for (const { start, end } of ledger) {
    if (start > next) break;
    next = Math.max(next, end + 1);
  }
  return next;
}

/** `isFinal`: nothing is under way any more. `mayHaveOrphans`: the partition was stopped for good in the middle of a plan. */
export function check(
  store: StoreModel,
  topic: string,
  log: PartitionLog,
  { isFinal, mayHaveOrphans = false }: { readonly isFinal: boolean; readonly mayHaveOrphans?: boolean },
): Broken {
  const broken: Broken = new Map();
  const add = (invariant: Invariant, by = 1) => {
    if (by > 0) broken.set(invariant, (broken.get(invariant) ?? 0) + by);
  };
  const ledger = ledgerOf(store, topic, log.partition);
  const stored = new Map<string, number>();
  const versions = new Map<number, Set<string>>();
  for (const table of ["events", "dead_letters"])
    for (const { piece } of store.piecesOf(table, topic, log.partition)) {
      for (const row of piece.rows) {
        const key = `${table} ${piece.start} ${row.join(" ")}`;
        stored.set(key, (stored.get(key) ?? 0) + 1);
      }
      const known = versions.get(piece.start);
      if (known === undefined) versions.set(piece.start, new Set([piece.version]));
      else known.add(piece.version);
    }
  const shares = new Map<string, number>();
  for (const { piece, row } of store.keyed("partials", topic, log.partition)) {
    const key = `${piece.start} ${piece.end} ${piece.run}`;
    shares.set(`${key} ${row[0]}`, row[1]);
  }
  let next = 0;
  for (const { piece, start, end } of ledger) {
    if (start < next || (isFinal && start > next)) add("tiles");
    if (isFinal) for (let offset = next; offset < start; offset++) if (log.ids[offset] !== undefined) add("lost");
    next = Math.max(next, end + 1);
    const keys = new Map<number, number>();
    for (let offset = start; offset <= end; offset++) {
      const id = log.ids[offset];
      if (id === undefined) continue;
      const outcome = outcomeOf(id, piece.version);
      const expected =
        outcome.kind === "dead_letter"
          ? [`dead_letters ${start} ${offset}`]
          : Array.from({ length: outcome.events }, (_, index) => `events ${start} ${offset} ${index}`);
      for (const key of expected) {
        const times = stored.get(key) ?? 0;
        stored.delete(key);
        if (times === 0) add("lost");
        else if (times > 1) add("duplicated");
      }
      if (outcome.events > 0) keys.set(outcome.key, (keys.get(outcome.key) ?? 0) + outcome.events);
    }
    const seen = versions.get(start);
    if (seen !== undefined && (seen.size > 1 || !seen.has(piece.version))) add("mixed");
    for (let key = 0; key < 3; key++)
      if (shares.get(`${start} ${end} ${piece.run} ${key}`) !== keys.get(key)) add("partials");
  }
  if (isFinal && !mayHaveOrphans) {
    // Of an offset that is in the ledger by another batch it is the second time.
    const isSecond = (key: string) => {
      const offset = Number(key.split(" ")[2]);
      return ledger.some(({ start, end }) => offset >= start && offset <= end);
    };
    for (const key of stored.keys()) add(isSecond(key) ? "duplicated" : "orphans");
  }
  return broken;
}
