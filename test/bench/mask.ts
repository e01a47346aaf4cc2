import { createMask } from "../../processors/mask/mask.ts";
import { createMaskStage } from "../../processors/mask/stage.ts";
import { EventBatch } from "../../processors/model/event-batch.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { table } from "../../processors/runtime/table.ts";
import { type BenchCase, progress, report } from "./case.ts";
import { type Input, inputFile, inputsFor } from "./inputs.ts";
import { batchesOf, linesOf } from "./lines.ts";
import type { BenchOptions } from "./options.ts";
import type { Scratch } from "./scratch.ts";
import { medianRatio, rounded } from "./statistics.ts";
import { type Lap, nsPerItem, resultOf, timed } from "./stopwatch.ts";

const EVENTS = 250_000;
const RUNS = 5;
const WARM_UPS = 2;
const FORMATS = { access: "combined", json: "json", logfmt: "logfmt" } as const;
const EMAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/;

/** Three of Weir's rules as one pattern: addresses, card-like numbers, and values of a few keys. No checksums, no pseudonyms. */
const PLAIN = new RegExp(
  `${EMAIL.source}|\\b(?:\\d[ -]?){13,19}\\b|\\b(?:password|passwd|secret|token|api[_-]?key)["']?[=:]\\s*["']?[^\\s"',;&]+`,
  "gi",
);

interface Laps {
  /** Every line as one text: what a kept line costs. */
  readonly text: Lap[];
  /** The stage over the parsed columns: what an event costs in the pipeline. */
  readonly stage: Lap[];
  readonly plain: Lap[];
}

/** Masking alone, beside one plain pattern. */
export const MASK: BenchCase = {
  name: "mask",
  about: "ns per line of masking, as text and as the stage, beside one plain RegExp",
  async run(options, scratch) {
    let isGood = true;
    for (const input of inputsFor(options)) if (!compare(input, options, scratch)) isGood = false;
    return isGood;
  },
};

function compare(input: Input, options: BenchOptions, scratch: Scratch): boolean {
  const runs = options.runs ?? RUNS;
  const linesPerRun = Math.ceil((options.events ?? EVENTS) / runs);
  const file = inputFile(input, linesPerRun * (runs + WARM_UPS), options, scratch);
  const mask = createMask({ key: new Uint8Array(32).fill(7), tenant: "default" });
  const laps: Laps = { text: [], stage: [], plain: [] };
  const measureStage = createStageLap(FORMATS[input.kind], linesPerRun, mask);
  let leaks = 0;
  for (const records of batchesOf(file, linesPerRun)) {
    const lines = linesOf(records);
    const masked: string[] = new Array(lines.length).fill("");
    laps.text.push(timed(lines.length, () => replaceAll(lines, masked, mask.text)));
    leaks += masked.filter((line) => EMAIL.test(line)).length;
    laps.plain.push(timed(lines.length, () => replaceAll(lines, masked, maskPlainly)));
    laps.stage.push(measureStage(records));
  }
  if (leaks > 0) progress(`  WRONG: ${leaks} masked lines still hold an address`);
  const [text, stage, plain] = [laps.text, laps.stage, laps.plain].map((list) => list.slice(WARM_UPS));
  const result = {
    case: `mask/${input.name}`,
    ok: leaks === 0,
    ...resultOf(text),
    stage_ns_per_event: resultOf(stage).ns_per_event,
    rival: { name: "RegExp", ns_per_event: resultOf(plain).ns_per_event },
    ratio_cpu: rounded(medianRatio(text, plain, nsPerItem)),
  };
  report(tableOf(input, { text, stage, plain }), result);
  return result.ok;
}

function maskPlainly(line: string): string {
  return line.replace(PLAIN, "<masked>");
}

function replaceAll(lines: readonly string[], into: string[], replace: (line: string) => string): void {
  for (let i = 0; i < lines.length; i++) into[i] = replace(lines[i]);
}

function createStageLap(format: string, rowsMax: number, mask: ReturnType<typeof createMask>) {
  const parse = createParse({ format, isDeclared: false, source: "bench", tenant: "default", service: "bench" });
  const stage = createMaskStage(() => mask);
  const batch = new EventBatch(rowsMax);
  return function measureStage(records: EventBatch["records"]): Lap {
    batch.begin(records);
    parse(batch);
    return timed(batch.rows, () => stage(batch));
  };
}

function tableOf(input: Input, { text, stage, plain }: Laps): string {
  const rows = [
    { name: "Weir, line as text", ...resultOf(text) },
    { name: "Weir, stage over columns", ...resultOf(stage) },
    { name: "one plain RegExp", ...resultOf(plain) },
  ];
  return table(rows, [
    { title: input.name, value: ({ name }) => name },
    { title: "ns per line", value: (row) => row.ns_per_event },
    { title: "min", value: ({ min }) => min },
    { title: "max", value: ({ max }) => max },
  ]);
}
