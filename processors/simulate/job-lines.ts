import { fractionText } from "./digits.ts";
import type { Effect } from "./effects.ts";
import { JOBS, JOBS_WEIGHT, type JobRun, lastRunOf } from "./jobs.ts";
import type { OffsetAt } from "./local-time.ts";
import { novelMessage } from "./novelty.ts";
import { createChoice, logNormal, poisson, type Random } from "./random.ts";
import type { SecondText } from "./second-text.ts";

export type WriteJobLines = (
  lines: string[],
  random: Random,
  epochSecond: number,
  timeOf: () => SecondText,
  /** Lines per second, averaged over days. */
  mean: number,
  effect: Effect,
) => void;

type Message = (run: JobRun, random: Random, ms: number) => string;

const STEPS: readonly (readonly [weight: number, medianMs: number, message: Message])[] = [
  [50, 40, ({ job, id }, r, ms) => `run ${id}: ${50 + r.below(450)} ${job.things} written in ${ms} ms`],
  [30, 15, ({ job, id }, r, ms) => `run ${id}: page ${1 + r.below(400)} of ${job.things} read in ${ms} ms`],
  [12, 90, ({ id }, r, ms) => `run ${id}: checkpoint at ${r.below(1_000_000)} kept after ${ms} ms`],
  [6, 25, ({ job, id }, r, ms) => `run ${id}: ${1 + r.below(9)} ${job.things} unchanged, skipped after ${ms} ms`],
];
const FAILURES: readonly Message[] = [
  ({ id }, r, ms) => `run ${id}: chunk ${r.below(5000)} failed after ${ms} ms: connection refused`,
  ({ job, id }, r) => `run ${id}: ${1 + r.below(90)} ${job.things} rejected: duplicate key`,
];
const FAILURE_SHARE = 0.002;
const chooseStep = createChoice(STEPS.map(([weight]) => weight));

/** Lines of background jobs, as Java programs write them: nothing between runs, many while one is under way. */
export function createJobLines(seed: number, offsetAt: OffsetAt): WriteJobLines {
  return function writeJobLines(lines, random, epochSecond, timeOf, mean, effect) {
    const write = (within: number, level: string, { job }: JobRun, place: number, message: string) =>
      lines.push(
        `${timeOf().iso}${fractionText(0, 1, within)} ${level} [worker-${place + 1}] ${job.name} - ${message}`,
      );
    const novel = effect.novelty > 0 ? novelMessage(seed, effect.incidentStart) : "";
    for (const place of JOBS.keys()) {
      const run = lastRunOf(seed, place, epochSecond, offsetAt);
      if (epochSecond > run.end) continue;
      if (epochSecond === run.start) write(0, "INFO ", run, place, `run ${run.id} started`);
      if (epochSecond === run.end) {
        write(0, "INFO ", run, place, `run ${run.id} finished in ${run.end - run.start} s`);
        continue;
      }
      const count = poisson(random, (mean * run.job.weight) / JOBS_WEIGHT);
      for (let i = 0; i < count; i++) {
        const within = (i + random.float()) / count;
        const isFailure = random.chance(FAILURE_SHARE + effect.errors);
        const [, medianMs, message] = STEPS[chooseStep(random)];
        const ms = Math.ceil(logNormal(random, medianMs * effect.slowness, 0.5));
        if (isFailure) write(within, "ERROR", run, place, random.pick(FAILURES)(run, random, ms));
        else if (novel !== "" && random.chance(effect.novelty)) write(within, "WARN ", run, place, novel);
        else write(within, "INFO ", run, place, message(run, random, ms));
      }
    }
  };
}
