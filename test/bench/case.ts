import type { BenchOptions } from "./options.ts";
import type { Scratch } from "./scratch.ts";

/** One `npm run bench -- NAME`. */
export interface BenchCase {
  readonly name: string;
  /** One line for the list of cases. */
  readonly about: string;
  /** Writes tables and results to standard output, progress to standard error. False: an answer was wrong. */
  run(options: BenchOptions, scratch: Scratch): Promise<boolean>;
}

/** What every case says in the last line it writes; more keys may follow. README.md explains each. */
export interface BenchResult {
  readonly case: string;
  readonly events: number;
  readonly seconds: number;
  readonly events_per_s: number;
  readonly cpu_s_per_million: number;
  readonly peak_rss_mb: number;
  readonly ok: boolean;
  readonly runs: number;
}

/** A table for people, then the object for programs, in one line. */
export function report(table: string, result: BenchResult & Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${table}\n${JSON.stringify(result)}\n`);
}

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
