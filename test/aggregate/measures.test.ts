import { describe, expect, it } from "vitest";
import { createAggregate } from "../../processors/aggregate/aggregate.ts";
import { bucketOfValue } from "../../processors/aggregate/histogram.ts";
import { scaled } from "../../processors/aggregate/value.ts";
import { OTHER, type Rule } from "../../processors/model/rule.ts";
import { type MadeEvent, makeEvents } from "./make-events.ts";

function rule(over: Partial<Rule>): Rule {
  return { name: "r", version: 1, windowSeconds: 10, groupBy: ["service_name"], distinct: null, where: "all", ...over };
}

function count(events: readonly MadeEvent[], over: Partial<Rule>) {
  return createAggregate([rule(over)])(makeEvents(events));
}

const EVENTS: MadeEvent[] = [
  { us: 1, service: "a", status: 200, attributes: { amount: "1.005" } },
  { us: 2, service: "a", status: 404, attributes: { amount: "-3" } },
  { us: 3, service: "b", status: 503, attributes: { amount: "0" } },
  { us: 4, service: "b", severity: 17, attributes: { amount: "much" } },
];

describe("a filter", () => {
  it.each([
    ["the values that it names", { in: ["404", "503"] }, { a: 1, b: 1 }],
    ["no values that it names", { notIn: ["404", "0"] }, { a: 1, b: 1 }],
    ["a range", { min: 200, max: 404 }, { a: 2 }],
    ["all that one condition says", { min: 300, notIn: ["503"] }, { a: 1 }],
  ] as const)("counts events with %s", (_, condition, wanted) => {
    const { key, events } = count(EVENTS, { filter: [{ column: "http_response_status_code", ...condition }] });
    expect(Object.fromEntries(key.map(([service], i) => [service, events[i]]))).toEqual(wanted);
  });

  it("counts only what every condition holds of, also of text and attributes", () => {
    const { key, events } = count(EVENTS, {
      filter: [
        { column: "service_name", in: ["a"] },
        { column: "attributes.amount", max: 0 },
      ],
    });
    expect([key, events]).toEqual([[["a"]], [1]]);
  });
});

describe("errors", () => {
  it("are events that any of the rule's conditions holds of, and no others", () => {
    const { key, errors } = count(EVENTS, {
      errors: [
        { column: "http_response_status_code", in: ["404"] },
        { column: "attributes.amount", in: ["much"] },
      ],
    });
    expect(Object.fromEntries(key.map(([service], i) => [service, errors[i]]))).toEqual({ a: 1, b: 1 });
    expect(count(EVENTS, {}).errors).toEqual([0, 2]);
  });
});

describe("a value", () => {
  it("is summed exactly, in whole multiples of its last decimal; text is no value", () => {
    const shares = count(EVENTS, { value: "attributes.amount", valueDecimals: 2 });
    expect(shares.value_count).toEqual([2, 1]);
    expect(shares.value_sum).toEqual([101n - 300n, 0n]);
    expect([shares.value_min, shares.value_max]).toEqual([
      [-300, 0],
      [101, 0],
    ]);
    expect(shares.value_histogram[0].map(([bucket]) => bucket)).toEqual([bucketOfValue(-300), bucketOfValue(101)]);
  });

  it("of a number column is there where it is not 0", () => {
    const shares = count(EVENTS, { value: "http_response_status_code" });
    expect([shares.value_count, shares.value_sum]).toEqual([
      [2, 1],
      [604n, 503n],
    ]);
  });

  it("keeps sums that no number holds", () => {
    const amount = String(2 ** 53 - 1);
    const events = [1, 2, 3].map((us) => ({ us, service: "a", attributes: { amount } }));
    expect(count(events, { value: "attributes.amount" }).value_sum).toEqual([3n * (2n ** 53n - 1n)]);
  });

  it.each([
    ["1.004", 100],
    ["1.005", 101],
    ["-1.005", -101],
    ["0.999", 100],
    ["+7", 700],
    ["-0", 0],
    ["", Number.NaN],
    ["1e3", 100_000],
    ["-1.25E+1", -1250],
    ["12345e-4", 123],
    ["5e-3", 1],
    ["49e-4", 0],
    ["1e-300", 0],
    ["0e999", 0],
    ["1e300", Number.NaN],
    [".5", 50],
    ["5.", 500],
    ["00000000000000000042", 4200],
    [".", Number.NaN],
    ["e3", Number.NaN],
    ["0x10", Number.NaN],
    ["99999999999999999", Number.NaN],
    ["9999999999999999", Number.NaN],
  ])("reads %j as %d hundredths", (text, hundredths) => {
    expect(scaled(text, 2)).toBe(hundredths);
  });

  it("falls into buckets that ascend with it", () => {
    const buckets = [-1e9, -2, -1, 0, 1, 2, 1e9].map(bucketOfValue);
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    expect(new Set(buckets).size).toBe(buckets.length);
  });
});

describe("a cap on keys", () => {
  it("counts what is beyond under one key, per window, and loses no event", () => {
    const events = [0, 1].flatMap((window) =>
      ["a", "b", "c", "d", "a", "c"].map((service, i) => ({ us: window * 10_000_000 + i, service, durationUs: 5 })),
    );
    const shares = count(events, { keysMax: 2, distinct: "service_name" });
    const found = shares.key.map(([service], i) => [
      shares.windowStart[i],
      service,
      shares.events[i],
      shares.duration_histogram[i][0][1],
      shares.distinct_values[i].length,
    ]);
    expect(found).toEqual([
      [0, "a", 2, 2, 1],
      [0, "b", 1, 1, 1],
      [0, OTHER, 3, 3, 2],
      [10, "a", 2, 2, 1],
      [10, "b", 1, 1, 1],
      [10, OTHER, 3, 3, 2],
    ]);
  });
});
