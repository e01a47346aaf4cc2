import { afterCut, type CutHistory, decideCut, nextDueUs, partitionKey } from "../close/decide.ts";
import { type IdleProof, type PartitionFacts, type Punctuality, standingOf } from "../close/watermark.ts";
import type { Cut, LedgerBatch, PartitionStanding } from "../model/cut.ts";
import type { Clock, Publisher } from "../model/ports.ts";
import { type Attendance, attendanceOf } from "./attendance.ts";
import { carryOut, readCut, storeCut } from "./close-cut.ts";
import { type Reach, readHistory, readLost, readReaches, readUncut } from "./close-history.ts";
import { noteRules, readRollUps } from "./close-rules.ts";
import { openCodec, openPublisher, topicOf } from "./output-topics.ts";
import { openPublishing } from "./publish-windows.ts";
import type { Workplace } from "./workplace.ts";

export interface CloserOptions {
  readonly clock: Clock;
  /** What is proven of partitions that this process reads; others are as the journal says. */
  readonly proofs?: () => ReadonlyMap<string, IdleProof>;
  /** How many batches this process has stored; where it holds the store, hardly anyone else stores any. */
  readonly batchesStored?: () => number;
  /** Makes the publisher of finished windows; by default the one that is configured. */
  readonly publisher?: () => Publisher;
}

export interface ClosingTick {
  readonly watermarkUs: number;
  /** The partition that holds the watermark back. */
  readonly heldBy: { readonly topic: string; readonly partition: number } | null;
}

/** What of a workplace closing needs. */
export type ClosingPlace = Pick<Workplace, "store" | "journal" | "config">;

/** Closes windows. One process at a time: whoever has the closer is the only one. */
export interface Closer {
  /**
   * One tick: fixes how far each partition counts, and stores the windows that are due by that. `isForced`: windows that
   * were closed are revised now, not only every ten seconds.
   */
  tick(isForced: boolean): Promise<ClosingTick>;
  close(): Promise<void>;
}

/**
 * What this process has not stored is looked for after a share of the time in which nothing came, and at the latest after
 * so long.
 */
const STILL_SHARE = 1 / 12;
const LOOK_MS_MAX = 10_000;
/** So many ticks go by until it is looked again for batches that are gone. */
const TICKS_PER_LOOK = 300;

/** Takes closing over, and finishes what a closer that died has begun. Throws SOURCE_BUSY while another one lives. */
export async function openCloser(workplace: ClosingPlace, options: CloserOptions): Promise<Closer> {
  const { store, journal, config } = workplace;
  const { clock, proofs = () => new Map(), publisher = () => openPublisher(workplace, "windows", clock) } = options;
  const unlock = await journal.lock("weir.windows", 0);
  const windows = publisher();
  try {
    return await open();
  } catch (error) {
    await windows.close();
    await unlock();
    throw error;
  }

  async function open(): Promise<Closer> {
    await noteRules(store, config);
    const rollUps = await readRollUps(store);
    let history: CutHistory = await readHistory(store);
    const unfinished = await readCut(store, history.lastId);
    if (unfinished !== null) await carryOut(store, unfinished, rollUps, true);
    const publishing = await openPublishing(windows, await openCodec(config, "windows"), topicOf(config, "windows"));
    await publishing.publish(store, history.lastId);
    let reaches = await readReaches(store);
    const sizesUs = [...config.rules, ...rollUps].map(({ windowSeconds }) => windowSeconds * 1_000_000);
    const isAlone = options.batchesStored !== undefined && store.kind === "embedded";
    let seenAt: number | null = null;
    let ticks = 0;
    let batchesSeen = -1;
    let lookedAtMs = Number.NEGATIVE_INFINITY;
    let foundAtMs = clock.monotonicMs();
    let held: ClosingTick["heldBy"] = null;

    function factsOf({ topic, partition, source, next, reachedUs }: Reach): PartitionFacts {
      const attendance: Attendance | null = attendanceOf(journal, { topic, partition });
      const proof = proofs().get(partitionKey({ topic, partition })) ?? attendance?.proof ?? null;
      const isLoaded = attendance?.mode === "load";
      return { topic, partition, source, next, reachedUs, isLoaded, proof, punctuality: punctualityOf(source) };
    }

    function punctualityOf(source: string): Punctuality {
      const { disorderSeconds, latenessSeconds } =
        config.sources.find(({ name }) => name === source) ?? config.sourceDefaults;
      return { disorderUs: disorderSeconds * 1_000_000, latenessUs: latenessSeconds * 1_000_000 };
    }

    function isLookDue(isForced: boolean): boolean {
      const nowMs = clock.monotonicMs();
      const stillMs = isAlone ? LOOK_MS_MAX : Math.min(LOOK_MS_MAX, (nowMs - foundAtMs) * STILL_SHARE);
      const hasStored = options.batchesStored !== undefined && options.batchesStored() !== batchesSeen;
      return isForced || hasStored || nowMs - lookedAtMs >= stillMs;
    }

    /** Whether time alone may have made something due: not while the partition that holds all back stays where it is. */
    function mayBeDue(): boolean {
      if (!history.isSettled) return true;
      const holder = held === null ? undefined : reaches.get(partitionKey(held));
      if (holder === undefined) return false;
      const { state, watermarkUs } = standingOf(factsOf(holder));
      return (state !== "active" && state !== "idle") || watermarkUs >= nextDueUs(history, sizesUs);
    }

    function cutOf(added: readonly LedgerBatch[], removed: readonly LedgerBatch[], isForced: boolean): Cut | null {
      const partitions = [...reaches.values()].map(factsOf);
      held = heldBy(partitions);
      return decideCut({ history, nowUs: clock.nowUs(), partitions, added, removed, sizesUs, isForced });
    }

    /** Nothing is cut but by a look into the ledger; without cause for one, nothing is asked. */
    async function decide(isForced: boolean): Promise<Cut | null> {
      const isLostDue = ticks++ % TICKS_PER_LOOK === 0 || isForced;
      if (!isLostDue && !isLookDue(isForced) && (!mayBeDue() || cutOf([], [], false) === null)) return null;
      const batchesBefore = options.batchesStored?.() ?? 0;
      const uncut = await readUncut(store, seenAt);
      // A batch of a later run has taken the place of one that counted: both are told in the same cut.
      const isReplaced = uncut.batches.some(({ run }) => run > 0);
      const removed = isLostDue || isReplaced ? await readLost(store) : [];
      seenAt = uncut.seenAt;
      batchesSeen = batchesBefore;
      lookedAtMs = clock.monotonicMs();
      if (uncut.batches.length > 0) foundAtMs = lookedAtMs;
      reachFurther(reaches, uncut.batches);
      return cutOf(uncut.batches, removed, isForced);
    }

    return {
      async tick(isForced) {
        const cut = await decide(isForced);
        if (cut !== null) {
          const stored = await storeCut(store, cut);
          const isMine = stored.decidedUs === cut.decidedUs && stored.watermarkUs === cut.watermarkUs;
          await carryOut(store, stored, rollUps, !isMine);
          await publishing.publish(store, cut.id);
          if (isMine) history = afterCut(history, cut);
          else {
            // The next cut follows from another closer's: batches that it has are not seen here as new ones.
            history = await readHistory(store, cut.id);
            reaches = await readReaches(store);
          }
        }
        return { watermarkUs: history.watermarkUs, heldBy: held };
      },
      async close() {
        await publishing.close();
        await unlock();
      },
    };
  }
}

function reachFurther(reaches: Map<string, Reach>, batches: readonly LedgerBatch[]): void {
  for (const { topic, partition, source, batchEnd, timestampUsMax } of batches) {
    const key = partitionKey({ topic, partition });
    const known = reaches.get(key);
    const next = batchEnd + 1n;
    reaches.set(key, {
      topic,
      partition,
      source,
      next: known !== undefined && known.next > next ? known.next : next,
      reachedUs: Math.max(known?.reachedUs ?? 0, timestampUsMax),
    });
  }
}

function heldBy(facts: readonly PartitionFacts[]): ClosingTick["heldBy"] {
  let held: PartitionStanding | null = null;
  for (const standing of facts.map(standingOf)) {
    if (standing.state === "loaded" || standing.state === "complete") continue;
    if (held === null || standing.watermarkUs < held.watermarkUs) held = standing;
  }
  return held === null ? null : { topic: held.topic, partition: held.partition };
}
