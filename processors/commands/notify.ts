import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { StatusLine } from "../runtime/status-line.ts";
import { testReceiver } from "../services/alert-receivers.ts";
import { notify, notifyText } from "../services/notify.ts";
import { type CommonOptions, command, configOf, type Exit, loggerOf, untilSignalled, write } from "./command.ts";

/** `weir notify` */
export function addNotify(program: Command, exit: Exit): void {
  command(program, "notify")
    .description("make incidents of anomalies and tell the receivers in weir.yaml of them, as they come")
    .option("--once", "what is due now, then end")
    .option("--test <receiver>", "send a marked test message to a receiver, and its end")
    .action(async (options: CommonOptions & { once?: boolean; test?: string }) => {
      const config = configOf(options);
      if (options.test !== undefined) {
        await testReceiver(config, options.test, systemClock);
        write(options.json ? JSON.stringify({ receiver: options.test, sent: 2 }) : `${options.test} took the test.`);
        return;
      }
      const logger = loggerOf(config, options, new StatusLine(process.stderr, systemClock));
      exit.code = await untilSignalled(async (signal) => {
        const once = options.once ?? false;
        const summary = await notify({ config, once, clock: systemClock, signal, logger });
        write(options.json ? JSON.stringify(summary) : notifyText(summary));
      });
    });
}
