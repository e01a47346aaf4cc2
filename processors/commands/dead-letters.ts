import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { listDeadLetters, parsePosition, showDeadLetter } from "../services/dead-letters.ts";
import { replayDeadLetters } from "../services/dead-letters-replay.ts";
import { replayedLettersText } from "../services/dead-letters-report.ts";
import { checkFormatName } from "../services/own-formats.ts";
import { storeOptionsOf } from "../services/workplace.ts";
import {
  type CommonOptions,
  command,
  configOf,
  type Exit,
  parseInteger,
  parseSourceName,
  untilSignalled,
  write,
} from "./command.ts";

/** `weir dead-letters …` */
export function addDeadLetters(program: Command, exit: Exit): void {
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

  command(deadLetters, "show")
    .description("everything that is known of one dead letter")
    .argument("<position...>", "TOPIC/PARTITION@OFFSET as list writes it, or TOPIC PARTITION OFFSET")
    .action(async (words: string[], options: CommonOptions) => {
      const position = parsePosition(words);
      write(await showDeadLetter({ ...storeOptionsOf(configOf(options)), ...position, json: options.json ?? false }));
    });

  command(deadLetters, "replay")
    .description("process dead letters once more, with the present configuration")
    .option("--code <code>", "only those with this code")
    .option("--source <name>", "only those of this source", parseSourceName)
    .option("--format <format>", "format of the lines, as for load (default: as configured)")
    .option("--dry-run", "tell what would become of them, and change nothing")
    .action(async (options: CommonOptions & { code?: string; source?: string; format?: string; dryRun?: boolean }) => {
      const { code, source, format, dryRun = false, json = false } = options;
      const config = configOf(options);
      if (format !== undefined) checkFormatName(format, config);
      exit.code = await untilSignalled(async (signal) => {
        const sources = await replayDeadLetters({
          config,
          code: code ?? null,
          source: source ?? null,
          format: format ?? null,
          isDry: dryRun,
          clock: systemClock,
          signal,
        });
        write(json ? JSON.stringify({ dry_run: dryRun, sources }) : replayedLettersText(sources, dryRun));
      });
    });
}
