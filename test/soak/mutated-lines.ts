import { parseArgs } from "node:util";
import type { Rule } from "../../processors/model/rule.ts";
import { makeMask } from "../mask/make-mask.ts";
import { FORMAT_NAMES, makeLines } from "../support/make-lines.ts";
import { makePipeline, runPipeline } from "../support/make-pipeline.ts";
import { makeParseOptions, makeRecords } from "../support/make-records.ts";

/*
 * Sends mutated lines of all formats through the pipeline, without a store:
 *
 *   node test/soak/mutated-lines.ts --lines 1000000 --seed 1
 *
 * Prints one JSON object and fails if anything threw. A crash names the seed of its batch on stderr.
 */

const { values } = parseArgs({
  options: { lines: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } },
});
const linesMax = Number(values.lines);
const firstSeed = Number(values.seed);

const BATCH_LINES = 2000;
const RULES: readonly Rule[] = [
  {
    name: "a",
    version: 1,
    windowSeconds: 60,
    groupBy: ["service_name", "status_class"],
    distinct: "client_address",
    where: "all",
  },
  { name: "b", version: 1, windowSeconds: 60, groupBy: ["template", "attributes.n"], distinct: null, where: "body" },
];

const mask = makeMask();
const pipelines = FORMAT_NAMES.flatMap((format) =>
  [false, true].map((isDeclared) => ({
    format,
    isDeclared,
    pipeline: makePipeline(format, {
      rules: RULES,
      parse: makeParseOptions({ format, isDeclared }),
      maskOf: () => mask,
    }),
  })),
);

const totals = { lines: 0, crashes: 0, ok: 0, dropped: 0, dead_letters: 0 };
const startedMs = performance.now();
for (let batch = 0; totals.lines < linesMax; batch++) {
  const { format, isDeclared, pipeline } = pipelines[batch % pipelines.length];
  const seed = firstSeed * 1_000_003 + batch;
  const lines = makeLines(seed, Math.min(BATCH_LINES, linesMax - totals.lines), format);
  totals.lines += lines.length;
  try {
    const { row } = runPipeline(pipeline, makeRecords(lines));
    totals.ok += row.ok;
    totals.dropped += row.dropped;
    totals.dead_letters += row.deadLetters;
  } catch (error) {
    totals.crashes++;
    console.error(`Batch of seed ${seed}, ${isDeclared ? "declared" : "detected"} ${format}:`, error);
  }
}
const seconds = Math.round(performance.now() - startedMs) / 1000;
console.log(JSON.stringify({ ...totals, seconds }));
process.exitCode = totals.crashes === 0 && totals.ok + totals.dropped + totals.dead_letters === totals.lines ? 0 : 1;
