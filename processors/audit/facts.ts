import type { Partition } from "../model/ports.ts";

/** What the ledger says of a partition, added up. */
export interface LedgerFacts extends Partition {
  readonly source: string;
  readonly batches: number;
  /** First offset of all batches, and the position after the last. */
  readonly start: bigint;
  readonly next: bigint;
  readonly records: number;
  readonly ok: number;
  readonly dropped: number;
  readonly deadLetters: number;
  readonly events: number;
}

/** A ledger row that does not begin where those before it end; `covered` is their last offset. */
export interface TileFacts extends Partition {
  readonly batchStart: bigint;
  readonly batchEnd: bigint;
  readonly covered: bigint;
}

/** A ledger row whose counts don't add up. */
export interface SumsFacts extends Partition {
  readonly batchStart: bigint;
  readonly batchEnd: bigint;
  readonly records: number;
  readonly ok: number;
  readonly dropped: number;
  readonly deadLetters: number;
  /** Records by its minutes and outcomes. */
  readonly byMinute: number;
}

/** A batch with its corrections: how many rows a table should have of it, and how many it has. */
export interface BatchFacts {
  readonly start: bigint;
  readonly end: bigint;
  /** Fewer are missing; retention may have taken the rest. */
  readonly least: number;
  readonly most: number;
  readonly found: number;
}

export type RowTable = "events" | "dead_letters";

/** What a table has of a stretch of a partition, compared with the ledger. */
export interface RowFacts extends Partition {
  readonly table: RowTable;
  readonly found: number;
  /** Rows that retention has taken, or may have. */
  readonly expired: number;
  /** Rows fewer and more than the ledger counts, of batches that differ. */
  readonly missing: number;
  readonly surplus: number;
  /** The first batches that differ. */
  readonly batches: readonly BatchFacts[];
  /** Rows outside of every batch of the ledger, by the batch that they name. */
  readonly uncounted: number;
  readonly uncountedBatches: readonly bigint[];
}

/** Offsets of which a table has a row twice. */
export interface RepeatFacts extends Partition {
  readonly table: RowTable;
  readonly rows: number;
  readonly distinct: number;
  readonly offsets: readonly bigint[];
}

/** A batch whose shares of windows don't count its events. */
export interface ShareFacts extends Partition {
  readonly rule: string;
  readonly batchStart: bigint;
  readonly batchEnd: bigint;
  readonly events: number;
  readonly found: number;
}

/** Where the processing of a partition stands. */
export interface CommitFacts extends Partition {
  readonly offset: bigint;
  /** Position after what is planned, or `offset`. */
  readonly planned: bigint;
  /** What comes after `offset` is being removed. */
  readonly isRewinding: boolean;
  /** First offset that the source still has; null: not known. */
  readonly begin: bigint | null;
}

/** Rows that were erased, of a partition. */
export interface ErasedFacts extends Partition {
  readonly events: number;
  readonly deadLetters: number;
}

/** Offsets that were found out to be missing from a batch, by reading it again or because every offset is a record. */
export interface MissingFacts extends Partition {
  readonly batchStart: bigint;
  readonly offsets: readonly bigint[];
  /** Records that were dropped on purpose may be among them. */
  readonly mayBeDropped: boolean;
}

/** Everything that an audit looks at. */
export interface AuditFacts {
  readonly ledger: readonly LedgerFacts[];
  readonly tiles: readonly TileFacts[];
  readonly sums: readonly SumsFacts[];
  readonly rows: readonly RowFacts[];
  readonly repeats: readonly RepeatFacts[];
  readonly shares: readonly ShareFacts[];
  readonly erased: readonly ErasedFacts[];
  readonly missing: readonly MissingFacts[];
  /** Before the ledger was read, and after the tables were: work goes on meanwhile. */
  readonly commitsBefore: readonly CommitFacts[];
  readonly commitsAfter: readonly CommitFacts[];
}
