import { describe, expect, it } from "vitest";
import type { EncodedBatch } from "../../processors/pipeline.ts";
import { sharePipeline } from "../../processors/services/shared-pipeline.ts";
import { blocksOf, makeIdentity, makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeRecords } from "../support/make-records.ts";

function bytesOf(encoded: EncodedBatch): string[] {
  return blocksOf(encoded).map(({ native }) => Buffer.concat(native).toString("hex"));
}

describe("a pipeline of several partitions", () => {
  const batches = Array.from({ length: 6 }, (_, i) =>
    makeRecords([`line ${i} of its own`, `another ${i}`], { partition: i }),
  );

  it("gives what it would give to each alone, however they take turns, and what it gave stays as it was", () => {
    const alone = batches.map((records) => bytesOf(runPipeline(makePipeline("text"), records)));
    const shared = sharePipeline(makePipeline("text"));
    const runs = batches.map((records) => shared.run(records, makeIdentity(records)));
    const results = new Map<number, EncodedBatch>();
    while (results.size < runs.length) {
      for (const [i, run] of runs.entries()) {
        if (results.has(i)) continue;
        const { done, value } = run.next();
        if (done) results.set(i, value);
      }
    }
    expect(batches.map((_, i) => bytesOf(results.get(i)!))).toEqual(alone);
  });

  it("is free again after a batch that failed", () => {
    let isBroken = true;
    const pipeline = makePipeline("text");
    const shared = sharePipeline({
      *run(records, identity) {
        yield "parse";
        if (isBroken) throw new Error("broken");
        return yield* pipeline.run(records, identity);
      },
    });
    expect(() => runPipeline(shared, batches[0])).toThrow("broken");
    isBroken = false;
    expect(runPipeline(shared, batches[0]).row.ok).toBe(2);
  });
});
