import { beforeAll, describe, expect, it } from "vitest";
import { DURATIONS, NOTE_DURATION_SPREADS } from "../../processors/services/detect-duration-statements.ts";
import { Random } from "../../processors/simulate/random.ts";
import { WINDOWS_A_DAY } from "../support/make-series.ts";
import { useStore } from "../support/make-store.ts";
import { addSignal, flagsSince, rangeOf } from "../support/signals.ts";

const DAYS = 8;
const COUNT = DAYS * WINDOWS_A_DAY;
/** From when on things happen: a Monday, 10:00. */
const AT = 7 * WINDOWS_A_DAY + 120;

interface Finding {
  readonly key: readonly string[];
  readonly window_start: string;
  readonly value: number;
  readonly expected: number;
  readonly why: string;
}

const store = useStore();

/** Medians of durations whose logarithms are off by about 1 / sqrt(events); few events at night. */
function makeMedians(seed: number, factor: (sinceAt: number) => number) {
  const random = new Random(seed);
  return Array.from({ length: COUNT }, (_, k) => {
    const isNight = k % WINDOWS_A_DAY < 72;
    const events = isNight ? 6 + random.below(6) : 80 + random.below(40);
    // Twelve evenly drawn numbers make a normal one.
    const off = Array.from({ length: 12 }, () => random.float()).reduce((sum, x) => sum + x, -6) / Math.sqrt(events);
    return { events, median: 40_000 * Math.exp(off) * (k < AT ? 1 : factor(k - AT)) };
  });
}

async function add(name: string, windows: readonly { events: number; median: number }[]): Promise<void> {
  for (const [signal, column] of [
    ["events", "events"],
    ["duration_us_p50", "median"],
  ] as const)
    await addSignal(
      store(),
      signal,
      name,
      windows.map((window) => window[column]),
    );
}

function look(from: number, to: number): Promise<Finding[]> {
  return store().query<Finding>(DURATIONS, rangeOf(from, to));
}

const flagsOf = (findings: readonly Finding[], name: string) => flagsSince(AT, findings, name);

describe("how long things took", () => {
  beforeAll(async () => {
    await add(
      "calm",
      makeMedians(1, () => 1),
    );
    await add(
      "slow",
      makeMedians(2, (k) => (k < 5 ? 2 : 1)),
    );
    await add(
      "little slower",
      makeMedians(3, (k) => (k < 5 ? 1.15 : 1)),
    );
    await add(
      "fast",
      makeMedians(4, (k) => (k < 2 ? 0.3 : 1)),
    );
    const range = rangeOf(0, COUNT);
    await store().command(NOTE_DURATION_SPREADS, range);
  });

  it("is told of when it is unlike the hours and the day before, and more than few events explain", async () => {
    const findings = await look(0, COUNT);
    expect(flagsOf(findings, "calm")).toEqual([]);
    expect(flagsOf(findings, "slow").slice(0, 5)).toEqual([0, 1, 2, 3, 4].map((k) => [k, "slower"]));
    expect(flagsOf(findings, "little slower")).toEqual([]);
    expect(flagsOf(findings, "fast").slice(0, 2)).toEqual([0, 1].map((k) => [k, "faster"]));
    const [first] = findings.filter(({ key }) => key[0] === "slow");
    expect(first.value / first.expected).toBeGreaterThan(1.7);
    expect(first.value / first.expected).toBeLessThan(2.4);
  });

  it("comes to the same hour by hour", async () => {
    const whole = await look(AT - (AT % 12), COUNT);
    const hours: Finding[] = [];
    for (let hour = AT - (AT % 12); hour < AT + 60; hour += 12) hours.push(...(await look(hour, hour + 12)));
    expect(flagsOf(hours, "slow")).toEqual(flagsOf(whole, "slow"));
    expect(flagsOf(hours, "slow").length).toBeGreaterThan(3);
  });
});
