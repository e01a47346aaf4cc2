import { describe, expect, it } from "vitest";
import type { RecordBatch } from "../../processors/model/record.ts";
import type { Pipeline } from "../../processors/pipeline.ts";
import { withBisecting } from "../../processors/services/bisect.ts";
import { limitMsFor, StageHung, withDeadline } from "../../processors/services/deadline.ts";
import { makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeRecords } from "../support/make-records.ts";

/** A pipeline with a stage that never ends on some lines; and a list of those that were made. */
function hanging(hang: (line: string) => void) {
  const made: Pipeline[] = [];
  const make = (): Pipeline => {
    const pipeline = makePipeline("text");
    const one: Pipeline = {
      *run(records, identity) {
        yield "parse";
        for (const [i, line] of linesOf(records).entries()) if (!records.poison?.has(i)) hang(line);
        return yield* pipeline.run(records, identity);
      },
    };
    made.push(one);
    return one;
  };
  return { made, make };
}

function linesOf({ text, count, begins, ends }: RecordBatch): string[] {
  return Array.from({ length: count }, (_, i) => text.slice(begins[i], ends[i]));
}

const LIMIT = { limitMsOf: () => 20 };
const LINES = ["a", "b", "loop", "c", "d", "loop", "e"];

describe("a stage that never ends", () => {
  it.each([
    [
      "in a loop",
      (line: string) => {
        while (line === "loop");
      },
    ],
    [
      "in a regular expression",
      (line: string) => {
        if (line === "loop") /^(?:a+)+$/.test(`${"a".repeat(60)}b`);
      },
    ],
    [
      "and catches what would end it",
      (line: string) => {
        for (;;)
          try {
            while (line === "loop");
            return;
          } catch {}
      },
    ],
  ])("%s is broken off, and the records to blame are dead letters", (_, hang) => {
    const { make } = hanging(hang);
    const { row, refused } = runPipeline(withBisecting(withDeadline(make, LIMIT)), makeRecords(LINES));
    expect(row).toMatchObject({ records: 7, ok: 5, deadLetters: 2 });
    expect(refused.map(({ record, code }) => [record, code])).toEqual([
      [2, "DECODE_POISON"],
      [5, "DECODE_POISON"],
    ]);
  });

  it("leaves its pipeline unused, for what it began is half done", () => {
    const { made, make } = hanging((line) => {
      while (line === "loop");
    });
    const guarded = withDeadline(make, LIMIT);
    expect(() => runPipeline(guarded, makeRecords(["loop"]))).toThrow(StageHung);
    expect(runPipeline(guarded, makeRecords(["fine"])).row.ok).toBe(1);
    expect(made.length).toBeGreaterThan(1);
  });
});

describe("a stage that ends", () => {
  it("is not taken for one that hangs because its process stood still", () => {
    let waits = 1;
    const { make } = hanging(() => {
      // Waits without using the processor, as a process does that is stopped.
      if (waits-- > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    });
    expect(runPipeline(withDeadline(make, LIMIT), makeRecords(["a"])).row.ok).toBe(1);
  });

  it("gives the same as without a deadline, and its errors as they are", () => {
    const { make } = hanging((line) => {
      if (line === "broken") throw new TypeError("a bug");
    });
    const guarded = withDeadline(make, { limitMsOf: () => 1000 });
    expect(runPipeline(guarded, makeRecords(["a", "b"])).row).toMatchObject({ records: 2, ok: 2 });
    expect(() => runPipeline(guarded, makeRecords(["broken"]))).toThrow(new TypeError("a bug"));
  });
});

it("has more time for more, but never so much that the group takes the process for dead", () => {
  expect(limitMsFor(makeRecords(["a"]), 15_000)).toBe(1000);
  expect(limitMsFor(makeRecords(Array.from({ length: 10_000 }, () => "line")), 15_000)).toBeGreaterThan(1400);
  expect(limitMsFor(makeRecords(["x".repeat(50_000_000)]), 15_000)).toBe(5000);
});
