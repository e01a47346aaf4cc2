import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordBatch } from "../../processors/model/record.ts";
import type { Pipeline } from "../../processors/pipeline.ts";
import { withBisecting } from "../../processors/services/bisect.ts";
import { blocksOf, makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeRecords } from "../support/make-records.ts";

/** A pipeline of which a stage fails on every record that says so. */
function fragile(isBroken = (lines: readonly string[]) => lines.some((line) => line.startsWith("poison"))): Pipeline {
  const pipeline = makePipeline("text");
  return {
    *run(records, identity) {
      yield "parse";
      const lines = linesOf(records).filter((_, i) => !records.poison?.has(i));
      if (isBroken(lines)) throw new TypeError("a bug");
      return yield* pipeline.run(records, identity);
    },
  };
}

function linesOf({ text, count, begins, ends }: RecordBatch): string[] {
  return Array.from({ length: count }, (_, i) => text.slice(begins[i], ends[i]));
}

describe("a batch on which a stage fails", () => {
  it("loses the records that are to blame, which become dead letters, and no other", () => {
    const lines = fc.array(fc.oneof(fc.constantFrom("fine", "also fine"), fc.constant("poison")), { minLength: 1 });
    fc.assert(
      fc.property(lines, (lines) => {
        fc.pre(lines.filter((line) => line === "poison").length <= 20);
        const { row } = runPipeline(withBisecting(fragile()), makeRecords(lines));
        const poison = lines.filter((line) => line === "poison").length;
        expect(row).toMatchObject({ records: lines.length, ok: lines.length - poison, deadLetters: poison });
      }),
    );
  });

  it("gives the same blocks every time", () => {
    const records = makeRecords(["a", "poison", "b", "poison 2"]);
    const bytes = (pipeline: Pipeline) =>
      blocksOf(runPipeline(pipeline, records)).map(({ native }) => Buffer.concat(native).toString("hex"));
    expect(bytes(withBisecting(fragile()))).toEqual(bytes(withBisecting(fragile())));
  });

  it("is given up when no record is to blame, or too many are", () => {
    const many = makeRecords(Array.from({ length: 40 }, () => "poison"));
    expect(() => runPipeline(withBisecting(fragile()), many)).toThrow("a bug");
    const together = fragile((lines) => lines.length > 2);
    expect(() => runPipeline(withBisecting(together), makeRecords(["a", "b", "c", "d"]))).toThrow("a bug");
  });
});
