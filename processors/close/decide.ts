import type { BatchRange, Cut, LedgerBatch, PartitionStanding } from "../model/cut.ts";
import { globalWatermark, type PartitionFacts, standingOf, tooLateBefore } from "./watermark.ts";

/** A window gets at most one revision in this time. */
export const REVISION_US_MIN = 10_000_000;
/** No window is longer. */
export const WINDOW_US_MAX = 86_400_000_000;

/** So often a cut says how far time has come, though no window may have ended: silence is judged by it. */
const BEAT_US = 60_000_000;

/** What of earlier cuts the next one depends on. */
export interface CutHistory {
  readonly lastId: number;
  readonly watermarkUs: number;
  readonly drainedId: number;
  /** The last two cuts that revised windows, newest first. */
  readonly revising: readonly { readonly id: number; readonly decidedUs: number; readonly watermarkUs: number }[];
  /** No late share of these cuts waits for the next revision. */
  readonly isSettled: boolean;
  /** Standing of each partition when it was last noted. */
  readonly noted: ReadonlyMap<string, PartitionStanding>;
  /** Greatest event time of all batches in cuts. */
  readonly reachedUs: number;
}

export const NO_CUTS: CutHistory = {
  lastId: 0,
  watermarkUs: 0,
  drainedId: 0,
  revising: [],
  isSettled: true,
  noted: new Map(),
  reachedUs: 0,
};

export interface Tick {
  readonly history: CutHistory;
  readonly nowUs: number;
  /** Every partition of the ledger, the batches to add included. */
  readonly partitions: readonly PartitionFacts[];
  readonly added: readonly LedgerBatch[];
  /** Batches of earlier cuts that are gone from the ledger, with the event times they had. */
  readonly removed: readonly LedgerBatch[];
  /** Sizes of the windows that there are: none is due before the watermark passes a multiple of its size. */
  readonly sizesUs: readonly number[];
  /** Revise at once, not only when `REVISION_US_MIN` has passed. */
  readonly isForced: boolean;
}

export function partitionKey({ topic, partition }: Pick<BatchRange, "topic" | "partition">): string {
  return `${partition}/${topic}`;
}

/** The next cut; null when no window could be due. */
export function decideCut(tick: Tick): Cut | null {
  const { history, nowUs, added, removed, isForced } = tick;
  const standings = new Map<string, PartitionStanding>();
  const facts = new Map<string, PartitionFacts>();
  for (const partition of tick.partitions) {
    facts.set(partitionKey(partition), partition);
    standings.set(partitionKey(partition), standingOf(partition));
  }
  const { watermarkUs, isDrained } = globalWatermark([...standings.values()], history.watermarkUs);
  const [last, beforeLast] = history.revising;
  const isRevising = isForced || last === undefined || nowUs - last.decidedUs >= REVISION_US_MIN;
  const isPassed = watermarkUs >= nextDueUs(history, tick.sizesUs);
  const isOwed = isRevising && !history.isSettled;
  // The last windows end after the last event: no watermark passes them.
  const isEnding = isDrained && history.drainedId < history.lastId;
  if (added.length === 0 && removed.length === 0 && !isPassed && !isOwed && !isEnding) return null;
  return {
    id: history.lastId + 1,
    decidedUs: nowUs,
    watermarkUs,
    watermarkBeforeUs: history.watermarkUs,
    isDrained,
    drainedAfter: history.drainedId,
    isRevising,
    // Windows that were closed after the last revising cut wait for the next one, so that none is revised too soon.
    reviseBeforeUs: !isRevising ? 0 : isForced ? history.watermarkUs : (last?.watermarkUs ?? 0),
    reviseAfter: isRevising ? (beforeLast?.id ?? 0) : 0,
    recomputeFromUs: removed.length === 0 ? 0 : Math.min(...removed.map((batch) => batch.timestampUsMin)),
    recomputeToUs: removed.length === 0 ? 0 : Math.max(...removed.map((batch) => batch.timestampUsMax)) + 1,
    added: added.map((batch) => {
      const key = partitionKey(batch);
      const before = history.noted.get(key);
      const partition = facts.get(key);
      if (partition === undefined) throw new Error(`Partition ${key} of an added batch is unknown.`);
      // What the partition itself had reached before counts, so that one that lags behind all others is not too late.
      // A batch of offsets that were passed already is a correction or a replay: somebody wants it, however old it is.
      const tooLateBeforeUs =
        before === undefined || partition.isLoaded || batch.batchEnd < before.next
          ? 0
          : tooLateBefore(before, history.watermarkUs, partition.punctuality);
      return { ...batch, tooLateBeforeUs };
    }),
    removed,
    partitions: [...standings.entries()]
      .filter(([key, { state }]) => isRevising || history.noted.get(key)?.state !== state)
      .map(([, standing]) => standing),
  };
}

/** The watermark from which on a cut without batches is of use: windows with events end there, or it is time to say so. */
export function nextDueUs({ watermarkUs, reachedUs }: CutHistory, sizesUs: readonly number[]): number {
  const endAfter = (us: number, sizeUs: number) => (Math.floor(us / sizeUs) + 1) * sizeUs;
  const open = sizesUs.filter((sizeUs) => watermarkUs < endAfter(reachedUs, sizeUs));
  const beats = reachedUs + WINDOW_US_MAX > watermarkUs ? [BEAT_US] : [];
  return Math.min(...[...open, ...beats].map((sizeUs) => endAfter(watermarkUs, sizeUs)));
}

/** Whether the cut has brought every late share of earlier ones into windows. */
export function isSettled(cut: Pick<Cut, "isRevising" | "reviseBeforeUs" | "watermarkBeforeUs">): boolean {
  return cut.isRevising && cut.reviseBeforeUs >= cut.watermarkBeforeUs;
}

/** The history that the cut is part of. */
export function afterCut(history: CutHistory, cut: Cut): CutHistory {
  const { id, decidedUs, watermarkUs } = cut;
  const noted = new Map(history.noted);
  for (const standing of cut.partitions) noted.set(partitionKey(standing), standing);
  return {
    lastId: id,
    watermarkUs,
    drainedId: cut.isDrained ? id : history.drainedId,
    revising: cut.isRevising ? [{ id, decidedUs, watermarkUs }, ...history.revising.slice(0, 1)] : history.revising,
    // What has no batches brings no late shares.
    isSettled: isSettled(cut) || (history.isSettled && cut.added.length === 0 && cut.removed.length === 0),
    noted,
    reachedUs: cut.added.reduce((max, batch) => Math.max(max, batch.timestampUsMax), history.reachedUs),
  };
}
