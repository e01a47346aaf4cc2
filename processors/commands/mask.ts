import type { Command } from "commander";
import { WeirError } from "../model/errors.ts";
import { triedMaskText, tryMask } from "../services/try-mask.ts";
import { type CommonOptions, command, configOf, parseInteger, write } from "./command.ts";

interface MaskOptions extends CommonOptions {
  readonly try?: string;
  readonly format: string;
  readonly lines: number;
}

/** `weir mask` */
export function addMask(program: Command): void {
  command(program, "mask")
    .description("show what masking would find in a file, storing nothing")
    .option("--try <file>", "plain, gzip or zstd")
    .option("--format <format>", "format of the lines", "auto")
    .option("--lines <number>", "how many lines are read", parseInteger(1, 10_000_000), 100_000)
    .action(async (options: MaskOptions) => {
      if (options.try === undefined)
        throw new WeirError("USAGE", "Name the file whose lines are tried: weir mask --try FILE.");
      const { format, lines } = options;
      const tried = await tryMask({ config: configOf(options), file: options.try, format, linesMax: lines });
      write(options.json ? JSON.stringify(tried) : triedMaskText(tried));
    });
}
