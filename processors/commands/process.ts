import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { StatusLine } from "../runtime/status-line.ts";
import { processTopics } from "../services/process-topics.ts";
import { type CommonOptions, command, configOf, type Exit, loggerOf, untilSignalled, write } from "./command.ts";

const EXIT_FAILED = 1;

/** `weir process` */
export function addProcess(program: Command, exit: Exit): void {
  command(program, "process")
    .description("read the Kafka topics of the sources in weir.yaml and store their events, each record exactly once")
    .action(async (options: CommonOptions) => {
      const config = configOf(options);
      const logger = loggerOf(config, options, new StatusLine(process.stderr, systemClock));
      let isStopped = false;
      const code = await untilSignalled(async (signal) => {
        const summary = await processTopics({ config, clock: systemClock, signal, logger });
        const { records, events, deadLetters } = summary;
        const stopped = summary.stopped.map(({ topic, partition, error: { code } }) => ({ topic, partition, code }));
        isStopped = stopped.length > 0;
        if (options.json) write(JSON.stringify({ records, events, deadLetters, stopped }));
        else {
          const rest = stopped.map(({ topic, partition, code }) => `\n${topic}/${partition} was stopped [${code}].`);
          write(`${records} records became ${events} events and ${deadLetters} dead letters.${rest.join("")}`);
        }
      });
      exit.code = code === 0 && isStopped ? EXIT_FAILED : code;
    });
}
