import type { Command } from "commander";
import { listDeadLetters } from "../services/dead-letters.ts";
import { storeOptionsOf } from "../services/workplace.ts";
import { type CommonOptions, command, configOf, parseInteger, write } from "./command.ts";

/** `weir dead-letters …` */
export function addDeadLetters(program: Command): void {
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
}
