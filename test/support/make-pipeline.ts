import type { BatchIdentity } from "../../processors/encode/token.ts";
import type { InsertBlock } from "../../processors/model/ports.ts";
import type { RecordBatch } from "../../processors/model/record.ts";
import { createPipeline, type EncodedBatch, type Pipeline, type PipelineOptions } from "../../processors/pipeline.ts";
import { makeParseOptions } from "./make-records.ts";

/** A pipeline without masking and without rules unless the options say so. */
export function makePipeline(format: string, over: Partial<PipelineOptions> = {}): Pipeline {
  return createPipeline({
    parse: makeParseOptions({ format }),
    rules: [],
    maskOf: null,
    countryOf: (address) => (address === "198.51.100.7" ? "NZ" : ""),
    versions: { transform: "t", config: "c", lookup: "l" },
    rowsMax: 64,
    ...over,
  });
}

export function makeIdentity(records: RecordBatch, over: Partial<BatchIdentity> = {}): BatchIdentity {
  const { topic, partition, firstOffset, nextOffset } = records;
  return { topic, partition, batchStart: firstOffset, batchEnd: nextOffset - 1n, run: 0, attempt: 0, ...over };
}

/** Runs all stages at once. The blocks are valid until the run after the next. */
export function runPipeline(pipeline: Pipeline, records: RecordBatch): EncodedBatch {
  const stages = pipeline.run(records, makeIdentity(records));
  for (;;) {
    const { done, value } = stages.next();
    if (done) return value;
  }
}

/** The blocks of a batch in the order in which they are inserted. */
export function blocksOf(encoded: EncodedBatch): InsertBlock[] {
  const blocks = [...encoded.events.map(({ block }) => block), encoded.deadLetters, encoded.partials, encoded.ledger];
  return blocks.filter((block) => block !== null);
}
