import type { InsertBlock } from "../model/ports.ts";
import { type EncodedBatch, type Pipeline, type SourceNames, WAITING } from "../pipeline.ts";
import type { Reading } from "./workplace.ts";

/**
 * A pipeline that several partitions use at the same time: one batch goes through it after the other, and what comes out
 * stays valid. While another batch is in it, `run` yields WAITING.
 */
export function sharePipeline(pipeline: Pipeline): Pipeline {
  let isBusy = false;
  return {
    *run(records, identity, lookups, names) {
      while (isBusy) yield WAITING;
      isBusy = true;
      try {
        return kept(yield* pipeline.run(records, identity, lookups, names));
      } finally {
        isBusy = false;
      }
    },
  };
}

/**
 * Pipelines that several partitions may use at the same time: one for all sources that are read alike. A pipeline of its own for
 * each of thousands of files would take megabytes for each.
 */
export function sharedPipelines(pipelineFor: (reading: Reading) => Pipeline): (reading: Reading) => Pipeline {
  const shared = new Map<Pipeline, Pipeline>();
  return (reading) => {
    const pipeline = pipelineFor({ ...reading, source: "", service: "" });
    const known = shared.get(pipeline) ?? sharePipeline(pipeline);
    shared.set(pipeline, known);
    return named(known, reading);
  };
}

function named(pipeline: Pipeline, { source, service }: SourceNames): Pipeline {
  return { run: (records, identity, lookups) => pipeline.run(records, identity, lookups, { source, service }) };
}

/** Events of one day stand in the encoder's own memory; those of several days were copied already. */
function kept(encoded: EncodedBatch): EncodedBatch {
  if (encoded.events.length !== 1) return encoded;
  const [{ day, block }] = encoded.events;
  const copied: InsertBlock = { ...block, native: block.native.map((part) => new Uint8Array(part)) };
  return { ...encoded, events: [{ day, block: copied }] };
}
