import { describe, expect, it } from "vitest";
import { systemClock } from "../../processors/runtime/clock.ts";
import { createFakeClock } from "../support/fake-clock.ts";

describe("the machine's clock", () => {
  it("tells microseconds since 1970 and never goes back", async () => {
    const before = systemClock.monotonicMs();
    expect(Math.abs(systemClock.nowUs() / 1000 - Date.now())).toBeLessThan(60_000);
    await systemClock.sleep(1);
    expect(systemClock.monotonicMs()).toBeGreaterThan(before);
  });
});

describe("the clock of tests", () => {
  it("stands still until it is told", async () => {
    const clock = createFakeClock(5_000_000);
    expect([clock.nowUs(), clock.monotonicMs()]).toEqual([5_000_000, 0]);
    await clock.advance(2);
    expect([clock.nowUs(), clock.monotonicMs()]).toEqual([5_002_000, 2]);
  });

  it("wakes each sleeper at its own time, also one that went to sleep on the way", async () => {
    const clock = createFakeClock();
    const woken: [string, number][] = [];
    const nap = async (name: string, ms: number) => {
      await clock.sleep(ms);
      woken.push([name, clock.monotonicMs()]);
    };
    void nap("late", 30);
    void nap("early", 10).then(() => nap("again", 10));
    await clock.advance(25);
    expect(woken).toEqual([
      ["early", 10],
      ["again", 20],
    ]);
    expect(clock.sleepers()).toBe(1);
    await clock.advance(5);
    expect(woken.at(-1)).toEqual(["late", 30]);
  });

  it("corrects wall time without touching durations", () => {
    const clock = createFakeClock(10_000_000);
    clock.correct(-4000);
    expect([clock.nowUs(), clock.monotonicMs()]).toEqual([6_000_000, 0]);
  });
});
