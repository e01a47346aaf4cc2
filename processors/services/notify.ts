import type { Clock } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { openAlerting } from "./alerting.ts";
import { openWorkplace } from "./workplace.ts";

export interface NotifyOptions {
  readonly config: Config;
  /** What is due now, then the end; otherwise until the signal. */
  readonly once: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** What a notifying came to. */
export interface NotifySummary {
  readonly transitions: number;
  /** Messages that are not delivered yet. */
  readonly pending: number;
}

const TICK_MS = 1000;

/** Tells of incidents, as the only one who does. Throws SOURCE_BUSY while another one lives. */
export async function notify({ config, once, clock, signal, logger }: NotifyOptions): Promise<NotifySummary> {
  const workplace = await openWorkplace(config, clock, logger);
  try {
    const alerting = await openAlerting(workplace, { clock, logger });
    try {
      let transitions = 0;
      for (;;) {
        transitions += (await alerting.evaluate()).length;
        await alerting.deliver();
        if (once || signal.aborted) return { transitions, pending: alerting.pending() };
        await clock.sleep(TICK_MS);
      }
    } finally {
      await alerting.close();
    }
  } finally {
    await workplace.close();
  }
}

/** The summary for people. */
export function notifyText({ transitions, pending }: NotifySummary): string {
  const rest = pending === 0 ? "all messages are delivered" : `${pending} messages are not delivered yet`;
  return `${transitions} changes of incidents; ${rest}.`;
}
