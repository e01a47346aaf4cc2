import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import { systemClock } from "./clock.ts";

/** created -> running -> draining -> stopped; any -> failed. draining: nothing new in, what is open out, then commit. */
export type State = "created" | "running" | "draining" | "stopped" | "failed";

/** Where signals come from: `process`, or an EventEmitter in tests. */
export interface SignalSource {
  on(name: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  off(name: "SIGINT" | "SIGTERM", listener: () => void): unknown;
}

export interface Lifecycle {
  readonly state: State;
  /** Aborted when the process is to drain. */
  readonly signal: AbortSignal;
  /** Begins to drain, as a signal does. */
  drain(): void;
  /**
   * Does the process's work, once. Resolves with the exit code: 0 when the work ended by itself or because it was told to
   * drain, 130 as soon as a second signal came (the work may still be going on: exit). Rejects with the work's error.
   */
  run(work: (signal: AbortSignal) => Promise<void>): Promise<number>;
}

export interface LifecycleOptions {
  readonly signals: SignalSource;
  readonly clock?: Clock;
  /** Called at each signal that counts; `isForced` at the second one. */
  readonly onSignal?: (isForced: boolean) => void;
}

const EXIT_DONE = 0;
const EXIT_FORCED = 130;
const FORCE_MS_MAX = 2000;

/**
 * A terminal sends Ctrl-C to every process at once, and a parent (npm, bin/weir.js) may send it on to us again: what
 * comes this soon after is the same key press.
 */
const SAME_PRESS_MS_MAX = 100;

export function createLifecycle({ signals, clock = systemClock, onSignal }: LifecycleOptions): Lifecycle {
  const controller = new AbortController();
  let state: State = "created";
  let signalledAtMs = Number.NEGATIVE_INFINITY;
  let force = (): void => {};

  function drain(): void {
    if (state !== "created" && state !== "running") return;
    state = "draining";
    controller.abort();
  }

  function onSignalCame(): void {
    const sinceMs = clock.monotonicMs() - signalledAtMs;
    if (sinceMs <= SAME_PRESS_MS_MAX) return;
    signalledAtMs = clock.monotonicMs();
    const isForced = sinceMs <= FORCE_MS_MAX;
    onSignal?.(isForced);
    if (isForced) force();
    else drain();
  }

  return {
    get state() {
      return state;
    },
    signal: controller.signal,
    drain,
    async run(work) {
      if (state !== "created" && state !== "draining") throw new WeirError("INTERNAL", "The process was run twice.");
      if (state === "created") state = "running";
      const forced = new Promise<number>((resolve) => {
        force = () => resolve(EXIT_FORCED);
      });
      signals.on("SIGINT", onSignalCame);
      signals.on("SIGTERM", onSignalCame);
      try {
        const code = await Promise.race([forced, work(controller.signal).then(() => EXIT_DONE)]);
        state = code === EXIT_DONE ? "stopped" : "failed";
        return code;
      } catch (error) {
        state = "failed";
        throw error;
      } finally {
        signals.off("SIGINT", onSignalCame);
        signals.off("SIGTERM", onSignalCame);
      }
    },
  };
}

/** A part of the process that can be stopped. */
export interface Part {
  readonly name: string;
  stop(): Promise<void>;
}

/** Stops that have begun: a part is told once, however often and from wherever it is stopped. */
const stopping = new WeakMap<Part, Promise<void>>();

/**
 * Stops parts one after the other, in the given order (that of the data), each within `msMax` milliseconds. One that
 * hangs or fails doesn't keep the others from stopping. Throws INTERNAL at the end, naming all that did.
 */
export async function stopInOrder(parts: readonly Part[], msMax: number): Promise<void> {
  const failures: string[] = [];
  const causes: unknown[] = [];
  for (const part of parts) {
    try {
      if (!(await endsWithin(stopOnce(part), msMax))) failures.push(`${part.name} did not stop in ${msMax} ms`);
    } catch (error) {
      failures.push(`${part.name} failed to stop (${error instanceof Error ? error.message : String(error)})`);
      causes.push(error);
    }
  }
  if (failures.length === 0) return;
  throw new WeirError("INTERNAL", `${failures.join(", ")}; start again: unfinished work is done anew.`, {
    cause: causes[0],
  });
}

function stopOnce(part: Part): Promise<void> {
  let stopped = stopping.get(part);
  if (stopped === undefined) {
    // Through a promise, so that an error thrown at once is like one thrown later.
    stopped = Promise.resolve().then(() => part.stop());
    stopping.set(part, stopped);
  }
  return stopped;
}

async function endsWithin(work: Promise<void>, msMax: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, msMax, false);
  });
  try {
    return await Promise.race([work.then(() => true), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
