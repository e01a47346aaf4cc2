import { describe, expect, it } from "vitest";
import { globalWatermark, type PartitionFacts, standingOf, tooLateBefore } from "../../processors/close/watermark.ts";

const SECOND = 1_000_000;
const punctuality = { disorderUs: 10 * SECOND, latenessUs: 100 * SECOND };

function facts(over: Partial<PartitionFacts> = {}): PartitionFacts {
  return {
    topic: "a",
    partition: 0,
    source: "a",
    next: 50n,
    reachedUs: 1000 * SECOND,
    isLoaded: false,
    proof: null,
    punctuality,
    ...over,
  };
}

describe("a partition's watermark", () => {
  it("is the event time it reached less the disorder bound", () => {
    expect(standingOf(facts())).toMatchObject({ state: "active", watermarkUs: 990 * SECOND });
  });

  it("goes on with time only where the end is proven and the ledger has come to it", () => {
    const proof = { end: 50n, atUs: 2000 * SECOND, isFinal: false };
    expect(standingOf(facts({ proof }))).toMatchObject({ state: "idle", watermarkUs: 1990 * SECOND });
    expect(standingOf(facts({ proof: { ...proof, end: 51n } }))).toMatchObject({
      state: "active",
      watermarkUs: 990 * SECOND,
    });
  });

  it("is 0 while it has no events: nothing is known of its time", () => {
    expect(standingOf(facts({ reachedUs: 0 })).watermarkUs).toBe(0);
  });
});

describe("the watermark", () => {
  const behind = standingOf(facts({ reachedUs: 500 * SECOND }));
  const ahead = standingOf(facts({ partition: 1 }));
  const loaded = standingOf(facts({ partition: 2, reachedUs: 5 * SECOND, isLoaded: true }));
  const rotated = standingOf(facts({ partition: 3, reachedUs: 1, proof: { end: 50n, atUs: 1, isFinal: true } }));

  it("is the least of all partitions: silence is not idleness", () => {
    expect(globalWatermark([behind, ahead], 0)).toEqual({ watermarkUs: 490 * SECOND, isDrained: false });
  });

  it("is not held back by what was loaded or can't grow", () => {
    expect(globalWatermark([ahead, loaded, rotated], 0).watermarkUs).toBe(990 * SECOND);
  });

  it("never goes back", () => {
    expect(globalWatermark([behind], 600 * SECOND).watermarkUs).toBe(600 * SECOND);
  });

  it("is the greatest event time where nothing can come any more", () => {
    expect(globalWatermark([loaded, rotated], 0)).toEqual({ watermarkUs: 5 * SECOND, isDrained: true });
    expect(globalWatermark([], 7)).toEqual({ watermarkUs: 7, isDrained: false });
  });
});

describe("what is too late", () => {
  it("counts from what the partition itself had reached, so that a slow one loses nothing", () => {
    const behind = standingOf(facts({ reachedUs: 500 * SECOND }));
    expect(tooLateBefore(behind, 990 * SECOND, punctuality)).toBe(390 * SECOND);
    expect(tooLateBefore(standingOf(facts()), 700 * SECOND, punctuality)).toBe(600 * SECOND);
  });

  it("is nothing of what is loaded", () => {
    expect(tooLateBefore(standingOf(facts({ isLoaded: true })), 990 * SECOND, punctuality)).toBe(0);
  });
});
