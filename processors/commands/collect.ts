import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { StatusLine } from "../runtime/status-line.ts";
import { collect } from "../services/collect.ts";
import { type CommonOptions, command, configOf, type Exit, loggerOf, untilSignalled, write } from "./command.ts";

/** `weir collect` */
export function addCollect(program: Command, exit: Exit): void {
  command(program, "collect")
    .description(
      "follow the files of the sources in weir.yaml and send their records to Kafka topics of the same names",
    )
    .action(async (options: CommonOptions) => {
      const config = configOf(options);
      const logger = loggerOf(config, options, new StatusLine(process.stderr, systemClock));
      exit.code = await untilSignalled(async (signal) => {
        const records = await collect({ config, clock: systemClock, signal, logger });
        write(options.json ? JSON.stringify({ records }) : `${records} records were sent.`);
      });
    });
}
