import { EventBatch } from "../../processors/model/event-batch.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { table } from "../../processors/runtime/table.ts";
import { type BenchCase, progress, report } from "./case.ts";
import type { ShopKind } from "./input.ts";
import { type Input, inputFile, inputsFor } from "./inputs.ts";
import { batchesOf, linesOf } from "./lines.ts";
import type { BenchOptions } from "./options.ts";
import type { Scratch } from "./scratch.ts";
import { medianRatio, rounded } from "./statistics.ts";
import { type Lap, nsPerItem, resultOf, timed } from "./stopwatch.ts";

const EVENTS = 250_000;
const RUNS = 5;
const WARM_UPS = 2;

const FORMATS = { access: "combined", json: "json", logfmt: "logfmt" } as const satisfies Record<ShopKind, string>;

/** What anybody would write first. Each gives a sum over the lines that Weir's columns must give too. */
const PLAIN: Record<ShopKind, { readonly name: string; sum(lines: readonly string[]): number }> = {
  access: {
    name: "RegExp",
    sum: (lines) => lines.reduce((sum, line) => sum + Number(COMBINED.exec(line)?.[9] ?? 0), 0),
  },
  json: {
    name: "JSON.parse",
    sum: (lines) =>
      lines.reduce((sum, line) => sum + (JSON.parse(line) as Record<string, number>)["http.response.status_code"], 0),
  },
  logfmt: {
    name: "RegExp",
    sum: (lines) => lines.reduce((sum, line) => sum + Number(logfmtFields(line)["duration_ms"]) * 1000, 0),
  },
};

const COMBINED =
  /^(\S+) (\S+) (\S+) \[([^\]]*)\] "(\S+) ([^ ?"]*)(\?\S*)? ([^"]*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)/;

function logfmtFields(line: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, name, value] of line.matchAll(/([^\s=]+)=("(?:[^"\\]|\\.)*"|\S*)/g)) fields[name] = value;
  return fields;
}

/** The same sum, from Weir's columns. */
function sumOf(kind: ShopKind, batch: EventBatch): number {
  const column = kind === "logfmt" ? batch.duration_us : batch.http_response_status_code;
  let sum = 0;
  for (let row = 0; row < batch.rows; row++) sum += column[row];
  return sum;
}

/** The parse stage alone, beside the plain way to take the same lines apart. */
export const PARSE: BenchCase = {
  name: "parse",
  about: "ns per line of the parse stage, beside a plain RegExp or JSON.parse",
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
  const format = FORMATS[input.kind];
  const parse = createParse({ format, isDeclared: false, source: "bench", tenant: "default", service: "bench" });
  const plain = PLAIN[input.kind];
  const batch = new EventBatch(linesPerRun);
  const weir: Lap[] = [];
  const rival: Lap[] = [];
  let isRight = true;
  for (const records of batchesOf(file, linesPerRun)) {
    const lines = linesOf(records);
    batch.begin(records);
    weir.push(timed(records.count, () => parse(batch)));
    let sum = 0;
    rival.push(timed(records.count, () => (sum = plain.sum(lines))));
    const found = sumOf(input.kind, batch);
    if (Math.abs(found - sum) < 0.5) continue;
    isRight = false;
    progress(`  WRONG: the columns add up to ${found}, the lines to ${sum}`);
  }
  const ours = weir.slice(WARM_UPS);
  const theirs = rival.slice(WARM_UPS);
  const rivalResult = { name: plain.name, ns_per_event: resultOf(theirs).ns_per_event };
  const result = { case: `parse/${input.name}`, ok: isRight, ...resultOf(ours), rival: rivalResult };
  const rows = [
    { name: "Weir's parse stage", ...result },
    { ...rivalResult, min: null, max: null },
  ];
  const text = table(rows, [
    { title: input.name, value: (row) => row.name },
    { title: "ns per line", value: (row) => row.ns_per_event },
    { title: "min", value: (row) => row.min },
    { title: "max", value: (row) => row.max },
  ]);
  report(text, { ...result, ratio_cpu: rounded(medianRatio(ours, theirs, nsPerItem)) });
  return isRight;
}
