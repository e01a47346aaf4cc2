import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { StatusLine } from "../runtime/status-line.ts";
import { load } from "../services/load.ts";
import { progressText, summaryText } from "../services/load-report.ts";
import { checkFormatName } from "../services/own-formats.ts";
import {
  type CommonOptions,
  command,
  configOf,
  type Exit,
  loggerOf,
  parseSourceName,
  untilSignalled,
  write,
} from "./command.ts";

/** `weir load` */
export function addLoad(program: Command, exit: Exit): void {
  command(program, "load")
    .description("read files to their end and store their events, each line exactly once")
    .argument("<file...>", 'plain, gzip or zstd files, folders and patterns; "-" is standard input')
    .option("--source <name>", "name of the source (default: the file's own name)", parseSourceName)
    .option("--format <format>", "format of the lines: auto, a built-in one, or one of your own", "auto")
    .option("--again", "load content once more that was loaded before")
    .option("--no-close", "leave closing windows to the next load, run or close")
    .action(
      async (
        files: string[],
        options: CommonOptions & { source?: string; format: string; again?: boolean; close: boolean },
      ) => {
        const config = configOf(options);
        checkFormatName(options.format, config);
        const status = new StatusLine(process.stderr, systemClock);
        const startedMs = systemClock.monotonicMs();
        exit.code = await untilSignalled(async (signal) => {
          const summary = await load({
            config,
            files,
            source: options.source ?? null,
            format: options.format,
            again: options.again ?? false,
            closes: options.close,
            stdin: process.stdin,
            clock: systemClock,
            signal,
            logger: loggerOf(config, options, status),
            onProgress(progress) {
              if (status.isDue)
                status.update(progressText(progress, systemClock.monotonicMs() - startedMs, status.width));
            },
          }).finally(() => status.clear());
          write(options.json ? JSON.stringify(summary) : summaryText(summary));
        });
      },
    );
}
