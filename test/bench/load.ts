import { table } from "../../processors/runtime/table.ts";
import { type BenchCase, progress, report } from "./case.ts";
import { countInput, type Expected } from "./expected.ts";
import { type Input, inputFile, inputsFor } from "./inputs.ts";
import { type LoadRun, loadWithEngineAlone, loadWithWeir } from "./loads.ts";
import type { BenchOptions } from "./options.ts";
import type { Scratch } from "./scratch.ts";
import { showStages } from "./stages.ts";
import { median, medianRatio, rounded } from "./statistics.ts";

const RUNS = 5;
const EVENTS = { access: 2_000_000, json: 1_000_000, logfmt: 1_000_000 } as const;

/** From a file to stored, checked rows with `weir load`, beside ClickHouse alone. */
export const LOAD: BenchCase = {
  name: "load",
  about: "file to stored rows with `weir load`, beside ClickHouse alone; --stages: time per stage",
  async run(options, scratch) {
    let isGood = true;
    for (const input of inputsFor(options)) {
      const file = inputFile(input, options.events ?? EVENTS[input.kind], options, scratch);
      if (options.stages) await showStages(`load/${input.name}`, file, scratch);
      else if (!(await compare(input, file, options, scratch))) isGood = false;
    }
    return isGood;
  },
};

/** Weir and its rival in turn, so that both meet the same noise. */
async function compare(input: Input, file: string, options: BenchOptions, scratch: Scratch): Promise<boolean> {
  const expected = countInput(file, input);
  const runs = options.runs ?? RUNS;
  const weir: LoadRun[] = [];
  const rival: LoadRun[] = [];
  for (let i = 1; i <= runs; i++) {
    weir.push(await loadWithWeir(file, input.kind, expected, scratch));
    tell(`${input.name} ${i}/${runs} weir`, weir[i - 1], expected);
    if (options.rival === "none") continue;
    rival.push(await loadWithEngineAlone(file, input.kind, options.rival, expected, scratch));
    tell(`${input.name} ${i}/${runs} ClickHouse alone`, rival[i - 1], expected);
  }
  const ours = summaryOf(weir, expected);
  const theirs = rival.length === 0 ? null : { ...summaryOf(rival, expected), method: methodOf(input, options) };
  report(tableOf(input, weir, rival, expected), {
    case: `load/${input.name}`,
    events: expected.events,
    ...ours,
    runs,
    ...(theirs === null
      ? {}
      : {
          rival: theirs,
          ratio_rate: rounded(1 / medianRatio(weir, rival, (run) => run.seconds)),
          ratio_cpu: rounded(medianRatio(weir, rival, (run) => run.cpuSeconds)),
        }),
  });
  return ours.ok && (theirs?.ok ?? true);
}

function methodOf({ kind }: Input, { rival }: BenchOptions): string {
  return kind === "access" ? rival : kind === "json" ? "JSONEachRow" : "extractKeyValuePairs";
}

function tell(what: string, run: LoadRun, { events }: Expected): void {
  progress(`${what}: ${run.seconds.toFixed(2)} s, ${((run.cpuSeconds * 1e6) / events).toFixed(2)} CPU s per million`);
  for (const problem of run.problems) progress(`  WRONG: ${problem}`);
}

function summaryOf(runs: readonly LoadRun[], { events }: Expected) {
  const rates = runs.map((run) => events / run.seconds);
  return {
    seconds: rounded(median(runs.map((run) => run.seconds))),
    seconds_load: rounded(median(runs.map((run) => run.loadSeconds))),
    events_per_s: Math.round(median(rates)),
    events_per_s_load: Math.round(median(runs.map((run) => events / run.loadSeconds))),
    cpu_s_per_million: rounded((median(runs.map((run) => run.cpuSeconds)) * 1e6) / events),
    peak_rss_mb: Math.round(median(runs.map((run) => run.peakRssMb))),
    ok: runs.every(({ problems }) => problems.length === 0),
    min: Math.round(Math.min(...rates)),
    max: Math.round(Math.max(...rates)),
  };
}

function tableOf(input: Input, weir: readonly LoadRun[], rival: readonly LoadRun[], expected: Expected): string {
  const who = [
    { name: "weir load", ...summaryOf(weir, expected) },
    ...(rival.length === 0 ? [] : [{ name: "ClickHouse alone", ...summaryOf(rival, expected) }]),
  ];
  return table(who, [
    { title: input.name, value: ({ name }) => name },
    { title: "events/s", value: (row) => row.events_per_s },
    { title: "min", value: (row) => row.min },
    { title: "max", value: (row) => row.max },
    { title: "s", value: ({ seconds }) => seconds },
    { title: "s loading", value: (row) => row.seconds_load },
    { title: "CPU s/million", value: (row) => row.cpu_s_per_million },
    { title: "peak MB", value: (row) => row.peak_rss_mb },
    { title: "right", value: ({ ok }) => (ok ? "yes" : "NO") },
  ]);
}
