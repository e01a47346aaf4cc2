import { describe, expect, it } from "vitest";
import type { DeadRuns } from "../../processors/encode/ledger.ts";
import type { EncodedBatch, Pipeline } from "../../processors/pipeline.ts";
import { withBreaker } from "../../processors/services/breaker.ts";
import { makeIdentity, makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeParseOptions, makeRecords } from "../support/make-records.ts";

/** A pipeline whose batches come to these outcomes: `.` is ok, `x` a dead letter. */
function outcomes(): { pipeline: Pipeline; next(text: string): void } {
  let text = "";
  const pipeline: Pipeline = {
    *run() {
      yield "parse";
      const runs = text.split(".").map(({ length }) => length);
      const deadRuns: DeadRuns = { leading: runs[0], longest: Math.max(...runs), trailing: runs.at(-1)! };
      const deadLetters = text.replaceAll(".", "").length;
      return { row: { records: text.length, deadLetters }, deadRuns } as EncodedBatch;
    },
  };
  return {
    pipeline,
    next(of) {
      text = of;
    },
  };
}

describe("the breaker", () => {
  function feed(limits: { consecutive: number; ratio: number }, batches: readonly string[]): number {
    const made = outcomes();
    const guarded = withBreaker(made.pipeline, limits);
    const records = makeRecords(["a"]);
    for (const [i, batch] of batches.entries()) {
      made.next(batch);
      try {
        for (const stage of guarded.run(records, makeIdentity(records))) expect(stage).toBe("parse");
      } catch (error) {
        expect(error).toMatchObject({ code: "SOURCE_TOO_MANY_DEAD_LETTERS" });
        return i;
      }
    }
    return -1;
  }

  const row = { consecutive: 5, ratio: 1 };
  it.each([
    ["a row inside of a batch", ["..xxxxxx.."], 0],
    ["a row over two batches", ["..xxx", "xxx.."], 1],
    ["a row over three batches", ["..xx", "xx", "xx"], 2],
    ["rows that are short enough", ["xxxxx.", "xxxxx.", ".xxxxx"], -1],
    ["a row that a good record broke", ["..xxxxx.", "xxxxx"], -1],
  ])("counts %s", (_, batches, stops) => {
    expect(feed(row, batches)).toBe(stops);
  });

  it("looks at the share among the last 10,000 records, not at less, and not at what was before", () => {
    const ratio = { consecutive: 1_000_000, ratio: 0.5 };
    const bad = "x".repeat(2000);
    const good = ".".repeat(2000);
    expect(feed(ratio, [bad, bad, bad, bad])).toBe(-1);
    expect(feed(ratio, [bad, bad, bad, good, bad])).toBe(4);
    expect(feed(ratio, [bad, bad, good, good, good, good, good, bad, bad])).toBe(-1);
    expect(feed(ratio, [...Array<string>(50).fill(good), bad, bad, bad])).toBe(52);
  });

  it("is told by the pipeline where dead letters stand", () => {
    const pipeline = makePipeline("json", { parse: makeParseOptions({ format: "json", isDeclared: true }) });
    const runs = (lines: readonly string[]) => runPipeline(pipeline, makeRecords(lines)).deadRuns;
    expect(runs(["x", "x", '{"a":1}', "x", "x", "x", '{"a":1}', "x"])).toEqual({ leading: 2, longest: 3, trailing: 1 });
    expect(runs(["x", "x"])).toEqual({ leading: 2, longest: 2, trailing: 2 });
    expect(runs(['{"a":1}'])).toEqual({ leading: 0, longest: 0, trailing: 0 });
  });
});
