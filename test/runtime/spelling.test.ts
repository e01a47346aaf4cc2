import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { didYouMean, slipsBetween } from "../../processors/runtime/spelling.ts";

describe("slips between two words", () => {
  for (const [a, b, slips] of [
    ["", "", 0],
    ["abc", "", 3],
    ["record", "records", 1],
    ["fromat", "format", 1],
    ["kitten", "sitting", 3],
  ] as const) {
    it(`${a} and ${b}: ${slips}`, () => expect(slipsBetween(a, b)).toBe(slips));
  }

  it("are as many in both directions, none only for the same word, never more than the longer word", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const slips = slipsBetween(a, b);
        expect(slipsBetween(b, a)).toBe(slips);
        expect(slips === 0).toBe(a === b);
        expect(slips).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe("the meant word", () => {
  it("is the nearest one", () => expect(didYouMean("formats", ["files", "format", "format_s"])).toBe("format"));
  it("is found across letter case and dashes", () => expect(didYouMean("Key-File", ["key_file"])).toBe("key_file"));
  it("is nothing when all are far away", () => expect(didYouMean("colour", ["level", "name"])).toBe(null));
  it("allows a short word one slip", () => {
    expect(didYouMean("htp", ["http"])).toBe("http");
    expect(didYouMean("ht", ["http"])).toBe(null);
  });
});
