import { describe, expect, it } from "vitest";
import { sumOf } from "../../processors/aggregate/measure.ts";

const LARGE = Number.MAX_SAFE_INTEGER;

describe("a sum", () => {
  it("is a number where that is exact, and a bigint beyond", () => {
    const ofRow = Int32Array.of(0, 1, 0, 1, -1, 1);
    const values = Float64Array.of(1, LARGE, 2, LARGE, LARGE, 1);
    expect(sumOf(ofRow, 2, values)).toEqual([3, BigInt(LARGE) * 2n + 1n]);
    expect(sumOf(Int32Array.of(0, 1), 2, Float64Array.of(LARGE, 0))).toEqual([LARGE, 0]);
  });
});
