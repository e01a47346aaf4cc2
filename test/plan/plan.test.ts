import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CUTS_MAX,
  decodeFinished,
  decodePlan,
  decodeRewind,
  encodeFinished,
  encodePlan,
  encodeRewind,
} from "../../processors/plan/plan.ts";

const PLAN = { start: 10n, cuts: [20n, 25n], run: 1, attempt: 2, version: "1.2 abc" };

describe("a plan's text", () => {
  it("gives the plan back", () => {
    const offset = fc.bigInt({ min: 0n, max: 9_223_372_036_854_775_806n });
    const count = fc.nat();
    fc.assert(
      fc.property(offset, offset, count, count, fc.string({ unit: "binary" }), (a, b, run, attempt, version) => {
        const [start, next] = a < b ? [a, b] : [b, a + 1n];
        const plan = { start, cuts: [next, next + 1n], run, attempt, version };
        expect(decodePlan(start, encodePlan(plan))).toEqual(plan);
      }),
      { seed: 1 },
    );
  });

  it("of one batch, as earlier versions wrote it, is read", () => {
    const text = JSON.stringify({ v: 1, next: "20", run: 1, attempt: 2, version: "a" });
    expect(decodePlan(10n, text)).toEqual({ start: 10n, cuts: [20n], run: 1, attempt: 2, version: "a" });
  });

  it("is well below 4,096 bytes", () => {
    const max = Number.MAX_SAFE_INTEGER;
    const cuts = Array.from({ length: CUTS_MAX }, (_, i) => 2n ** 63n - 1n - BigInt(CUTS_MAX - i));
    const plan = { start: 0n, cuts, run: max, attempt: max, version: "x".repeat(200) };
    expect(encodePlan(plan).length).toBeLessThan(1000);
  });

  const text = (over: Record<string, unknown>) => JSON.stringify({ ...JSON.parse(encodePlan(PLAN)), ...over });

  it.each([
    ["", "no metadata"],
    ["{", "no JSON"],
    ["null", "null"],
    ["17", "a number"],
    ["[]", "a list"],
    ["consumer-1", "another program's"],
    [text({ v: 3 }), "a later version"],
    [text({ v: undefined }), "no version"],
    [text({ cuts: undefined }), "no batches"],
    [text({ cuts: [] }), "an empty list of batches"],
    [text({ cuts: "20" }), "a text for the batches"],
    [text({ cuts: Array.from({ length: CUTS_MAX + 1 }, (_, i) => String(20 + i)) }), "more batches than a plan has"],
    [text({ cuts: [20] }), "an offset as a number"],
    [text({ cuts: ["-1"] }), "a negative offset"],
    [text({ cuts: ["1e3"] }), "an offset with an exponent"],
    [text({ cuts: ["10"] }), "a batch of nothing"],
    [text({ cuts: ["20", "20"] }), "a later batch of nothing"],
    [text({ cuts: ["20", "15"] }), "a batch that ends before it starts"],
    [text({ cuts: ["12345678901234567890"] }), "an offset of 20 digits"],
    [text({ run: "0" }), "a run as text"],
    [text({ run: 1.5 }), "half a run"],
    [text({ attempt: undefined }), "no attempt"],
    [text({ version: null }), "no rules' version"],
  ])("is no plan: %j, %s", (metadata) => {
    expect(decodePlan(10n, metadata)).toBeNull();
  });
});

describe("a rewind's text", () => {
  it("gives its run back", () => {
    for (const run of [0, 1, 7, 65_536]) expect(decodeRewind(encodeRewind(run))).toBe(run);
  });

  it("is no plan, and a plan is no rewind", () => {
    expect(decodePlan(10n, encodeRewind(3))).toBeNull();
    expect(decodeRewind(encodePlan(PLAN))).toBeNull();
  });

  it.each([
    ["", "no metadata"],
    ["consumer-1", "another program's"],
    ['{"v":2,"rewind":1}', "a later version"],
    ['{"v":1,"rewind":-1}', "a negative run"],
    ['{"v":1,"rewind":1.5}', "half a run"],
    ['{"v":1,"rewind":"1"}', "a run as text"],
    ['{"v":1,"rewind":1}\n', "something behind it"],
  ])("is not %j: %s", (metadata) => {
    expect(decodeRewind(metadata)).toBeNull();
  });
});

describe("the text of a commit with nothing planned", () => {
  it("gives its run back, and is neither a plan nor a rewind", () => {
    for (const run of [0, 1, 7, 65_536]) {
      expect(decodeFinished(encodeFinished(run))).toBe(run);
      expect(decodePlan(10n, encodeFinished(run))).toBeNull();
      expect(decodeRewind(encodeFinished(run))).toBeNull();
    }
  });

  it("is empty where the store was never set back, and tells nothing where it is another's", () => {
    expect(encodeFinished(0)).toBe("");
    for (const text of ["", "consumer-1", encodeRewind(2), encodePlan(PLAN)]) expect(decodeFinished(text)).toBe(0);
  });
});
