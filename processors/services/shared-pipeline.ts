import type { InsertBlock } from "../model/ports.ts";
import type { EncodedBatch, Pipeline } from "../pipeline.ts";
import type { Reading } from "./workplace.ts";

/**
 * A pipeline that several partitions use at the same time: one batch goes through it after the other, and what comes out
 * stays valid. While another batch is in it, `run` yields "wait".
 */
export function sharePipeline(pipeline: Pipeline): Pipeline {
  let isBusy = false;
  return {
    *run(records, identity, lookups) {
      while (isBusy) yield "wait";
      isBusy = true;
      try {
        return kept(yield* pipeline.run(records, identity, lookups));
      } finally {
        isBusy = false;
      }
    },
  };
}

/** Pipelines as they are given, each as one that several partitions may use at the same time. */
export function sharedPipelines(pipelineFor: (reading: Reading) => Pipeline): (reading: Reading) => Pipeline {
  const shared = new Map<Pipeline, Pipeline>();
  return (reading) => {
    const pipeline = pipelineFor(reading);
    const known = shared.get(pipeline) ?? sharePipeline(pipeline);
    shared.set(pipeline, known);
    return known;
  };
}

/** Events of one day stand in the encoder's own memory; those of several days were copied already. */
function kept(encoded: EncodedBatch): EncodedBatch {
  if (encoded.events.length !== 1) return encoded;
  const [{ day, block }] = encoded.events;
  const copied: InsertBlock = { ...block, native: block.native.map((part) => new Uint8Array(part)) };
  return { ...encoded, events: [{ day, block: copied }] };
}
