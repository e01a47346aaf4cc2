import type { Command } from "commander";
import { systemClock } from "../runtime/clock.ts";
import { StatusLine } from "../runtime/status-line.ts";
import { serve } from "../services/serve.ts";
import { type CommonOptions, command, configOf, type Exit, loggerOf, untilSignalled, write } from "./command.ts";

/** `weir serve` */
export function addServe(program: Command, exit: Exit): void {
  command(program, "serve")
    .description("the embedded engine behind ClickHouse's HTTP protocol, for development")
    .option("--listen <host:port>", "where to listen (default 127.0.0.1:8123, or serve.listen)")
    .action(async (options: CommonOptions & { listen?: string }) => {
      const config = configOf(options);
      const logger = loggerOf(config, options, new StatusLine(process.stderr, systemClock));
      exit.code = await untilSignalled((signal) =>
        serve({
          config,
          listen: options.listen ?? config.serve.listen,
          signal,
          logger,
          onReady: (ready) => write(options.json ? JSON.stringify(ready) : ready.text),
        }),
      );
    });
}
