import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { StatusLine } from "../runtime/status-line.ts";
import { run } from "../services/run.ts";
import {
  type CommonOptions,
  command,
  configOf,
  type Exit,
  loggerOf,
  parseInstant,
  parseInteger,
  untilSignalled,
} from "./command.ts";

interface Options extends CommonOptions {
  readonly seed: number;
  readonly rate: number;
  readonly timezone: string;
  readonly incidents: number;
  readonly speed: number;
  readonly from?: number;
}

/** `weir run` */
export function addRun(program: Command, exit: Exit): void {
  command(program, "run")
    .description("run everything in one process: follow the files given or, without any, a simulated web shop")
    .argument("[file...]", "files, folders and patterns to follow")
    .option("--seed <number>", "seed of the simulated shop", parseInteger(0, 2 ** 31 - 1), 1)
    .option("--rate <number>", "mean events per second of the simulated shop", parseInteger(1, 100_000), 1000)
    .option("--timezone <zone>", "IANA zone whose hours the simulated shop's customers keep", "UTC")
    .option("--incidents <number>", "of the simulated shop, about how many a day", parseInteger(0, 288), 48)
    .option("--speed <number>", "seconds of the simulated shop per second", parseInteger(1, 100_000), 1)
    .option("--from <date>", "when the simulated shop begins, in UTC (default now)", parseInstant)
    .action(async (files: string[], options: Options) => {
      const config = configOf(options);
      const status = new StatusLine(process.stderr, systemClock);
      exit.code = await untilSignalled((signal) =>
        run({
          config,
          files,
          seed: options.seed,
          ratePerSecond: options.rate,
          timezone: options.timezone,
          incidentsPerDay: options.incidents,
          speed: options.speed,
          fromSecond: options.from ?? null,
          clock: systemClock,
          signal,
          logger: loggerOf(config, options, status),
          status: options.json ? null : status,
        }),
      );
    });
}
