import { table } from "../../processors/runtime/table.ts";
import { type BenchCase, progress, report } from "./case.ts";
import { countInput } from "./expected.ts";
import { inputFile, inputsFor } from "./inputs.ts";
import { type LoadRun, loadWithWeir } from "./loads.ts";
import { median, rounded } from "./statistics.ts";

const EVENTS_FEW = 1_000_000;
const EVENTS_MANY = 5_000_000;
const RUNS = 1;
const INPUT = "combined-simulated";
/** Peaks vary by a tenth from run to run; what grows with the input would grow fivefold. */
const GROWTH_MAX = 1.2;

interface Peak {
  readonly events: number;
  readonly runs: readonly LoadRun[];
}

/** Whether the memory of `weir load` stays what it is when the file is five times (or more) as long. */
export const MEMORY: BenchCase = {
  name: "memory",
  about: "peak memory of `weir load` at 1 million and at --events (5 million) events",
  async run(options, scratch) {
    const [input] = inputsFor({ ...options, only: options.only.length === 0 ? [INPUT] : options.only });
    const peaks: Peak[] = [];
    for (const events of [Math.min(EVENTS_FEW, (options.events ?? EVENTS_MANY) / 5), options.events ?? EVENTS_MANY]) {
      const file = inputFile(input, Math.floor(events), options, scratch);
      const expected = countInput(file, input);
      const runs: LoadRun[] = [];
      for (let i = 0; i < (options.runs ?? RUNS); i++) {
        runs.push(await loadWithWeir(file, input.kind, expected, scratch));
        for (const problem of runs[i].problems) progress(`  WRONG: ${problem}`);
      }
      peaks.push({ events: expected.events, runs });
    }
    const [few, many] = peaks;
    const growth = peakMb(many) / peakMb(few);
    const isRight = peaks.every(({ runs }) => runs.every(({ problems }) => problems.length === 0));
    const seconds = median(many.runs.map((run) => run.seconds));
    report(tableOf(peaks), {
      case: `memory/${input.name}`,
      events: many.events,
      seconds: rounded(seconds),
      events_per_s: Math.round(many.events / seconds),
      cpu_s_per_million: rounded((median(many.runs.map((run) => run.cpuSeconds)) * 1e6) / many.events),
      peak_rss_mb: Math.round(peakMb(many)),
      ok: isRight && growth <= GROWTH_MAX,
      runs: many.runs.length,
      few: { events: few.events, peak_rss_mb: Math.round(peakMb(few)) },
      growth: rounded(growth),
      flat: growth <= GROWTH_MAX,
    });
    return isRight && growth <= GROWTH_MAX;
  },
};

function peakMb({ runs }: Peak): number {
  return median(runs.map((run) => run.peakRssMb));
}

function tableOf(peaks: readonly Peak[]): string {
  return table(peaks, [
    { title: "events", value: ({ events }) => events },
    { title: "peak MB", value: (peak) => Math.round(peakMb(peak)) },
    { title: "seconds", value: ({ runs }) => median(runs.map((run) => run.seconds)).toFixed(1) },
  ]);
}
