import { expect, it } from "vitest";
import { contentAt } from "./content.ts";
import { FAULT_KINDS, scheduleOf } from "./schedule.ts";

it("a seed fixes what goes wrong and when; another one brings other faults", () => {
  const faults = scheduleOf(7, 30, 12);
  expect(scheduleOf(7, 30, 12)).toEqual(faults);
  expect(scheduleOf(8, 30, 12)).not.toEqual(faults);
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(Object.keys(FAULT_KINDS)));
  expect(faults.length).toBeGreaterThan(300);
  expect(faults.at(-1)!.atMs).toBeLessThanOrEqual(30 * 60_000);
  for (const { kind, durationMs } of faults) {
    const [least, most] = FAULT_KINDS[kind].seconds;
    expect(durationMs).toBeGreaterThanOrEqual(least * 1000 - 1);
    expect(durationMs).toBeLessThanOrEqual(most * 1000 + 1);
  }
});

it("a record is a function of the seed and its place, and its number names it", () => {
  const options = { seed: 3, partitions: 8, startUs: 1_770_000_000_000_000, stepUs: 4000 };
  const records = Array.from({ length: 8000 }, (_, i) => contentAt(options, i % 8, i >> 3));
  expect(contentAt(options, 5, 77)).toEqual(records[77 * 8 + 5]);
  expect(new Set(records.map(({ number }) => number)).size).toBe(records.length);
  for (const { text, outcome, number, service } of records) {
    if (outcome === "ok") expect(JSON.parse(text)).toMatchObject({ duration_us: number, service });
    else if (outcome === "bad") expect(() => JSON.parse(text)).toThrow();
    else expect(text).toBe("");
  }
  expect(new Set(records.map(({ outcome }) => outcome))).toEqual(new Set(["ok", "bad", "blank"]));
});
