import type { Partials } from "../model/partial.ts";
import type { InsertBlock } from "../model/ports.ts";
import { BlockBuilder } from "./block.ts";
import { type BatchIdentity, tokenOf } from "./token.ts";

/** Encodes a batch's shares of windows as one insert. */
export function encodePartials(partials: Partials, identity: BatchIdentity): InsertBlock {
  const rows = partials.rule.length;
  const block = new BlockBuilder();
  block.begin({ rows, indices: null });
  const { rules, rule } = partials;
  const ofRule = (pick: (r: (typeof rules)[number]) => number) =>
    Uint32Array.from(rule, (number) => pick(rules[number]));
  block.dictionary(
    "rule",
    rules.map(({ name }) => name),
    Uint32Array.from(rule),
  );
  block.numbers(
    "rule_version",
    "UInt32",
    ofRule(({ version }) => version),
  );
  block.numbers("window_start", "DateTime('UTC')", Uint32Array.from(partials.windowStart));
  block.numbers(
    "window_seconds",
    "UInt32",
    ofRule(({ windowSeconds }) => windowSeconds),
  );
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
    block.integers(name, "UInt64", Float64Array.from(partials[name]));
  const entries = partials.duration_histogram.flat();
  if (entries.length > 0)
    block.arrays(
      "duration_histogram",
      "Map(Int16, UInt64)",
      partials.duration_histogram.map((list) => list.length),
      [
        Uint16Array.from(entries, ([bucket]) => bucket & 0xffff),
        BigUint64Array.from(entries, ([, count]) => BigInt(count)),
      ],
    );
  if (partials.distinct_values.some((values) => values.length > 0))
    block.stringArrays("distinct_values", partials.distinct_values);
  return block.finish("partials", tokenOf("partials", identity, "all"));
}
