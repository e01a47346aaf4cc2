import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketOf, valueOfBucket, ZERO_BUCKET } from "../../processors/aggregate/histogram.ts";

describe("histogram", () => {
  it("stands within 1 % of every value from 1 to 2^53", () => {
    const exponent = fc.double({ min: 0, max: 53, noNaN: true });
    fc.assert(
      fc.property(exponent, (power) => {
        const value = Math.round(2 ** power);
        expect(Math.abs(valueOfBucket(bucketOf(value)) - value) / value).toBeLessThanOrEqual(0.01 + 1e-9);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it("never puts a larger value into a lower bucket", () => {
    for (let value = 1, before = bucketOf(1); value < 5000; value++) {
      expect(bucketOf(value)).toBeGreaterThanOrEqual(before);
      before = bucketOf(value);
    }
  });

  it("has buckets that fit sixteen bits, with one below all others for what is less than 1", () => {
    expect(bucketOf(1) === 0).toBe(true);
    expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBeLessThan(32_768);
    expect([bucketOf(0), valueOfBucket(ZERO_BUCKET)]).toEqual([ZERO_BUCKET, 0]);
  });

  it("gives any quantile within 1 % of the exact one", () => {
    const values = Array.from({ length: 1000 }, (_, i) => 1 + ((i * 7919) % 1000) ** 3);
    const sorted = [...values].sort((a, b) => a - b);
    const buckets = values.map(bucketOf).sort((a, b) => a - b);
    for (const rank of [0, 1, 499, 900, 989, 999])
      expect(Math.abs(valueOfBucket(buckets[rank]) / sorted[rank] - 1)).toBeLessThanOrEqual(0.01 + 1e-9);
  });
});
