import type { Clock } from "../model/ports.ts";
import type { TimeRange } from "../plan/replay-range.ts";
import type { Config } from "../runtime/config.ts";
import { finishReplays } from "./dead-letters-replay.ts";
import { batchKey, compareStaged, type TableDifference } from "./replay-compare.ts";
import { whileAlone } from "./replay-lock.ts";
import {
  createStaging,
  findBatches,
  type GoneBatches,
  keepListed,
  listBatches,
  type StageProgress,
  stage,
  storedTimes,
} from "./replay-stage.ts";
import { beginSwap, dropStaging } from "./replay-swap.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

export interface ReplayOptions extends ReplaySelection {
  readonly config: Config;
  readonly clock: Clock;
}

/** What to replay, and how far to go. */
export interface ReplaySelection {
  readonly range: TimeRange;
  /** null: all sources. */
  readonly source: string | null;
  /** Instead of the configured format; null: none was given. */
  readonly format: string | null;
  /** Ends after the comparison. */
  readonly isDry: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: StageProgress) => void;
  /** Told before anything is exchanged. */
  readonly onCompared?: (summary: ReplaySummary) => void;
}

export interface ReplaySummary {
  /** Batches that the range touches, and those of them that come out otherwise than they are stored, or were corrected. */
  readonly batches: number;
  readonly changedBatches: number;
  readonly tables: readonly TableDifference[];
  readonly gone: readonly GoneBatches[];
  readonly withoutPartials: number;
  /** The signal came before the comparison; nothing was changed. */
  readonly wasInterrupted: boolean;
}

/**
 * Processes what is stored of a range once more, with today's rules, and exchanges what comes out otherwise:
 *
 * 1. Choose: whole batches of the ledger (plan/replay-range.ts).
 * 2. Stage: read them again from their sources, through the pipeline, into tables beside the real ones.
 * 3. Compare: rows added, removed and changed. A dry run ends here, and so does one that finds no difference.
 * 4. Exchange (replay-swap.ts), to the end, whoever is killed.
 *
 * Killed before the exchange, it has changed nothing, and the next replay begins anew.
 */
export async function replayRange(options: ReplayOptions): Promise<ReplaySummary> {
  const workplace = await openWorkplace(options.config, options.clock);
  try {
    return await replayRangeIn(workplace, options);
  } finally {
    await workplace.close();
  }
}

/** The same in a workplace that is open. */
export function replayRangeIn(workplace: Workplace, selection: ReplaySelection): Promise<ReplaySummary> {
  const { store } = workplace;
  const { range, source, isDry, signal, onCompared } = selection;
  return whileAlone(workplace, async () => {
    // A correction that is half there would be missed.
    if (!isDry) await finishReplays(workplace);
    const chosen = await findBatches(store, range, source);
    await createStaging(store);
    const staged = await stage(workplace, chosen, selection);
    const told = { batches: chosen.length, gone: staged.gone, withoutPartials: staged.withoutPartials };
    if (signal.aborted) {
      await dropStaging(store);
      return { ...told, changedBatches: 0, tables: [], wasInterrupted: true };
    }
    const { tables, changed } = await compareStaged(store, storedTimes(staged.batches));
    // Corrections are taken into their batch, so that the tables are those of a first load.
    const exchanged = staged.batches.filter(
      ({ topic, partition, batchStart, corrections }) =>
        corrections.length > 0 || changed.has(batchKey(topic, partition, batchStart)),
    );
    const summary = { ...told, changedBatches: exchanged.length, tables, wasInterrupted: false };
    onCompared?.(summary);
    if (isDry || exchanged.length === 0) {
      await dropStaging(store);
      return summary;
    }
    if (exchanged.length < staged.batches.length) {
      await listBatches(store, exchanged);
      await keepListed(store);
    }
    await beginSwap(workplace);
    return summary;
  });
}
