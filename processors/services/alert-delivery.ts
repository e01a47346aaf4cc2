import { digestOf } from "../incident/digest.ts";
import type { Message, Receiver } from "../model/incident.ts";
import type { Clock } from "../model/ports.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Outbox, Pending } from "./alert-outbox.ts";

const HOUR_MS = 3_600_000;
/** Messages a minute, those included that no limit by the hour holds back: receivers take 120. */
const PER_MINUTE_MAX = 100;
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 300_000;
/** What is refused is tried again, in case somebody corrects the receiver. */
const REFUSED_MS = 600_000;
const GIVE_UP_MS = 3 * 24 * HOUR_MS;

export interface DeliveryOptions {
  readonly messagesPerHour: number;
  readonly clock: Clock;
  readonly logger: Logger | undefined;
}

/** Delivers what is pending for one receiver. */
export interface Deliverer {
  /** Sends what is due; ends early where the receiver wants to be left alone. */
  deliver(): Promise<void>;
}

/**
 * Each message goes out, and only then is marked as sent: a crash in between repeats it under the same id. In the order in which they
 * were made, so that an end never overtakes its beginning.
 */
export function createDeliverer(receiver: Receiver, outbox: Outbox, options: DeliveryOptions): Deliverer {
  const { messagesPerHour, clock, logger } = options;
  const nowMs = () => Math.floor(clock.nowUs() / 1000);
  let pausedUntilMs = 0;
  let minute: number[] = [];

  async function tellAgain(): Promise<void> {
    const { repeatMs } = receiver;
    if (repeatMs === null) return;
    for (const { message, toldMs } of outbox.firing()) {
      if (nowMs() - toldMs < repeatMs || nowMs() < pausedUntilMs) continue;
      const delivery = await receiver.send(message);
      if (delivery.kind === "sent") await outbox.settle({ sent: [], fires: { message, toldMs: nowMs() } });
      else pausedUntilMs = nowMs() + RETRY_MS_MIN * 10;
    }
  }

  /** Of what is sent: true. Of what is not: it stays pending, and the reason is told. */
  async function attempt(message: Message, pending: Pending): Promise<boolean> {
    minute.push(nowMs());
    const delivery = await receiver.send(message);
    if (delivery.kind === "sent") return true;
    const attempts = pending.attempts + 1;
    const backoffMs = Math.min(RETRY_MS_MIN * 2 ** Math.min(attempts - 1, 20), RETRY_MS_MAX);
    const waitMs = delivery.kind === "refused" ? REFUSED_MS : Math.max(delivery.afterMs ?? 0, backoffMs);
    if (delivery.kind === "retry") pausedUntilMs = nowMs() + waitMs;
    const isGivenUp = nowMs() - pending.sinceMs > GIVE_UP_MS;
    const context = { receiver: receiver.name, alert: message.id, reason: delivery.reason, attempts };
    if (isGivenUp) {
      logger?.error(context, "An alert could not be delivered for three days and is dropped.");
      await outbox.settle({ sent: [pending] });
    } else {
      logger?.warn(context, "An alert could not be delivered; it is tried again.");
      await outbox.put({ ...pending, attempts, dueMs: nowMs() + waitMs });
    }
    return false;
  }

  /** An end of something that a digest told: told when all of the digest is over. */
  function asTold({ message }: Pending): Message | null {
    if (message.kind === "opened" || !receiver.isIdempotent) return message;
    const digest = outbox.digestOf(message.subject);
    if (digest === null) return message;
    if (digest.open > 1) return null;
    // What took several messages to open takes as many to end.
    const series = digest.series.length > 0 ? digest.series : message.series;
    return { ...message, subject: digest.digest, series };
  }

  async function deliverOne(pending: Pending, book: readonly number[]): Promise<boolean> {
    const message = asTold(pending);
    const isFree = isUnlimited(pending);
    if (message !== null && !(await attempt(message, pending))) return false;
    const { kind, subject } = pending.message;
    await outbox.settle({
      sent: [pending],
      book: { sentMs: isFree ? book : [...book, nowMs()] },
      ...(kind === "opened" ? {} : { leaves: subject }),
      ...(receiver.repeatMs === null || pending.message.fields["kind"] === "test"
        ? {}
        : kind === "opened"
          ? { fires: { message: pending.message, toldMs: nowMs() } }
          : { ends: subject }),
    });
    return true;
  }

  function isUnlimited({ message }: Pending): boolean {
    return receiver.repeatMs !== null || (receiver.isIdempotent && message.kind !== "opened");
  }

  /** What a message opens or ends at the receiver: the incident, or the digest that told of it. */
  function homeOf({ kind, subject }: Message): string {
    return kind === "opened" || !receiver.isIdempotent ? subject : (outbox.digestOf(subject)?.digest ?? subject);
  }

  /** What is due, without what must wait for an earlier message of the same incident. */
  function duePending(): Pending[] {
    const held = new Set<string>();
    return outbox.pending().filter(({ dueMs, message }) => {
      if (dueMs > nowMs()) held.add(homeOf(message));
      return !held.has(homeOf(message));
    });
  }

  /** The next that may go out: within the limit, or an end that nothing before it waits for. */
  function nextOf(due: readonly Pending[], room: number): Pending | null {
    const [first] = due;
    const limited = due.filter((one) => !isUnlimited(one));
    const isDigest = first.message.fields["kind"] === "digest";
    if (isUnlimited(first) || room > 1 || (room === 1 && (limited.length === 1 || isDigest))) return first;
    const waiting = new Set(limited.map(({ message }) => homeOf(message)));
    return due.find((one) => isUnlimited(one) && !waiting.has(homeOf(one.message))) ?? null;
  }

  /** From here on they are one message, with one id, whatever is killed when. */
  function merge(parts: readonly Pending[]): Promise<void> {
    const message = digestOf(parts.map((part) => part.message));
    const opened = parts.filter((part) => part.message.kind === "opened").map((part) => part.message.subject);
    const digest = { sequence: parts[0].sequence, message, sinceMs: nowMs(), dueMs: nowMs(), attempts: 0 };
    return outbox.merge(parts, digest, receiver.isIdempotent ? opened : []);
  }

  return {
    async deliver() {
      await tellAgain();
      for (;;) {
        minute = minute.filter((at) => at > nowMs() - 60_000);
        if (nowMs() < pausedUntilMs || minute.length >= PER_MINUTE_MAX) return;
        const due = duePending();
        if (due.length === 0) return;
        const sentMs = outbox.book().sentMs.filter((at) => at > nowMs() - HOUR_MS);
        const room = messagesPerHour - sentMs.length;
        const next = nextOf(due, room);
        if (next !== null) await deliverOne(next, sentMs);
        else if (room < 1) return;
        else await merge(due.filter((one) => !isUnlimited(one)));
      }
    },
  };
}
