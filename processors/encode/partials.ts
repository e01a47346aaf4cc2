import type { Partials } from "../model/partial.ts";
import type { InsertBlock } from "../model/ports.ts";
import { BlockBuilder } from "./block.ts";
import { type BatchIdentity, tokenOf } from "./token.ts";

/** Encodes a batch's shares of windows as one insert, always of the same columns, so that it can be joined to others. */
export function encodePartials(partials: Partials, identity: BatchIdentity): InsertBlock {
  const rows = partials.rule.length;
  const block = new BlockBuilder(true);
  block.begin({ rows, indices: null });
  const { rules, rule } = partials;
  const versions = new Uint32Array(rows);
  const windowSeconds = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    versions[i] = rules[rule[i]].version;
    windowSeconds[i] = rules[rule[i]].windowSeconds;
  }
  const names = rules.map(({ name }) => name);
  block.dictionary("rule", names, new Uint32Array(rule));
  block.numbers("rule_version", "UInt32", versions);
  block.numbers("window_start", "DateTime('UTC')", new Uint32Array(partials.windowStart));
  block.numbers("window_seconds", "UInt32", windowSeconds);
  block.stringArrays("key", partials.key);
  block.constant("topic", identity.topic);
  block.numbers("partition", "UInt32", new Uint32Array(rows).fill(identity.partition));
  block.bigints("batch_start", "Int64", new BigInt64Array(rows).fill(identity.batchStart));
  block.bigints("batch_end", "Int64", new BigInt64Array(rows).fill(identity.batchEnd));
  block.numbers("run", "UInt32", new Uint32Array(rows).fill(identity.run));
  for (const name of [
    "events",
    "errors",
    "body_size_sum",
    "duration_count",
    "duration_us_sum",
    "duration_us_min",
    "duration_us_max",
  ] as const)
    encodeIntegers(block, name, partials[name]);
  encodeHistograms(block, "duration_histogram", partials.duration_histogram);
  if (partials.value_count.some((count) => count > 0)) {
    block.integers("value_count", "UInt64", new Float64Array(partials.value_count));
    block.bigints("value_sum", "Int64", BigInt64Array.from(partials.value_sum));
    block.integers("value_min", "Int64", new Float64Array(partials.value_min));
    block.integers("value_max", "Int64", new Float64Array(partials.value_max));
    encodeHistograms(block, "value_histogram", partials.value_histogram);
  }
  block.stringArrays("distinct_values", partials.distinct_values);
  return block.finish("partials", tokenOf("partials", identity, "all"));
}

function encodeIntegers(block: BlockBuilder, name: string, values: readonly (number | bigint)[]): void {
  if (values.every((value) => typeof value === "number")) block.integers(name, "UInt64", new Float64Array(values));
  else block.bigints(name, "UInt64", BigInt64Array.from(values, BigInt));
}

/** Counts stay below 2^32: they are those of one batch. */
function encodeHistograms(block: BlockBuilder, name: string, histograms: Partials["duration_histogram"]): void {
  const lengths = histograms.map((entries) => entries.length);
  let total = 0;
  for (let i = 0; i < lengths.length; i++) total += lengths[i];
  const buckets = new Uint16Array(total);
  const counts = new Uint32Array(total * 2);
  let at = 0;
  for (let i = 0; i < histograms.length; i++) {
    const entries = histograms[i];
    for (let k = 0; k < entries.length; k++) {
      buckets[at] = entries[k][0] & 0xffff;
      counts[2 * at++] = entries[k][1];
    }
  }
  block.arrays(name, "Map(Int16, UInt64)", lengths, [buckets, counts]);
}
