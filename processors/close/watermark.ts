import type { PartitionStanding } from "../model/cut.ts";

/** How a partition's events may arrive. */
export interface Punctuality {
  /** Event times may be this much out of order, microseconds. */
  readonly disorderUs: number;
  /** Events that are later than the watermark by more stay out of their windows, microseconds. */
  readonly latenessUs: number;
}

/**
 * Proof that a partition has nothing more: at the time `atUs` (before the reading that found nothing) its source ended at
 * `end`. It proves nothing before the ledger has come to that end.
 */
export interface IdleProof {
  readonly end: bigint;
  readonly atUs: number;
  /** Nothing can come after the end. */
  readonly isFinal: boolean;
}

/** What is known of a partition at a tick. */
export interface PartitionFacts {
  readonly topic: string;
  readonly partition: number;
  readonly source: string;
  readonly next: bigint;
  readonly reachedUs: number;
  readonly isLoaded: boolean;
  readonly proof: IdleProof | null;
  readonly punctuality: Punctuality;
}

/** Silence is no proof: without one, a partition's watermark stays where its last event left it. */
export function standingOf(facts: PartitionFacts): PartitionStanding {
  const { topic, partition, source, next, reachedUs, isLoaded, proof, punctuality } = facts;
  const common = { topic, partition, source, next, reachedUs };
  const seenUs = reachedUs === 0 ? 0 : Math.max(0, reachedUs - punctuality.disorderUs);
  if (isLoaded) return { ...common, watermarkUs: reachedUs, state: "loaded" };
  if (proof === null || proof.end > next) return { ...common, watermarkUs: seenUs, state: "active" };
  if (proof.isFinal) return { ...common, watermarkUs: reachedUs, state: "complete" };
  return { ...common, watermarkUs: Math.max(seenUs, proof.atUs - punctuality.disorderUs), state: "idle" };
}

export interface GlobalWatermark {
  readonly watermarkUs: number;
  /** No partition can bring more: every one is complete or was loaded. */
  readonly isDrained: boolean;
}

/** The least watermark of all partitions that may bring more; without any, the greatest event time. Never goes back. */
export function globalWatermark(standings: readonly PartitionStanding[], beforeUs: number): GlobalWatermark {
  let least = Number.POSITIVE_INFINITY;
  let reached = 0;
  for (const { state, watermarkUs, reachedUs } of standings) {
    if (state === "active" || state === "idle") least = Math.min(least, watermarkUs);
    reached = Math.max(reached, reachedUs);
  }
  const isDrained = least === Number.POSITIVE_INFINITY && standings.length > 0;
  return { watermarkUs: Math.max(beforeUs, isDrained || standings.length === 0 ? reached : least), isDrained };
}

/** Windows that end by this time are closed to a batch that comes now: what of it belongs there is too late. */
export function tooLateBefore(standing: PartitionStanding, watermarkUs: number, { latenessUs }: Punctuality): number {
  if (standing.state === "loaded") return 0;
  return Math.max(0, Math.min(watermarkUs, standing.watermarkUs) - latenessUs);
}
