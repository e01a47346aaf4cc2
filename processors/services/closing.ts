import type { Clock } from "../model/ports.ts";
import type { Logger } from "../runtime/logger.ts";
import { formatDuration } from "../runtime/terminal.ts";
import { type CloserOptions, type ClosingTick, openCloser } from "./closer.ts";
import { detect } from "./detect.ts";
import { type AnomaliesPublishing, openAnomaliesPublishing } from "./publish-anomalies.ts";
import { createReopening } from "./reopening.ts";
import type { Workplace } from "./workplace.ts";

/** Closing, and looking for anomalies: it stands by while another process closes, and an error that may pass is told and tried again, less and less often. */
export interface Closing {
  /**
   * Closes what is due; `isForced` also revises at once. Says whether it was looked for anomalies. Throws what can't be
   * made good by trying again.
   */
  tick(isForced?: boolean): Promise<boolean>;
  /** What it came to last; null: nothing yet. */
  standing(): ClosingTick | null;
  /** For the status line: how far behind a time the watermark is, and who holds it; "" before there is one. */
  text(nowUs: number): string;
  close(): Promise<void>;
}

/** Series have windows of so long; late events may change earlier ones meanwhile, which is looked at after so many ticks. */
const SERIES_US = 300_000_000;
const TICKS_PER_DETECTION = 60;

/** An older watermark is told with the partition that holds it. */
const AGE_MS_TOLD = 60_000;

/** Looks for anomalies when closing has brought something to look at, and publishes them. */
export function createDetection(
  workplace: Pick<Workplace, "journal" | "store" | "config">,
  clock: Clock,
  signal?: AbortSignal,
) {
  const { store, config } = workplace;
  let publishing: AnomaliesPublishing | null = null;
  let ticks = 0;
  let detectedUs = 0;
  return {
    /** Says whether it looked. */
    async after({ watermarkUs }: ClosingTick, isForced: boolean): Promise<boolean> {
      if (signal?.aborted === true) return false;
      const untilUs = Math.floor(watermarkUs / SERIES_US) * SERIES_US;
      if (!isForced && untilUs === detectedUs && ++ticks < TICKS_PER_DETECTION) return false;
      await detect(store, config, signal);
      publishing ??= await openAnomaliesPublishing(workplace, clock);
      await publishing.publish(store);
      detectedUs = untilUs;
      ticks = 0;
      return true;
    },
    /** What it still has to publish is published by the next one, or by this one begun anew. */
    async close(): Promise<void> {
      await publishing?.close();
      publishing = null;
    },
  };
}

export function createClosing(
  workplace: Workplace,
  options: CloserOptions & {
    readonly logger: Logger | undefined;
    /** From then on nothing is looked for: the next process does that. */
    readonly signal?: AbortSignal;
  },
): Closing {
  const { clock, logger, signal } = options;
  const { store, observer } = workplace;
  let last: ClosingTick | null = null;
  const detection = createDetection(workplace, clock, signal);
  const closing = createReopening({
    clock,
    logger,
    messages: {
      failed: "Windows could not be closed; it is tried again.",
      elsewhere: "Another process closes windows; this one stands by.",
    },
    async open() {
      const closer = await openCloser(workplace, options);
      return {
        ...closer,
        async close() {
          await detection.close();
          await closer.close();
        },
      };
    },
    async trace() {
      const [row] = await store.query<{ id: string }>("SELECT max(cut_id) AS id FROM cuts");
      return row.id;
    },
  });

  return {
    async tick(isForced = false) {
      const isDetected = await closing.use(async (closer) => {
        last = await closer.tick(isForced);
        const isDetected = await detection.after(last, isForced);
        observer?.onWatermark(last.watermarkUs);
        return isDetected;
      });
      return isDetected ?? false;
    },
    standing: () => last,
    text(nowUs) {
      if (last === null || last.watermarkUs === 0) return "";
      const ageMs = Math.max(0, (nowUs - last.watermarkUs) / 1000);
      const isStalled = ageMs > AGE_MS_TOLD && last.heldBy !== null;
      return `  watermark ${formatDuration(ageMs)} ago${isStalled ? `, held by ${last.heldBy?.topic}/${last.heldBy?.partition}` : ""}`;
    },
    close: closing.close,
  };
}
