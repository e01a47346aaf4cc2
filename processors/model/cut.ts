/** A batch as the ledger knows it. */
export interface BatchRange {
  readonly topic: string;
  readonly partition: number;
  readonly batchStart: bigint;
  readonly batchEnd: bigint;
  readonly run: number;
}

/** A batch of the ledger that no cut has yet. */
export interface LedgerBatch extends BatchRange {
  readonly source: string;
  /** Range of event times, microseconds since the epoch; 0 where the batch has no events. */
  readonly timestampUsMin: number;
  readonly timestampUsMax: number;
}

/**
 * - active: more may come; its watermark is the event time reached less the disorder bound
 * - idle: proven to have nothing more up to a moment, from which its watermark counts
 * - complete: read to an end after which nothing can come, as a rotated file; holds no watermark back
 * - loaded: read by `weir load`; holds no watermark back, and is never too late
 */
export type PartitionState = "active" | "idle" | "complete" | "loaded";

/** Where a partition stood at a cut. */
export interface PartitionStanding {
  readonly topic: string;
  readonly partition: number;
  readonly source: string;
  /** Position after the last offset in the ledger. */
  readonly next: bigint;
  /** Greatest event time, microseconds since the epoch; 0 = no event yet. */
  readonly reachedUs: number;
  /** Event times below it are expected to be complete. */
  readonly watermarkUs: number;
  readonly state: PartitionState;
}

/**
 * A closing tick, decided: which batches count from here on and which windows are due. Windows are a function of the
 * rules' versions and the cuts up to theirs; see services/close-statements.ts. Times are microseconds since the epoch.
 */
export interface Cut {
  /** 1, 2, 3 … */
  readonly id: number;
  readonly decidedUs: number;
  readonly watermarkUs: number;
  /** Watermark of the cut before. */
  readonly watermarkBeforeUs: number;
  /** Nothing more is to come: windows are due whether the watermark has passed them or not. */
  readonly isDrained: boolean;
  /** Last drained cut before this one, or 0: up to it, everything is in windows. */
  readonly drainedAfter: number;
  /** Windows that were closed before are revised now, as far as they end by `reviseBeforeUs`… */
  readonly isRevising: boolean;
  readonly reviseBeforeUs: number;
  /** …by the batches of cuts after this one. */
  readonly reviseAfter: number;
  /** Windows in this range are computed anew, because batches that counted are gone; 0, 0 = none. */
  readonly recomputeFromUs: number;
  readonly recomputeToUs: number;
  readonly added: readonly (LedgerBatch & { readonly tooLateBeforeUs: number })[];
  readonly removed: readonly BatchRange[];
  readonly partitions: readonly PartitionStanding[];
}
