import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { StatusLine } from "../runtime/status-line.ts";
import { close, closeText } from "../services/close.ts";
import { type CommonOptions, command, configOf, type Exit, loggerOf, untilSignalled, write } from "./command.ts";

/** `weir close` */
export function addClose(program: Command, exit: Exit): void {
  command(program, "close")
    .description("close windows of what others have stored and look for anomalies in them, as it comes")
    .option("--once", "what is due now, then end")
    .action(async (options: CommonOptions & { once?: boolean }) => {
      const config = configOf(options);
      const logger = loggerOf(config, options, new StatusLine(process.stderr, systemClock));
      exit.code = await untilSignalled(async (signal) => {
        const summary = await close({ config, once: options.once ?? false, clock: systemClock, signal, logger });
        write(options.json ? JSON.stringify(summary) : closeText(summary));
      });
    });
}
