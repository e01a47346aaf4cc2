import type { Transition } from "../model/incident.ts";
import { type Alerting, type AlertingOptions, openAlerting, traceOfAlerting } from "./alerting.ts";
import { createReopening } from "./reopening.ts";
import type { Workplace } from "./workplace.ts";

/** Alerting: it stands by while another process alerts, and an error that may pass is told and tried again, less and less often. */
export interface AlertWatch {
  /**
   * What became of incidents, if it was looked for anomalies just now or long ago. Sends what is due, and doesn't wait for
   * it: a receiver that is down holds nothing up. Throws what can't be made good by trying again.
   */
  tick(isDetected: boolean): Promise<readonly Transition[]>;
  /** Messages that are not delivered yet. */
  pending(): number;
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
  let last: Alerting | null = null;
  let delivering: Promise<void> | null = null;
  let ticks = 0;
  const alerting = createReopening({
    clock,
    logger,
    messages: {
      failed: "Incidents could not be looked at; it is tried again.",
      elsewhere: "Another process makes incidents; this one stands by.",
    },
    async open() {
      const opened = await openAlerting(workplace, { ...options, signal: stop.signal });
      last = opened;
      return {
        ...opened,
        async close() {
          await delivering;
          await opened.close();
        },
      };
    },
    trace: async () => traceOfAlerting(workplace.journal),
  });

  function startDelivering(from: Alerting): void {
    if (delivering !== null || from.pending() + from.firing() === 0) return;
    delivering = from
      .deliver()
      .catch((error: unknown) => logger?.warn({ reason: String(error) }, "Alerts could not be delivered."))
      .finally(() => {
        delivering = null;
      });
  }

  return {
    async tick(isDetected) {
      const isDue = isDetected || ticks++ % TICKS_PER_LOOK === 0;
      if (!alerting.isOpen && !isDue) return [];
      const transitions = await alerting.use(async (held) => {
        const transitions = isDue ? await held.evaluate() : [];
        startDelivering(held);
        return transitions;
      });
      return transitions ?? [];
    },
    pending: () => last?.pending() ?? 0,
    async close() {
      const isSent = await Promise.race([
        delivering?.then(() => true) ?? true,
        clock.sleep(CLOSE_MS).then(() => false),
      ]);
      if (!isSent) stop.abort();
      await alerting.close();
    },
  };
}
