import { foldIncidents, type IncidentState, NO_INCIDENTS } from "../incident/fold.ts";
import { matches } from "../incident/silence.ts";
import { messageOf, TEMPLATE_DEFAULTS } from "../incident/text.ts";
import type { Journal } from "../journal/journal.ts";
import type { IncidentDetails, IncidentRules, Receiver, Transition } from "../model/incident.ts";
import type { Clock, Publisher } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { createDeliverer } from "./alert-delivery.ts";
import { createOutbox, type Outbox } from "./alert-outbox.ts";
import { openReceivers } from "./alert-receivers.ts";
import { openCodec, openPublisher, topicOf } from "./output-topics.ts";
import {
  type AlertsPublishing,
  type NumberedTransition,
  openAlertsPublishing,
  storeTransitions,
} from "./publish-alerts.ts";
import { namesOf, readAnomalies, readHeard, readWatermark } from "./read-anomalies.ts";
import { readDetails } from "./read-details.ts";
import type { Workplace } from "./workplace.ts";

export interface AlertingOptions {
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
  /** By default those of the configuration. */
  readonly receivers?: readonly Receiver[];
  /** Makes the publisher of what is told; by default the one that is configured. */
  readonly publisher?: () => Publisher;
  /** The time that events are of, where it isn't the clock's. */
  readonly nowUs?: () => number;
  /** Who has just begun isn't late for so long: what came while nothing ran is caught up with. */
  readonly graceSeconds?: number;
  /** Ends what is being sent; it stays pending. */
  readonly signal?: AbortSignal;
}

/** Makes incidents of anomalies and tells of them. One process at a time: whoever has it is the only one. */
export interface Alerting {
  /** Folds what is new, stores and publishes what changed, and puts messages into the outbox. */
  evaluate(): Promise<readonly Transition[]>;
  /** Sends what is due. */
  deliver(): Promise<void>;
  pending(): number;
  /** What is told again and again while it fires. */
  firing(): number;
  close(): Promise<void>;
}

interface Progress {
  readonly state: IncidentState;
  readonly sequence: number;
  readonly storedTo: number;
}

const STATE_KEY = ["alerts_state"];
const transitionKey = (sequence: number) => ["alerts_transition", sequence];
/** Revisions are waited for at least so long. */
const REVISED_SECONDS_MIN = 3600;

/** What changes whenever a process has looked at incidents. */
export function traceOfAlerting(journal: Journal): string {
  return journal.view.get(STATE_KEY)?.toString() ?? "";
}

/** Takes alerting over from whoever had it. Throws SOURCE_BUSY while another one lives. */
export async function openAlerting(
  workplace: Pick<Workplace, "journal" | "store" | "config">,
  options: AlertingOptions,
): Promise<Alerting> {
  const { journal, store, config } = workplace;
  const { clock, logger, nowUs = clock.nowUs, graceSeconds = 0 } = options;
  const openOutput = options.publisher ?? (() => openPublisher(workplace, "alerts", clock));
  const openedMs = clock.monotonicMs();
  const unlock = await journal.lock("weir.alerts", 0);
  const publisher = openOutput();
  try {
    const codec = await openCodec(config, "alerts");
    const publishing = await openAlertsPublishing(publisher, codec, topicOf(config, "alerts"));
    const receivers = options.receivers ?? openReceivers(config, clock, options.signal);
    return open(publishing, receivers);
  } catch (error) {
    await publisher.close();
    await unlock();
    throw error;
  }

  function open(publishing: AlertsPublishing, receivers: readonly Receiver[]): Alerting {
    const { messagesPerHour, routes, silences } = config.alerts;
    const rules = incidentRules(config);
    const names = namesOf(config);
    const outboxes = new Map<string, Outbox>(receivers.map(({ name }) => [name, createOutbox(journal, name)]));
    const deliverers = receivers.map((receiver) =>
      createDeliverer(receiver, outboxes.get(receiver.name)!, { messagesPerHour, clock, logger }),
    );
    const templates = new Map(
      config.alerts.receivers.map(({ name, title, text }) => [
        name,
        { title: title ?? TEMPLATE_DEFAULTS.title, text: text ?? TEMPLATE_DEFAULTS.text },
      ]),
    );

    function readProgress(): Progress {
      const stored = journal.view.get(STATE_KEY);
      return stored === undefined
        ? { state: NO_INCIDENTS, sequence: 0, storedTo: 0 }
        : (JSON.parse(stored.toString()) as Progress);
    }

    /** State, transitions and messages: all of them or none. */
    async function keep(progress: Progress, transitions: readonly Transition[]): Promise<void> {
      const details = new Map<string, IncidentDetails | null>();
      for (const { id, kind, incident } of transitions)
        if (kind === "opened" && outboxes.size > 0) details.set(id, await readDetails(store, incident));
      const nowMs = Math.floor(clock.nowUs() / 1000);
      await journal.transact((transaction) => {
        const sequence = progress.sequence + transitions.length;
        transaction.put(STATE_KEY, Buffer.from(JSON.stringify({ ...progress, sequence })));
        for (const [i, transition] of transitions.entries()) {
          const number = progress.sequence + 1 + i;
          transaction.put(transitionKey(number), Buffer.from(JSON.stringify(transition)));
          for (const [receiver, waitSeconds] of receiversOf(transition)) {
            const message = messageOf(transition, templates.get(receiver), details.get(transition.id));
            const outbox = outboxes.get(receiver);
            // What is over before it was to be told is not told.
            const waiting = outbox?.pending().find((one) => one.message.subject === message.subject);
            if (message.kind !== "opened" && waiting !== undefined && waiting.attempts === 0 && waiting.dueMs > nowMs)
              transaction.remove(["alerts_outbox", receiver, waiting.sequence]);
            else
              outbox?.add(transaction, {
                sequence: number,
                message,
                sinceMs: nowMs,
                dueMs: nowMs + (message.kind === "opened" ? waitSeconds * 1000 : 0),
                attempts: 0,
              });
          }
        }
      });
    }

    function receiversOf({ incident }: Transition): Map<string, number> {
      const found = new Map<string, number>();
      for (const { match, receiver, waitSeconds } of routes)
        if (matches(match, incident)) found.set(receiver, Math.min(found.get(receiver) ?? waitSeconds, waitSeconds));
      return found;
    }

    /** What an earlier process or a failed attempt has left over comes first. */
    async function handOn(): Promise<void> {
      const entries = journal.view.range(["alerts_transition"]);
      const transitions = entries.map(
        ({ key, value }): NumberedTransition => ({
          sequence: key[1] as number,
          transition: JSON.parse(value.toString()) as Transition,
        }),
      );
      if (transitions.length === 0) return;
      await storeTransitions(store, transitions);
      await publishing.publish(transitions);
      await journal.transact((transaction) => {
        for (const { key } of entries) transaction.remove(key);
      });
    }

    return {
      async evaluate() {
        await handOn();
        const { state, sequence, storedTo } = readProgress();
        const { watermark, isDrained } = await readWatermark(store);
        const read = await readAnomalies(store, storedTo, names);
        const marks = [...read.marks, ...(await readHeard(store, read.marks, state))];
        const isFresh = state.late === null && clock.monotonicMs() - openedMs < graceSeconds * 1000;
        const eventNow = Math.floor(nowUs() / 1_000_000);
        // Who waits for nothing isn't late either.
        const now = isFresh || isDrained ? Math.min(eventNow, watermark) : eventNow;
        const folded = foldIncidents(state, { marks, watermark, now }, rules, silences);
        await keep({ state: folded.state, sequence, storedTo: read.storedTo }, folded.transitions);
        await handOn();
        return folded.transitions;
      },
      async deliver() {
        await Promise.all(deliverers.map((deliverer) => deliverer.deliver()));
      },
      pending: () => [...outboxes.values()].reduce((sum, outbox) => sum + outbox.pending().length, 0),
      firing: () => [...outboxes.values()].reduce((sum, outbox) => sum + outbox.firing().length, 0),
      async close() {
        await publishing.close();
        await unlock();
      },
    };
  }
}

function incidentRules({ alerts, sources, sourceDefaults }: Config): IncidentRules {
  const lateness = [...sources, sourceDefaults].map(({ latenessSeconds }) => latenessSeconds);
  return { ...alerts, revisedSeconds: Math.max(REVISED_SECONDS_MIN, ...lateness) };
}
