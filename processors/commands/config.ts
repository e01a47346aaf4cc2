import type { Command } from "commander";
import { WeirError } from "../model/errors.ts";
import { configJsonSchema } from "../runtime/config-schema.ts";
import { redacted } from "../runtime/config-version.ts";
import { compilePatterns } from "../services/masks.ts";
import { ownFormatsOf } from "../services/own-formats.ts";
import { triedText, tryFormat } from "../services/try-format.ts";
import { type CommonOptions, command, configOf, parseInteger, write } from "./command.ts";

interface ConfigOptions extends CommonOptions {
  readonly schema?: boolean;
  readonly try?: string;
  readonly lines: number;
}

/** `weir config` */
export function addConfig(program: Command): void {
  command(program, "config")
    .description("check the configuration and show it as it is in force")
    .argument("[file]", "with --try: the file whose lines are tried")
    .option("--schema", "print the JSON Schema of weir.yaml")
    .option("--try <format>", "show how the first lines of a file would be read, storing nothing")
    .option("--lines <number>", "how many lines --try shows", parseInteger(1, 1000), 10)
    .action(async (file: string | undefined, options: ConfigOptions) => {
      const config = configOf(options);
      if (options.try !== undefined && file !== undefined) {
        const tried = await tryFormat({ config, format: options.try, file, linesMax: options.lines });
        write(options.json ? JSON.stringify(tried) : triedText(tried));
        return;
      }
      if (options.try !== undefined || file !== undefined)
        throw new WeirError("USAGE", "Trying a format needs both: weir config --try FORMAT FILE.");
      ownFormatsOf(config);
      compilePatterns(config);
      write(JSON.stringify(options.schema ? configJsonSchema() : redacted(config), null, 2));
    });
}
