import { setTimeout as sleep } from "node:timers/promises";
import type { Member } from "./fleet.ts";
import type { Weather } from "./proxy.ts";
import type { Scene } from "./scene.ts";
import type { Fault } from "./schedule.ts";
import type { Standing } from "./watch.ts";

/** A fault that was inflicted, and what came of it. */
export interface Inflicted {
  readonly fault: Fault;
  readonly target: string;
  readonly beganMs: number;
  /** When everything was as before, but for what the fault had done. */
  endedMs: number | null;
  /** How far each partition and closing were then; null for a partition that had nothing waiting. */
  atEnd: { readonly stored: readonly (number | null)[]; readonly cut: number };
  /** From its end until each partition with records waiting had stored some of them; of a closer's, until the next cut. */
  recoveryMs: number | null;
}

const BROKER_MS_MAX = 120_000;
const STORE_MS_MAX = 120_000;
const STOP_MS_MAX = 60_000;

/** Inflicts faults on a scene; several may be under way at once, but not two on one process. */
export class Inflictor {
  readonly #scene: Scene;
  readonly #acknowledged: () => readonly number[];
  readonly #standing: () => Standing;
  readonly #busy = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  readonly done: Inflicted[] = [];
  skipped = 0;

  constructor(scene: Scene, acknowledged: () => readonly number[], standing: () => Standing) {
    this.#scene = scene;
    this.#acknowledged = acknowledged;
    this.#standing = standing;
  }

  /** How many are not got over yet. */
  get open(): number {
    return this.done.filter(({ recoveryMs }) => recoveryMs === null).length;
  }

  /** Begins a fault, unless what it is about has one already. */
  inflict(fault: Fault, onDone: (inflicted: Inflicted) => void, onError: (error: Error) => void): void {
    const target = this.#targetOf(fault);
    if (target === null) {
      this.skipped++;
      return;
    }
    this.#busy.add(target);
    const inflicted: Inflicted = {
      fault,
      target,
      beganMs: performance.now(),
      endedMs: null,
      recoveryMs: null,
      atEnd: { stored: [], cut: 0 },
    };
    this.done.push(inflicted);
    const running = this.#carryOut(fault, target)
      .then(() => {
        inflicted.endedMs = performance.now();
        const { stored, cut } = this.#standing();
        const sent = this.#acknowledged();
        inflicted.atEnd = { stored: stored.map((next, partition) => (next < sent[partition] ? next : null)), cut };
        onDone(inflicted);
      })
      .catch(onError)
      .finally(() => {
        this.#busy.delete(target);
        this.#underWay.delete(running);
      });
    this.#underWay.add(running);
  }

  /** Notes which have been got over. */
  look({ stored, cut }: Standing): void {
    const nowMs = performance.now();
    for (const one of this.done) {
      if (one.endedMs === null || one.recoveryMs !== null) continue;
      const isOver = one.target.startsWith("closer")
        ? cut > one.atEnd.cut
        : one.atEnd.stored.every((next, partition) => next === null || stored[partition] > next);
      if (isOver) one.recoveryMs = nowMs - one.endedMs;
    }
  }

  /** Ends what is under way and puts everything right. */
  async heal(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#underWay);
  }

  #targetOf({ kind, target }: Fault): string | null {
    const [, what] = kind.split("-");
    if (what === "processor" || what === "closer") {
      const members = (what === "processor" ? this.#scene.processors : this.#scene.closers).filter(
        ({ name }) => !this.#busy.has(name),
      );
      return members[Math.floor(target * members.length)]?.name ?? null;
    }
    const name = what === "broker" || what === "store" ? what : "proxy";
    return this.#busy.has(name) ? null : name;
  }

  async #carryOut({ kind, durationMs, strength }: Fault, target: string): Promise<void> {
    const { broker, store, proxy } = this.#scene;
    if (kind === "kill-broker") {
      await broker.stop({ force: true });
      await this.#lasts(durationMs);
      await withinMs(BROKER_MS_MAX, "the broker", broker.start());
      return;
    }
    if (target === "proxy") {
      proxy.weather = weatherOf(kind, strength);
      await this.#lasts(durationMs);
      proxy.weather = { kind: "fine" };
      return;
    }
    const member = target === "store" ? store : this.#memberCalled(target);
    if (kind.startsWith("freeze")) {
      member.freeze();
      await this.#lasts(durationMs);
      member.thaw();
      return;
    }
    if (kind.startsWith("stop")) {
      const { inTime } = await member.stop(STOP_MS_MAX);
      if (!inTime) process.stderr.write(`${target} did not end within ${STOP_MS_MAX / 1000} s of SIGTERM.\n`);
    } else await member.kill();
    await this.#lasts(durationMs);
    member.start();
    if (target === "store") await this.#scene.untilAnswering(STORE_MS_MAX);
  }

  #memberCalled(name: string): Member {
    return [...this.#scene.processors, ...this.#scene.closers].find((one) => one.name === name)!;
  }

  async #lasts(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => {});
  }
}

function weatherOf(kind: Fault["kind"], strength: number): Weather {
  switch (kind) {
    case "drop-replies":
    case "refuse":
      return { kind };
    case "delay-replies":
      return { kind, ms: Math.round(200 * 25 ** strength) };
    default:
      return { kind: "cut-requests", bytes: Math.round(200 * 500 ** strength) };
  }
}

async function withinMs(ms: number, what: string, work: Promise<void>): Promise<void> {
  const late = sleep(ms, "late", { ref: false });
  if ((await Promise.race([work, late])) === "late") throw new Error(`${what} did not start within ${ms / 1000} s.`);
}
