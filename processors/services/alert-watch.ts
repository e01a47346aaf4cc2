import { WeirError } from "../model/errors.ts";
import type { Transition } from "../model/incident.ts";
import type { Logger } from "../runtime/logger.ts";
import { type Alerting, type AlertingOptions, openAlerting } from "./alerting.ts";
import type { Workplace } from "./workplace.ts";

/** Alerting beside other work: it waits while another process alerts, and an error of it is told and tried again. */
export interface AlertWatch {
  /**
   * What became of incidents, if it was looked for anomalies just now or long ago. Sends what is due, and doesn't wait for
   * it: a receiver that is down holds nothing up. Throws what can't be made good by trying again.
   */
  tick(isDetected: boolean): Promise<readonly Transition[]>;
  /** What is not sent by now stays in the journal. */
  close(): Promise<void>;
}

export type AlertWatchOptions = Omit<AlertingOptions, "signal">;

/** Without anything new incidents are looked at after so many ticks: silences end, and a pipeline may be late. */
const TICKS_PER_LOOK = 60;
/** So long a message that is under way is waited for at the end. */
const CLOSE_MS = 2000;

export function createAlertWatch(
  workplace: Pick<Workplace, "journal" | "store" | "config">,
  options: AlertWatchOptions,
): AlertWatch {
  const { clock, logger } = options;
  const stop = new AbortController();
  let alerting: Alerting | null = null;
  let delivering: Promise<void> | null = null;
  let ticks = 0;
  let failure = "";

  function startDelivering(from: Alerting): void {
    if (delivering !== null || from.pending() + from.firing() === 0) return;
    delivering = from
      .deliver()
      .catch((error: unknown) => logger?.warn({ reason: String(error) }, "Alerts could not be delivered."))
      .finally(() => {
        delivering = null;
      });
  }

  async function letGo(): Promise<void> {
    await delivering;
    await alerting?.close();
    alerting = null;
  }

  return {
    async tick(isDetected) {
      try {
        const isDue = isDetected || ticks++ % TICKS_PER_LOOK === 0;
        if (alerting === null && !isDue) return [];
        alerting ??= await openAlerting(workplace, { ...options, signal: stop.signal });
        const transitions = isDue ? await alerting.evaluate() : [];
        startDelivering(alerting);
        failure = "";
        return transitions;
      } catch (error) {
        // What a failed look left behind is finished by the next.
        await letGo();
        if (!(error instanceof WeirError && error.retriable)) throw error;
        tell(error, logger);
        return [];
      }
    },
    async close() {
      const isSent = await Promise.race([
        delivering?.then(() => true) ?? true,
        clock.sleep(CLOSE_MS).then(() => false),
      ]);
      if (!isSent) stop.abort();
      await letGo();
    },
  };

  function tell({ code, message }: WeirError, logger: Logger | undefined): void {
    if (failure !== code && code !== "SOURCE_BUSY")
      logger?.warn({ code, reason: message }, "Incidents could not be looked at; it is tried again.");
    else if (failure !== code) logger?.debug({}, "Another process makes incidents.");
    failure = code;
  }
}
