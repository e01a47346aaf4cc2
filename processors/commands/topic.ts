import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { showTopic } from "../services/topic.ts";
import { type CommonOptions, command, configOf, type Exit, parseInteger, untilSignalled } from "./command.ts";

/** `weir topic` */
export function addTopic(program: Command, exit: Exit): void {
  command(program, "topic")
    .description("read an output topic, such as weir.windows")
    .argument("<name>")
    .option("--follow", "go on with what comes, until Ctrl-C")
    .option("--offset <number>", "first offset to read", parseInteger(0, Number.MAX_SAFE_INTEGER), 0)
    .action(async (topic: string, options: CommonOptions & { follow?: boolean; offset: number }) => {
      exit.code = await untilSignalled((signal) =>
        showTopic({
          config: configOf(options),
          topic,
          from: options.offset,
          follow: options.follow ?? false,
          json: options.json ?? false,
          clock: systemClock,
          signal,
          out: process.stdout,
        }),
      );
    });
}
