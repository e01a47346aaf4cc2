import type { Command } from "commander";
import { WeirError } from "../model/errors.ts";
import { type Config, readConfig, wantsColor } from "../runtime/config.ts";
import { isSourceName } from "../runtime/config-sources.ts";
import { createLifecycle } from "../runtime/lifecycle.ts";
import { createLogger, type Logger } from "../runtime/logger.ts";
import type { StatusLine } from "../runtime/status-line.ts";

/** Where an action leaves the exit code of the process. */
export interface Exit {
  code: number;
}

/** What every command takes. */
export interface CommonOptions {
  readonly data?: string;
  readonly config?: string;
  readonly logLevel?: string;
  readonly url?: string;
  readonly json?: boolean;
}

/** The configuration in force: file, environment, options. */
export function configOf(options: CommonOptions): Config {
  const { data, logLevel, url } = options;
  return readConfig({
    path: options.config,
    flags: {
      ...(data === undefined ? {} : { data }),
      ...(logLevel === undefined ? {} : { logLevel }),
      ...(url === undefined ? {} : { url }),
    },
  });
}

/** Weir's own log, on standard error; a status line there gives way to it. */
export function loggerOf({ log }: Config, { json = false }: CommonOptions, status: StatusLine): Logger {
  return createLogger({ level: log.level, output: status.beside, colored: wantsColor(), json });
}

/** A line, or several, of output. */
export function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A command with the options that all have. */
export function command(program: Command, name: string): Command {
  return program
    .command(name)
    .option("--data <dir>", "folder of the embedded store (default ./.weir)")
    .option("--config <file>", "configuration file (default ./weir.yaml, if there is one)")
    .option("--url <url>", "a ClickHouse server instead of the embedded store")
    .option("--log-level <level>", "trace, debug, info, warn, error or silent")
    .option("--json", "output for programs");
}

/** Runs work that Ctrl-C ends early and in order; resolves with the exit code. */
export async function untilSignalled(work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const lifecycle = createLifecycle({
    signals: process,
    onSignal: (isForced) =>
      process.stderr.write(
        isForced ? "\nStopped at once.\n" : "\nFinishing what is under way; once more stops at once.\n",
      ),
  });
  return lifecycle.run(work);
}

/** For an option that is a whole number. Throws USAGE. */
export function parseInteger(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new WeirError("USAGE", `${JSON.stringify(text)} is not a whole number from ${min} to ${max}.`);
  };
}

/** For an option that is an ISO date or instant, in UTC: epoch seconds. Throws USAGE. */
export function parseInstant(text: string): number {
  const milliseconds = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(milliseconds)) return milliseconds / 1000;
  const message = `${JSON.stringify(text)} is no day; write 2026-01-01 or 2026-01-01T06:00:00Z.`;
  throw new WeirError("USAGE", message);
}

/** For an option that names a source. Throws USAGE. */
export function parseSourceName(text: string): string {
  if (isSourceName(text)) return text;
  throw new WeirError(
    "USAGE",
    `${JSON.stringify(text)} is no name of a source; use up to 200 letters, digits, ".", "_" and "-", starting with a letter or digit.`,
  );
}
