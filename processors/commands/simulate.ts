import type { Command } from "commander";
import { table } from "../runtime/table.ts";
import { simulate } from "../services/simulate.ts";
import {
  type CommonOptions,
  command,
  type Exit,
  parseInstant,
  parseInteger,
  untilSignalled,
  write,
} from "./command.ts";

interface Options extends CommonOptions {
  readonly output: string;
  readonly days: number;
  readonly from: number;
  readonly seed: number;
  readonly rate: number;
  readonly timezone: string;
  readonly incidents: number;
  readonly zstd?: boolean;
}

const DAY_SECONDS = 86_400;

/** `weir simulate` */
export function addSimulate(program: Command, exit: Exit): void {
  command(program, "simulate")
    .description("write the simulated web shop's lines to files, with what truly happened, storing nothing")
    .requiredOption("-o, --output <dir>", "folder of the files: <service>.log, truth.csv, deploys.csv")
    .option("--days <number>", "how many days", parseInteger(1, 3660), 1)
    .option("--from <date>", "the first day, or an instant, in UTC", parseInstant, parseInstant("2026-01-01"))
    .option("--seed <number>", "the same seed gives the same lines", parseInteger(0, 2 ** 31 - 1), 1)
    .option("--rate <number>", "mean lines per second of all services", parseInteger(1, 100_000), 20)
    .option("--timezone <zone>", "IANA zone whose hours the customers keep", "UTC")
    .option("--incidents <number>", "about how many a day", parseInteger(0, 288), 1)
    .option("--zstd", "compress the files: <service>.log.zst")
    .action(async (options: Options) => {
      const fromSecond = options.from;
      exit.code = await untilSignalled(async (signal) => {
        const result = await simulate({
          directory: options.output,
          seed: options.seed,
          ratePerSecond: options.rate,
          timezone: options.timezone,
          incidentsPerDay: options.incidents,
          fromSecond,
          toSecond: fromSecond + options.days * DAY_SECONDS,
          isCompressed: options.zstd ?? false,
          signal,
        });
        if (options.json) return write(JSON.stringify(result));
        const text = table(result.files, [
          { title: "file", value: ({ file }) => file },
          { title: "lines", value: ({ lines }) => lines },
          { title: "bytes", value: ({ bytes }) => bytes },
        ]);
        write(`${text}\n\nIncidents in truth.csv: ${result.incidents}. Deploys in deploys.csv: ${result.deploys}.`);
      });
    });
}
