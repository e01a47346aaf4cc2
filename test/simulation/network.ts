import type { Random, Scheduler } from "./scheduler.ts";

/** How often what goes wrong, as a share of calls unless it says otherwise. A seed draws its own. */
export interface Faults {
  /** The request never arrives. */
  readonly requestLost: number;
  /** It was done, and nobody hears of it. */
  readonly replyLost: number;
  /** It is carried out long after: by then its sender may be gone, or have given up. */
  readonly delayed: number;
  /** An insert is carried out a second time, later. */
  readonly doubled: number;
  /** The process dies: before it sends, with the request on its way, or when it would hear of the answer. */
  readonly crash: number;
  /** The process stands still, for longer than its lease or not. */
  readonly pause: number;
}

/** Faults that happened, by kind. */
export type FaultCounts = Map<string, number>;

/** What is at the other end: may be down, and forgets what was under way when it goes down. */
export class Service {
  readonly name: "store" | "broker";
  downUntilMs = 0;
  /** Rises when it goes down: what was sent before is gone. */
  life = 0;

  constructor(name: "store" | "broker") {
    this.name = name;
  }
}

export interface Call<T> {
  readonly service: Service;
  readonly what: string;
  /** Carries it out, now or later; may be done twice. A reply may be held back by never calling `reply`. */
  readonly apply: (reply: (result: T) => void, refuse: (error: unknown) => void) => void;
  readonly timeoutMs: number;
  /** What the caller is told when nothing came back. */
  readonly unanswered: (why: string) => unknown;
  /** Reading twice or late does nothing to anybody. */
  readonly isRead?: boolean;
  /** It may come twice. Commits and deletions do not: one request, one connection, and nobody sends them again. */
  readonly isSentTwice?: boolean;
  /** Told when a request is on its way to be carried out late, and when it is not any more. */
  readonly onUnderway?: (isUnderway: boolean) => void;
}

const DELAY_MS_MAX = 30_000;

/** Everything between processes and services: latency, and what goes wrong on the way. */
export class Network {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly counts: FaultCounts;
  readonly trace: ((line: string) => void) | null;
  faults: Faults;
  /** Requests that will still be carried out. */
  underway = 0;

  constructor(
    scheduler: Scheduler,
    random: Random,
    faults: Faults,
    counts: FaultCounts,
    trace: Network["trace"] = null,
  ) {
    this.scheduler = scheduler;
    this.random = random;
    this.faults = faults;
    this.counts = counts;
    this.trace = trace;
  }

  count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  happens(share: number, kind: string): boolean {
    if (share === 0 || this.random() >= share) return false;
    this.count(kind);
    return true;
  }

  between(min: number, max: number): number {
    return min + this.random() * (max - min);
  }

  send<T>(actor: Actor, call: Call<T>): Promise<T> {
    return new Promise((resolve, reject) => this.#send(actor, call, resolve, reject));
  }

  #send<T>(actor: Actor, call: Call<T>, resolve: (result: T) => void, reject: (error: unknown) => void): void {
    const { faults, scheduler } = this;
    const { service, what } = call;
    if (!actor.isAlive) return;
    if (this.happens(faults.crash, "crash before sending")) {
      actor.die(`before ${what}`);
      return;
    }
    const dies = this.happens(faults.crash, "crash while waiting");
    const diesAtAnswer = !dies && this.happens(faults.crash, "crash at the answer");
    let isSettled = false;
    const settle = (run: () => void, latencyMs = this.between(0.5, 3)) => {
      scheduler.in(latencyMs, () =>
        actor.deliver(() => {
          if (isSettled) return;
          if (diesAtAnswer) return actor.die(`at the answer to ${what}`);
          isSettled = true;
          run();
        }),
      );
    };
    const fail = (why: string, latencyMs?: number) =>
      settle(() => {
        this.trace?.(`${actor.name} ${what} failed: ${why}`);
        reject(call.unanswered(why));
      }, latencyMs);
    fail("no answer", call.timeoutMs);

    const isLost = this.happens(faults.requestLost, `${service.name}: request lost`);
    if (isLost && this.random() < 0.5) fail("the connection broke");
    const hasReply = !this.happens(faults.replyLost, `${service.name}: reply lost`);
    const carryOut = (inMs: number, answers: boolean, isLate: boolean) => {
      const { life } = service;
      this.underway++;
      if (isLate) call.onUnderway?.(true);
      scheduler.in(inMs, () => {
        this.underway--;
        if (isLate && service.life === life) call.onUnderway?.(false);
        if (service.life !== life) return answers ? fail("the connection broke") : undefined;
        if (scheduler.nowMs < service.downUntilMs) return answers ? fail("it is down") : undefined;
        call.apply(
          (result) => {
            this.trace?.(`${actor.name} ${what} done${isLate ? " late" : ""}`);
            if (answers) settle(() => resolve(result));
            else if (!isSettled && this.random() < 0.5) fail("the connection broke");
          },
          (error) => {
            this.trace?.(`${actor.name} ${what} refused: ${String(error)}`);
            if (answers) settle(() => reject(error));
          },
        );
      });
    };
    if (!isLost) {
      const isLate = call.isRead !== true && this.happens(faults.delayed, `${service.name}: delayed`);
      carryOut(isLate ? this.between(50, DELAY_MS_MAX) : this.between(0.5, 3), hasReply, isLate);
      if (call.isSentTwice === true && this.happens(faults.doubled, `${service.name}: doubled`))
        carryOut(this.between(1, DELAY_MS_MAX), false, true);
    }
    if (dies) scheduler.in(this.between(0, 4), () => actor.die(`while ${what} is under way`));
    else if (this.happens(faults.pause, "pause")) actor.pause(this.between(10, 12_000));
  }
}

/** A process as the world sees it: it can die, and stand still; what should reach it then comes never, or later. */
export class Actor {
  readonly name: string;
  readonly #network: Network;
  readonly #onDeath: () => void;
  isAlive = true;
  #pausedUntilMs = 0;
  /** How far its monotonic clock is ahead. */
  clockAheadMs = 0;

  constructor(name: string, network: Network, onDeath: () => void) {
    this.name = name;
    this.#network = network;
    this.#onDeath = onDeath;
  }

  die(why: string): void {
    if (!this.isAlive) return;
    this.#network.trace?.(`${this.name} dies ${why}`);
    this.isAlive = false;
    this.#onDeath();
  }

  pause(ms: number): void {
    const { scheduler, trace } = this.#network;
    trace?.(`${this.name} stands still for ${Math.round(ms)} ms`);
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, scheduler.nowMs + ms);
  }

  deliver(run: () => void): void {
    if (!this.isAlive) return;
    const { scheduler } = this.#network;
    const leftMs = this.#pausedUntilMs - scheduler.nowMs;
    if (leftMs > 0) scheduler.in(leftMs, () => this.deliver(run));
    else run();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#network.scheduler.in(ms, () => this.deliver(resolve));
    });
  }

  monotonicMs(): number {
    return this.#network.scheduler.nowMs + this.clockAheadMs;
  }
}
