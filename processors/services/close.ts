import type { Clock } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { type CloserOptions, type ClosingTick, openCloser } from "./closer.ts";
import { createClosing, createDetection } from "./closing.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

export interface CloseOptions {
  readonly config: Config;
  /** One tick, then the end; otherwise until the signal. */
  readonly once: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** By default the one that is configured. */
  readonly publisher?: CloserOptions["publisher"];
}

/** How often it is looked for what is due. */
const TICK_MS = 1000;

/** What a closing came to. */
export interface CloseSummary {
  readonly watermark: string | null;
  readonly heldBy: string | null;
}

/**
 * Closes windows of everything in the ledger and looks for anomalies in them, as the only one who does. Once: throws whatever
 * keeps it from that, SOURCE_BUSY while another one lives. Otherwise what may pass is waited for.
 */
export async function close(options: CloseOptions): Promise<CloseSummary> {
  const workplace = await openWorkplace(options.config, options.clock);
  try {
    return summaryOf(await (options.once ? closeOnce(workplace, options) : keepClosing(workplace, options)));
  } finally {
    await workplace.close();
  }
}

async function closeOnce(workplace: Workplace, options: CloseOptions): Promise<ClosingTick> {
  const { clock, signal } = options;
  const closer = await openCloser(workplace, closerOptions(options));
  const detection = createDetection(workplace, clock, signal);
  try {
    const tick = await closer.tick(true);
    await detection.after(tick, true);
    return tick;
  } finally {
    await detection.close();
    await closer.close();
  }
}

async function keepClosing(workplace: Workplace, options: CloseOptions): Promise<ClosingTick | null> {
  const { clock, signal, logger } = options;
  const closing = createClosing(workplace, { ...closerOptions(options), logger, signal });
  try {
    logger.debug({}, "Closing started.");
    for (;;) {
      await closing.tick();
      if (signal.aborted) return closing.standing();
      await clock.sleep(TICK_MS);
    }
  } finally {
    await closing.close();
  }
}

function closerOptions({ clock, publisher }: CloseOptions): CloserOptions {
  return { clock, ...(publisher === undefined ? {} : { publisher }) };
}

function summaryOf(tick: ClosingTick | null): CloseSummary {
  if (tick === null) return { watermark: null, heldBy: null };
  const { watermarkUs, heldBy } = tick;
  return {
    watermark: watermarkUs === 0 ? null : new Date(watermarkUs / 1000).toISOString(),
    heldBy: heldBy === null ? null : `${heldBy.topic}/${heldBy.partition}`,
  };
}

/** The summary for people. */
export function closeText({ watermark, heldBy }: CloseSummary): string {
  if (watermark === null) return "No windows are closed yet.";
  return `Windows are closed up to ${watermark}${heldBy === null ? "" : `; ${heldBy} holds the rest`}.`;
}
