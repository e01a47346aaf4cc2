import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { EventBatch } from "../../processors/model/event-batch.ts";
import { createOwnFormat } from "../../processors/parse/dissect.ts";
import { FORMAT_NAMES } from "../../processors/parse/formats.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { table } from "../../processors/runtime/table.ts";
import { HEADERS, makeRandom } from "../support/make-lines.ts";
import { makeOwn } from "../support/make-own-format.ts";
import { makeRecords } from "../support/make-records.ts";
import { type BenchCase, progress, report } from "./case.ts";
import { FORMAT_LINES, type FormatLines, OWN_FORMATS } from "./format-lines.ts";
import { linesOf } from "./lines.ts";
import type { BenchOptions } from "./options.ts";
import { medianRatio, rounded } from "./statistics.ts";
import { type Lap, nsPerItem, resultOf, timed } from "./stopwatch.ts";

const EVENTS = 250_000;
const RUNS = 5;
const WARM_UPS = 2;
/** What the others are compared with. */
const YARDSTICK = "combined";

/** Every format of the registry, and two of one's own, beside a plain pattern for the same lines. */
export const FORMATS: BenchCase = {
  name: "formats",
  about: "ns per line of the parse stage for every format, beside a plain RegExp",
  async run(options) {
    const names = [YARDSTICK, ...FORMAT_NAMES, ...Object.keys(OWN_FORMATS)];
    const wanted = [...new Set(names)].filter((name) => options.only.length === 0 || options.only.includes(name));
    const measured = wanted.map((name) => compare(name, FORMAT_LINES[name], options));
    const yardstick = measured.find(({ name }) => name === YARDSTICK)?.result.ns_per_event ?? Number.NaN;
    for (const { name, result } of measured) {
      const ofCombined = rounded(yardstick / result.ns_per_event);
      const text = table(
        [result],
        [
          { title: name, value: () => "Weir's parse stage" },
          { title: "ns per line", value: (row) => row.ns_per_event },
          { title: "events/s", value: (row) => row.events_per_s },
          { title: "RegExp ns", value: (row) => row.rival.ns_per_event },
          { title: "speed/combined", value: () => (Number.isNaN(ofCombined) ? null : ofCombined) },
        ],
      );
      report(text, { ...result, ...(Number.isNaN(ofCombined) ? {} : { rate_of_combined: ofCombined }) });
    }
    return measured.every(({ result }) => result.ok);
  },
};

/** What making lines left behind is nobody's cost. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

function compare(name: string, made: FormatLines | undefined, options: BenchOptions) {
  if (made === undefined) throw new Error(`test/bench/format-lines.ts has no lines of the format ${name}.`);
  const runs = options.runs ?? RUNS;
  const linesPerRun = Math.ceil((options.events ?? EVENTS) / runs);
  const random = makeRandom(1);
  const own = OWN_FORMATS[name];
  const formats =
    own === undefined ? [] : [createOwnFormat(makeOwn(own.dissect, { name, timeFormats: own.timeFormats }))];
  const parse = createParse({
    format: name,
    isDeclared: true,
    source: "bench",
    tenant: "default",
    service: "bench",
    formats,
  });
  const batch = new EventBatch(linesPerRun);
  const ours: Lap[] = [];
  const theirs: Lap[] = [];
  let isRight = true;
  progress(`${name}: ${runs} runs of ${linesPerRun} lines`);
  for (let run = 0; run < runs + WARM_UPS; run++) {
    const written = Array.from({ length: linesPerRun }, (_, i) => made.line(random, run * linesPerRun + i));
    const records = makeRecords(written, { header: HEADERS[name] ?? "" });
    const lines = linesOf(records);
    batch.begin(records);
    collectGarbage();
    ours.push(timed(records.count, () => parse(batch)));
    let sum = 0;
    theirs.push(
      timed(records.count, () => {
        for (const line of lines) {
          const match = made.plain.exec(line);
          if (match !== null) sum += made.sumOf(match);
        }
      }),
    );
    let found = 0;
    for (let row = 0; row < batch.rows; row++) found += made.columnOf(batch, row);
    if (batch.rows === linesPerRun && Math.abs(found - sum) < 0.5) continue;
    isRight = false;
    progress(`  WRONG: ${batch.rows} of ${linesPerRun} lines were read, and add up to ${found} instead of ${sum}`);
  }
  const [measured, rival] = [ours, theirs].map((laps) => laps.slice(WARM_UPS));
  const result = {
    case: `formats/${name}`,
    ok: isRight,
    ...resultOf(measured),
    rival: { name: "RegExp", ns_per_event: resultOf(rival).ns_per_event },
    ratio_cpu: rounded(medianRatio(measured, rival, nsPerItem)),
  };
  return { name, result };
}
