import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { StatusLine } from "../runtime/status-line.ts";
import { run } from "../services/run.ts";
import { type CommonOptions, command, configOf, type Exit, loggerOf, parseInteger, untilSignalled } from "./command.ts";

/** `weir run` */
export function addRun(program: Command, exit: Exit): void {
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
}
