import { describe, expect, it } from "vitest";
import type { EncodedBatch } from "../../processors/pipeline.ts";
import { sharedPipelines, sharePipeline } from "../../processors/services/shared-pipeline.ts";
import { blocksOf, makeIdentity, makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeParseOptions, makeRecords } from "../support/make-records.ts";

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

  it("gives each source's batch that source's names, as a pipeline of its own would", () => {
    const alone = ["a", "b", "c"].map((name, i) => {
      const parse = makeParseOptions({ source: `source ${name}`, service: `service ${name}` });
      return bytesOf(runPipeline(makePipeline("text", { parse }), batches[i]));
    });
    const made: string[] = [];
    const shared = makePipeline("text");
    const pipelineFor = sharedPipelines(({ source, service }) => {
      made.push(source, service);
      return shared;
    });
    const readings = ["a", "b", "c"].map((name) => {
      const { format, isDeclared, tenant } = makeParseOptions();
      return { format, isDeclared, tenant, source: `source ${name}`, service: `service ${name}` };
    });
    expect(readings.map((reading, i) => bytesOf(runPipeline(pipelineFor(reading), batches[i])))).toEqual(alone);
    expect(new Set(made)).toEqual(new Set([""]));
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
