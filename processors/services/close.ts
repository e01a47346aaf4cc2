import type { Clock } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { openCloser } from "./closer.ts";
import { createDetection } from "./closing.ts";
import { openWorkplace } from "./workplace.ts";

export interface CloseOptions {
  readonly config: Config;
  /** One tick, then the end; otherwise until the signal. */
  readonly once: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** How often it is looked for what is due. */
const TICK_MS = 1000;

/** What a closing came to. */
export interface CloseSummary {
  readonly watermark: string | null;
  readonly heldBy: string | null;
}

/** Closes windows of everything in the ledger and looks for anomalies in them, as the only one who does. Throws SOURCE_BUSY while another one lives. */
export async function close(options: CloseOptions): Promise<CloseSummary> {
  const { config, once, clock, signal, logger } = options;
  const workplace = await openWorkplace(config, clock);
  try {
    const closer = await openCloser(workplace, { clock });
    const detection = createDetection(workplace, clock, signal);
    try {
      logger.debug({}, "Closing started.");
      for (;;) {
        const tick = await closer.tick(once);
        await detection.after(tick, once);
        const { watermarkUs, heldBy } = tick;
        if (once || signal.aborted)
          return {
            watermark: watermarkUs === 0 ? null : new Date(watermarkUs / 1000).toISOString(),
            heldBy: heldBy === null ? null : `${heldBy.topic}/${heldBy.partition}`,
          };
        await clock.sleep(TICK_MS);
      }
    } finally {
      await detection.close();
      await closer.close();
    }
  } finally {
    await workplace.close();
  }
}

/** The summary for people. */
export function closeText({ watermark, heldBy }: CloseSummary): string {
  if (watermark === null) return "No windows are closed yet.";
  return `Windows are closed up to ${watermark}${heldBy === null ? "" : `; ${heldBy} holds the rest`}.`;
}
