import { Command, CommanderError, Option } from "commander";
import { openStore } from "./clickhouse/store.ts";
import { WeirError } from "./model/errors.ts";
import { systemClock } from "./runtime/clock.ts";
import { type Config, readConfig, wantsColor } from "./runtime/config.ts";
import { configJsonSchema, FORMATS, isSourceName } from "./runtime/config-schema.ts";
import { redacted } from "./runtime/config-version.ts";
import { createLifecycle } from "./runtime/lifecycle.ts";
import { createLogger, type Logger } from "./runtime/logger.ts";
import { StatusLine } from "./runtime/status-line.ts";
import { isTerminal, printable } from "./runtime/terminal.ts";
import { listDeadLetters } from "./services/dead-letters.ts";
import { load } from "./services/load.ts";
import { progressText, summaryText } from "./services/load-report.ts";
import { run } from "./services/run.ts";
import { runSql } from "./services/sql.ts";
import { migrateStore, storeOptionsOf } from "./services/workplace.ts";

/** The command line: reads arguments, calls one service, sets the exit code. 0 done, 1 failed, 2 wrong usage. */

interface CommonOptions {
  readonly data?: string;
  readonly config?: string;
  readonly logLevel?: string;
  readonly url?: string;
  readonly json?: boolean;
}

function configOf(options: CommonOptions): Config {
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
function loggerOf({ log }: Config, { json = false }: CommonOptions, status: StatusLine): Logger {
  return createLogger({ level: log.level, output: status.beside, colored: wantsColor(), json });
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function command(program: Command, name: string): Command {
  return program
    .command(name)
    .option("--data <dir>", "folder of the embedded store (default ./.weir)")
    .option("--config <file>", "configuration file (default ./weir.yaml, if there is one)")
    .option("--url <url>", "a ClickHouse server instead of the embedded store")
    .option("--log-level <level>", "trace, debug, info, warn, error or silent")
    .option("--json", "output for programs");
}

/** Runs work that Ctrl-C ends early and in order; resolves with the exit code. */
async function untilSignalled(work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const lifecycle = createLifecycle({
    signals: process,
    onSignal: (isForced) =>
      process.stderr.write(
        isForced ? "\nStopped at once.\n" : "\nFinishing what is under way; once more stops at once.\n",
      ),
  });
  return lifecycle.run(work);
}

function createProgram(exit: { code: number }): Command {
  const program = new Command("weir")
    .description("Log lines in; exact SQL answers, windows and alerts out.")
    .exitOverride()
    .configureHelp({ helpWidth: 100 });

  command(program, "run")
    .description("run everything in one process: follow the files given or, without any, a simulated web shop")
    .argument("[file...]", "files to follow")
    .option("--seed <number>", "seed of the simulated shop", parseInteger(0, 2 ** 31 - 1), 1)
    .option("--rate <number>", "mean events per second of the simulated shop", parseInteger(1, 100_000), 1000)
    .action(async (files: string[], options: CommonOptions & { seed: number; rate: number }) => {
      const config = configOf(options);
      const status = new StatusLine(process.stderr, systemClock);
      exit.code = await untilSignalled((signal) =>
        run({
          config,
          files,
          seed: options.seed,
          ratePerSecond: options.rate,
          clock: systemClock,
          signal,
          logger: loggerOf(config, options, status),
          status: options.json ? null : status,
        }),
      );
    });

  command(program, "load")
    .description("read files to their end and store their events, each line exactly once")
    .argument("<file...>", 'plain, gzip or zstd files; "-" is standard input')
    .option("--source <name>", "name of the source (default: the file's own name)", parseSourceName)
    .addOption(new Option("--format <format>", "format of the lines").choices(FORMATS).default("auto"))
    .option("--again", "load content once more that was loaded before")
    .action(async (files: string[], options: CommonOptions & { source?: string; format: string; again?: boolean }) => {
      const config = configOf(options);
      const status = new StatusLine(process.stderr, systemClock);
      const startedMs = systemClock.monotonicMs();
      exit.code = await untilSignalled(async (signal) => {
        const summary = await load({
          config,
          files,
          source: options.source ?? null,
          format: options.format,
          again: options.again ?? false,
          stdin: process.stdin,
          clock: systemClock,
          signal,
          logger: loggerOf(config, options, status),
          onProgress(progress) {
            if (status.isDue)
              status.update(progressText(progress, systemClock.monotonicMs() - startedMs, status.width));
          },
        }).finally(() => status.clear());
        write(options.json ? JSON.stringify(summary) : summaryText(summary));
      });
    });

  command(program, "sql")
    .description("run one query over the data, also while another process holds the store")
    .argument("<query>")
    .option(
      "--format <format>",
      "a ClickHouse output format (default: a table, PrettyCompact; with --json JSONEachRow)",
    )
    .option("--write", "allow statements that write")
    .action(async (query: string, options: CommonOptions & { format?: string; write?: boolean }) => {
      const pretty = isTerminal(process.stdout) ? "PrettyCompact" : "PrettyCompactNoEscapes";
      const format = options.format ?? (options.json ? "JSONEachRow" : pretty);
      await runSql({
        ...storeOptionsOf(configOf(options)),
        query,
        format,
        write: options.write ?? false,
        out: process.stdout,
      });
    });

  const deadLetters = program.command("dead-letters").description("records that could not be processed");
  command(deadLetters, "list")
    .description("the newest dead letters, with their reasons")
    .option("--limit <number>", "how many", parseInteger(1, 10_000), 50)
    .option("--code <code>", "only those with this code")
    .action(async (options: CommonOptions & { limit: number; code?: string }) => {
      const { limit, code, json } = options;
      write(
        await listDeadLetters({ ...storeOptionsOf(configOf(options)), limit, code: code ?? null, json: json ?? false }),
      );
    });

  command(program, "migrate")
    .description("bring the tables up to date")
    .action(async (options: CommonOptions) => {
      const config = configOf(options);
      const store = await openStore(storeOptionsOf(config));
      try {
        const done = await migrateStore(store, config);
        write(
          options.json
            ? JSON.stringify({ applied: done })
            : done.length === 0
              ? "The tables are up to date."
              : `Applied ${done.join(", ")}.`,
        );
      } finally {
        await store.close();
      }
    });

  command(program, "config")
    .description("check the configuration and show it as it is in force")
    .option("--schema", "print the JSON Schema of weir.yaml")
    .action((options: CommonOptions & { schema?: boolean }) => {
      write(JSON.stringify(options.schema ? configJsonSchema() : redacted(configOf(options)), null, 2));
    });

  return program;
}

function parseInteger(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new WeirError("USAGE", `${JSON.stringify(text)} is not a whole number from ${min} to ${max}.`);
  };
}

function parseSourceName(text: string): string {
  if (isSourceName(text)) return text;
  throw new WeirError(
    "USAGE",
    `${JSON.stringify(text)} is no name of a source; use up to 200 letters, digits, ".", "_" and "-", starting with a letter or digit.`,
  );
}

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

async function main(): Promise<number> {
  const exit = { code: 0 };
  try {
    await createProgram(exit).parseAsync();
    return exit.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (error instanceof WeirError) {
      process.stderr.write(`weir: ${error.message.split("\n").map(printable).join("\n")} [${error.code}]\n`);
      return error.code === "USAGE" ? EXIT_USAGE : EXIT_FAILED;
    }
    process.stderr.write(
      `weir: An unexpected error; please report it with this text. [INTERNAL]\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
    return EXIT_FAILED;
  }
}

// A pipe that is closed early (`weir sql … | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : EXIT_FAILED));
process.exit(await main());
