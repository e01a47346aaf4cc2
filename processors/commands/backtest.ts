import { type Command, Option } from "commander";
import { WeirError } from "../model/errors.ts";
import { type BacktestOptions, backtest } from "../services/backtest.ts";
import { backtestText } from "../services/backtest-report.ts";
import { type CommonOptions, command, write } from "./command.ts";

/** Of lines that go to no terminal. */
const WIDTH = 160;

interface Options extends CommonOptions {
  readonly output?: string;
  readonly plot?: string;
  readonly score: BacktestOptions["score"];
  readonly budget: number;
}

/** `weir backtest` */
export function addBacktest(program: Command): void {
  command(program, "backtest")
    .description("score a file of series,timestamp,value rows with the shipped detector: what would have fired")
    .argument("<file>", "CSV, plain or gzip")
    .option("-o, --output <file>", "write a score for each row, as CSV in the same order, instead of the table")
    .option("--plot <file>", "draw values, bands and what fired, as SVG")
    .addOption(new Option("--score <score>", "3 + s, or the bare score").choices(["budget", "raw"]).default("budget"))
    .option("--budget <number>", "false alarms per series and week that are put up with", parseBudget, 1)
    .action(async (file: string, { output, plot, score, budget, json }: Options) => {
      const summary = await backtest({ file, out: output ?? null, plot: plot ?? null, score, budget });
      if (json) write(JSON.stringify(summary));
      else if (output === undefined) write(backtestText(summary, process.stdout.columns ?? WIDTH));
    });
}

function parseBudget(text: string): number {
  const value = Number(text);
  if (value >= 0.001 && value <= 1000) return value;
  throw new WeirError("USAGE", `${JSON.stringify(text)} is not a number of false alarms a week, from 0.001 to 1000.`);
}
