import type { Command } from "commander";
import { configJsonSchema } from "../runtime/config-schema.ts";
import { redacted } from "../runtime/config-version.ts";
import { type CommonOptions, command, configOf, write } from "./command.ts";

/** `weir config` */
export function addConfig(program: Command): void {
  command(program, "config")
    .description("check the configuration and show it as it is in force")
    .option("--schema", "print the JSON Schema of weir.yaml")
    .action((options: CommonOptions & { schema?: boolean }) => {
      write(JSON.stringify(options.schema ? configJsonSchema() : redacted(configOf(options)), null, 2));
    });
}
