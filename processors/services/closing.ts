import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import type { Logger } from "../runtime/logger.ts";
import { formatDuration } from "../runtime/terminal.ts";
import { type Closer, type CloserOptions, type ClosingTick, openCloser } from "./closer.ts";
import { detect } from "./detect.ts";
import { type AnomaliesPublishing, openAnomaliesPublishing } from "./publish-anomalies.ts";
import type { Workplace } from "./workplace.ts";

/** Closing, and looking for anomalies, beside other work: it waits while another process closes, and an error of it is told and tried again. */
export interface Closing {
  /**
   * Closes what is due; `isForced` also revises at once. Says whether it was looked for anomalies. Throws what can't be
   * made good by trying again.
   */
  tick(isForced?: boolean): Promise<boolean>;
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
  const { logger, signal } = options;
  let closer: Closer | null = null;
  let last: ClosingTick | null = null;
  let failure = "";
  const detection = createDetection(workplace, options.clock, signal);

  async function giveUp(): Promise<void> {
    await detection.close();
    await closer?.close();
    closer = null;
  }

  return {
    async tick(isForced = false) {
      try {
        closer ??= await openCloser(workplace, options);
        last = await closer.tick(isForced);
        const isDetected = await detection.after(last, isForced);
        workplace.observer?.onWatermark(last.watermarkUs);
        failure = "";
        return isDetected;
      } catch (error) {
        // What a failed tick left behind is finished by the next closer.
        await giveUp();
        if (!(error instanceof WeirError && error.retriable)) throw error;
        const { code, message } = error;
        if (failure !== code && code !== "SOURCE_BUSY")
          logger?.warn({ code, reason: message }, "Windows could not be closed; it is tried again.");
        else if (failure !== code) logger?.debug({}, "Another process closes windows.");
        failure = code;
        return false;
      }
    },
    text(nowUs) {
      if (last === null || last.watermarkUs === 0) return "";
      const ageMs = Math.max(0, (nowUs - last.watermarkUs) / 1000);
      const isStalled = ageMs > AGE_MS_TOLD && last.heldBy !== null;
      return `  watermark ${formatDuration(ageMs)} ago${isStalled ? `, held by ${last.heldBy?.topic}/${last.heldBy?.partition}` : ""}`;
    },
    async close() {
      await giveUp();
    },
  };
}
