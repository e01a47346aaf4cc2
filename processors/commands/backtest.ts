import { type Command, Option } from "commander";
import { WeirError } from "../model/errors.ts";
import { backtest } from "../services/backtest.ts";
import { backtestText } from "../services/backtest-report.ts";
import { backtestRule } from "../services/backtest-rule.ts";
import { type CommonOptions, command, configOf, parseInstant, write } from "./command.ts";

/** Wider lines are hard to read, and break where they are quoted. */
const WIDTH_MAX = 100;

interface Options extends CommonOptions {
  readonly output?: string;
  readonly svg?: string;
  readonly score: "budget" | "raw";
  readonly budget: number;
  readonly rule?: string;
  readonly from?: number;
  readonly to?: number;
}

/** `weir backtest` */
export function addBacktest(program: Command): void {
  command(program, "backtest")
    .description("what the shipped detector would have said of a file of series, or of the stored windows of a rule")
    .argument("[file]", "CSV of series,timestamp,value, plain or gzip")
    .option("--rule <name>", "instead of a file: the stored windows of a rule")
    .option(
      "--from <time>",
      "with --rule: the first that may fire, in UTC (default: the first that is stored)",
      parseInstant,
    )
    .option("--to <time>", "with --rule: where they end, in UTC (default: the last that is stored)", parseInstant)
    .option(
      "-o, --output <file>",
      "of a file: write a score for each row, as CSV in the same order, instead of the table",
    )
    .option("--svg <file>", "draw values, bands and what fired")
    .addOption(
      new Option("--score <score>", "of a file: 3 + s, or the bare score").choices(["budget", "raw"]).default("budget"),
    )
    .option("--budget <number>", "false alarms per series and week that are put up with", parseBudget, 1)
    .action(async (file: string | undefined, options: Options) => {
      const { output, svg = null, score, budget, json } = options;
      if ((file === undefined) === (options.rule === undefined))
        throw new WeirError("USAGE", "Name either a file of series or a rule with --rule.");
      const summary =
        file === undefined ? await ofRule(options) : await backtest({ file, out: output ?? null, svg, score, budget });
      if (json) write(JSON.stringify(summary));
      else if (output === undefined)
        write(backtestText(summary, Math.min(process.stdout.columns ?? WIDTH_MAX, WIDTH_MAX)));
    });
}

function ofRule(options: Options) {
  const { rule = "", from = null, to = null, svg = null, budget, output, score } = options;
  if (output !== undefined || score === "raw")
    throw new WeirError("USAGE", "-o and --score are for a file of series, not for --rule.");
  if (from !== null && to !== null && to <= from) throw new WeirError("USAGE", "--to must be later than --from.");
  return backtestRule({ config: configOf(options), rule, from, to, svg, budget });
}

function parseBudget(text: string): number {
  const value = Number(text);
  if (value >= 0.001 && value <= 1000) return value;
  throw new WeirError("USAGE", `${JSON.stringify(text)} is not a number of false alarms a week, from 0.001 to 1000.`);
}
