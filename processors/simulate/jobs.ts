import { type OffsetAt, secondOfWeek } from "./local-time.ts";
import { hash, STREAM } from "./random.ts";

/** One run of a job. */
export interface JobRun {
  readonly job: Job;
  readonly id: number;
  /** Epoch seconds. */
  readonly start: number;
  readonly end: number;
}

export interface Job {
  /** Logger and name. */
  readonly name: string;
  /** What it works on. */
  readonly things: string;
  readonly periodSeconds: number;
  /** When in its period it starts; periods of a day begin at midnight local time, shorter ones with the hour. */
  readonly startsAt: number;
  readonly seconds: readonly [least: number, most: number];
  /** Lines per second while it runs, in proportion to the others. */
  readonly weight: number;
}

const DAY_SECONDS = 86_400;

export const JOBS: readonly Job[] = [
  { name: "jobs.StockSync", things: "products", periodSeconds: 300, startsAt: 15, seconds: [60, 120], weight: 1 },
  { name: "jobs.PriceImport", things: "prices", periodSeconds: 3600, startsAt: 425, seconds: [240, 480], weight: 4 },
  {
    name: "jobs.SearchIndex",
    things: "documents",
    periodSeconds: 3600,
    startsAt: 2222,
    seconds: [120, 300],
    weight: 2,
  },
  { name: "jobs.Report", things: "rows", periodSeconds: DAY_SECONDS, startsAt: 9000, seconds: [1200, 2400], weight: 4 },
];

/** Lines per second of all jobs, in units of weight, averaged over days. */
export const JOBS_WEIGHT = JOBS.reduce(
  (sum, { seconds, periodSeconds, weight }) => sum + (weight * (seconds[0] + seconds[1])) / 2 / periodSeconds,
  0,
);

/** The run of a job that began last, perhaps over already, at a second. */
export function lastRunOf(seed: number, place: number, epochSecond: number, offsetAt: OffsetAt): JobRun {
  const job = JOBS[place];
  const { periodSeconds, startsAt, seconds } = job;
  const local = periodSeconds === DAY_SECONDS ? secondOfWeek(epochSecond, offsetAt(epochSecond)) % DAY_SECONDS : null;
  const passed = (local ?? mod(epochSecond, periodSeconds)) - startsAt;
  const start = epochSecond - mod(passed, periodSeconds);
  const id = Math.floor(start / periodSeconds);
  const length = seconds[0] + (hash(seed, STREAM.job, place, id) % (seconds[1] - seconds[0]));
  return { job, id, start, end: start + length };
}

function mod(value: number, by: number): number {
  return ((value % by) + by) % by;
}
