import type { Clock } from "../../processors/model/ports.ts";

/** A clock that stands still until it is told. */
export interface FakeClock extends Clock {
  /** Moves on and wakes sleepers on the way, each at its own time. Resolves when those have run as far as they can. */
  advance(ms: number): Promise<void>;
  /** Moves wall time only, also backwards, as a correction of the machine's clock does. */
  correct(ms: number): void;
  /** How many are asleep. */
  sleepers(): number;
}

/** @param startUs Wall time at first, microseconds since the Unix epoch. */
export function createFakeClock(startUs = Date.UTC(2024, 0, 1) * 1000): FakeClock {
  let elapsedMs = 0;
  let correctionMs = 0;
  let asleep: { readonly atMs: number; readonly wake: () => void }[] = [];

  return {
    nowUs: () => startUs + (elapsedMs + correctionMs) * 1000,
    monotonicMs: () => elapsedMs,
    sleep: (ms) => new Promise((wake) => asleep.push({ atMs: elapsedMs + Math.max(0, ms), wake })),
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      for (;;) {
        const next = asleep.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        asleep = asleep.filter((sleeper) => sleeper !== next);
        elapsedMs = next.atMs;
        next.wake();
        await settle();
      }
      elapsedMs = untilMs;
      await settle();
    },
    correct: (ms) => {
      correctionMs += ms;
    },
    sleepers: () => asleep.length,
  };
}

/** A turn of the event loop: every promise that can go on has done so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
