import type { Clock } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { createAlertWatch } from "./alert-watch.ts";
import { type AlertingOptions, openAlerting } from "./alerting.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

export interface NotifyOptions {
  readonly config: Config;
  /** What is due now, then the end; otherwise until the signal. */
  readonly once: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** By default the one that is configured. */
  readonly publisher?: AlertingOptions["publisher"];
}

/** What a notifying came to. */
export interface NotifySummary {
  readonly transitions: number;
  /** Messages that are not delivered yet. */
  readonly pending: number;
}

const TICK_MS = 1000;

/**
 * Tells of incidents, as the only one who does. Once: throws whatever keeps it from that, SOURCE_BUSY while another one
 * lives. Otherwise what may pass is waited for.
 */
export async function notify(options: NotifyOptions): Promise<NotifySummary> {
  const workplace = await openWorkplace(options.config, options.clock, options.logger);
  try {
    return await (options.once ? notifyOnce(workplace, options) : keepNotifying(workplace, options));
  } finally {
    await workplace.close();
  }
}

async function notifyOnce(workplace: Workplace, options: NotifyOptions): Promise<NotifySummary> {
  const alerting = await openAlerting(workplace, alertingOptions(options));
  try {
    const transitions = (await alerting.evaluate()).length;
    await alerting.deliver();
    return { transitions, pending: alerting.pending() };
  } finally {
    await alerting.close();
  }
}

async function keepNotifying(workplace: Workplace, options: NotifyOptions): Promise<NotifySummary> {
  const { clock, signal } = options;
  const alerts = createAlertWatch(workplace, alertingOptions(options));
  let transitions = 0;
  try {
    for (;;) {
      transitions += (await alerts.tick(true)).length;
      if (signal.aborted) break;
      await clock.sleep(TICK_MS);
    }
  } finally {
    await alerts.close();
  }
  return { transitions, pending: alerts.pending() };
}

function alertingOptions({ clock, logger, publisher }: NotifyOptions): AlertingOptions {
  return { clock, logger, ...(publisher === undefined ? {} : { publisher }) };
}

/** The summary for people. */
export function notifyText({ transitions, pending }: NotifySummary): string {
  const rest = pending === 0 ? "all messages are delivered" : `${pending} messages are not delivered yet`;
  return `${transitions} changes of incidents; ${rest}.`;
}
