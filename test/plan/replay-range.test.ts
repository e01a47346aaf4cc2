import { describe, expect, it } from "vitest";
import { batchesTouching, type LedgerEntry, parseInstantUs } from "../../processors/plan/replay-range.ts";

function entry(batchStart: number, batchEnd: number, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    topic: "t",
    partition: 0,
    batchStart: String(batchStart),
    batchEnd: String(batchEnd),
    run: 0,
    source: "t",
    events: 1,
    timestampUsMin: batchStart,
    timestampUsMax: batchEnd,
    minutes: [0],
    storedAt: 0,
    ...changes,
  };
}

describe("the batches that a range touches", () => {
  const starts = (entries: readonly LedgerEntry[], fromUs: number, toUs: number) =>
    batchesTouching(entries, { fromUs, toUs }).map(({ batchStart }) => Number(batchStart));

  it("are those with an event time in it: the begin is part of it, the end is not", () => {
    const entries = [entry(0, 9), entry(10, 19), entry(20, 29)];
    expect(starts(entries, 9, 20)).toEqual([0, 10]);
    expect(starts(entries, 10, 21)).toEqual([10, 20]);
    expect(starts(entries, 30, 99)).toEqual([]);
  });

  it("are, of those without events, the ones with an append minute in it", () => {
    const entries = [entry(0, 9, { events: 0, timestampUsMin: 0, timestampUsMax: 0, minutes: [120] })];
    expect(starts(entries, 120_000_000, 120_000_001)).toEqual([0]);
    expect(starts(entries, 179_999_999, 180_000_000)).toEqual([0]);
    expect(starts(entries, 180_000_000, 190_000_000)).toEqual([]);
    expect(starts(entries, 0, 1)).toEqual([]);
  });

  it("take their corrections along, are found by them, and get the next run of their partition", () => {
    const entries = [
      entry(0, 9),
      entry(0, 3, { run: 2, timestampUsMin: 500, timestampUsMax: 500 }),
      entry(4, 9, { run: 1 }),
      entry(10, 19, { run: 1 }),
      entry(0, 9, { partition: 1, timestampUsMin: 500, timestampUsMax: 500 }),
    ];
    const found = batchesTouching(entries, { fromUs: 500, toUs: 501 });
    expect(
      found.map(({ partition, batchStart, batchEnd, runNext }) => [partition, batchStart, batchEnd, runNext]),
    ).toEqual([
      [0, "0", "9", 3],
      [1, "0", "9", 1],
    ]);
    expect(found[0].corrections.map(({ batchStart, run }) => [batchStart, run])).toEqual([
      ["0", 2],
      ["4", 1],
    ]);
  });
});

describe("a time on the command line", () => {
  it.each([
    ["2026-03-02", Date.UTC(2026, 2, 2) * 1000],
    ["2026-03-02T12:30", Date.UTC(2026, 2, 2, 12, 30) * 1000],
    ["2026-03-02 12:30:05.25", Date.UTC(2026, 2, 2, 12, 30, 5, 250) * 1000],
    ["2026-03-02T12:30:05.000001Z", Date.UTC(2026, 2, 2, 12, 30, 5) * 1000 + 1],
    ["2026-03-02T12:30:00+01:00", Date.UTC(2026, 2, 2, 11, 30) * 1000],
  ])("%s is understood, in UTC unless it says otherwise", (text, us) => {
    expect(parseInstantUs(text)).toBe(us);
  });

  it.each(["", "yesterday", "2026-02-30", "2026-3-2", "2026-03-02T25:00", "1772452800", "2026-03-02T12"])(
    "%j is none",
    (text) => expect(parseInstantUs(text)).toBeNull(),
  );
});
