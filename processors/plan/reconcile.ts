import { type Plan, planEnd } from "./plan.ts";

/** What is known of a partition when somebody takes it over. */
export interface Standing {
  /** Committed offset; null if nothing was ever committed. */
  readonly committed: bigint | null;
  /** The plan in the commit, if any. Its start is the committed offset. */
  readonly plan: Plan | null;
  /** End of the ledger's unbroken run of batches: one past the last offset; null if the ledger has none. */
  readonly ledgerNext: bigint | null;
  /** First offset that the source still has. */
  readonly begin: bigint;
  /** End of what the source has; null if unknown (an archive that was not read to its end). */
  readonly end: bigint | null;
}

export type Decision =
  /** Nothing is planned: go on from here. */
  | { readonly kind: "continue"; readonly from: bigint }
  /** The plan's batches are in the ledger: go on after them. */
  | { readonly kind: "skip"; readonly from: bigint }
  /** The plan's batches may be partly inserted: insert exactly their ranges again. */
  | { readonly kind: "replay"; readonly plan: Plan }
  /** The store lost what it had acknowledged: go back to what it has. Rows from `from` on are removed first. */
  | { readonly kind: "rewind"; readonly from: bigint }
  /** Going on would guess: somebody must look. */
  | { readonly kind: "stop"; readonly code: StopCode; readonly reason: string };

/** Whether the source no longer holds what was reached or planned, or the rest contradicts itself. */
export type StopCode = "PLAN_SOURCE_SHRANK" | "PLAN_CONFLICT";

/**
 * Decides how to take a partition over. The three sources of truth, in the order of trust: the ledger (what is stored),
 * the plan (what may be half stored), the commit (what somebody believed).
 */
export function reconcile(standing: Standing): Decision {
  const { committed, plan, ledgerNext, begin, end } = standing;
  const from = committed ?? ledgerNext ?? begin;
  const reached = ledgerNext !== null && ledgerNext > from ? ledgerNext : from;

  if (end !== null && reached > end)
    return {
      kind: "stop",
      code: "PLAN_SOURCE_SHRANK",
      reason: `The source ends at ${end}, before the offset ${reached} that was reached: it was truncated or replaced.`,
    };
  // What is gone from the source may be stored already: then nothing has to be read from there.
  const isStored = ledgerNext !== null && ledgerNext >= (plan === null ? from : planEnd(plan));
  if ((isStored ? ledgerNext : from) < begin)
    return {
      kind: "stop",
      code: "PLAN_SOURCE_SHRANK",
      reason: `The source begins at ${begin}, after the offset ${from} that was reached: records are missing.`,
    };

  if (committed === null) return { kind: "continue", from };
  const stored = ledgerNext ?? begin;
  if (stored < committed) {
    if (stored < begin)
      return {
        kind: "stop",
        code: "PLAN_CONFLICT",
        reason: `The store ends at ${stored}, but the source begins at ${begin}: records are missing.`,
      };
    return { kind: "rewind", from: stored };
  }
  if (plan === null) return stored > committed ? { kind: "skip", from: stored } : { kind: "continue", from: committed };
  const next = planEnd(plan);
  if (stored >= next) return { kind: "skip", from: stored };
  // A store may have taken the ledger rows of a plan one by one: those that are there are replaced by themselves.
  if (stored > plan.start && !plan.cuts.includes(stored))
    return {
      kind: "stop",
      code: "PLAN_CONFLICT",
      reason: `The ledger ends at ${stored}, inside what is planned, ${plan.start}-${next}: two writers had the partition.`,
    };
  if (end !== null && next > end)
    return {
      kind: "stop",
      code: "PLAN_SOURCE_SHRANK",
      reason: `The source ends at ${end}, inside what is planned, ${plan.start}-${next}: it was truncated or replaced.`,
    };
  return { kind: "replay", plan };
}

/** A ledger row's range, as far as tiling matters. */
export interface Tile {
  readonly batchStart: bigint;
  readonly batchEnd: bigint;
}

/**
 * End of the unbroken run of batches from `begin` on: one past its last offset, or null without any. Rows that lie
 * inside what is covered already (corrections) change nothing. Tiles come in order of their starts.
 */
export function ledgerNext(tiles: readonly Tile[], begin: bigint): bigint | null {
  let next: bigint | null = null;
  for (const { batchStart, batchEnd } of tiles) {
    if (batchEnd < begin) continue;
    if (batchStart > (next ?? begin)) break;
    if (next === null || batchEnd + 1n > next) next = batchEnd + 1n;
  }
  return next;
}
