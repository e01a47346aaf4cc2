import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { detectOnce, detectText } from "../services/detect.ts";
import { type CommonOptions, command, configOf, write } from "./command.ts";

/** `weir detect` */
export function addDetect(program: Command): void {
  command(program, "detect")
    .description("look for anomalies in windows that are closed; run, close and load do so themselves")
    .action(async (options: CommonOptions) => {
      const summary = await detectOnce(configOf(options), systemClock);
      write(options.json ? JSON.stringify(summary) : detectText(summary));
    });
}
