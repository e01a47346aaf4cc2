import type { Command } from "commander";
import { WeirError } from "../model/errors.ts";
import { parseInstantUs } from "../plan/replay-range.ts";
import { systemClock } from "../runtime/clock.ts";
import { progressBar, StatusLine } from "../runtime/status-line.ts";
import { formatRate } from "../runtime/terminal.ts";
import { checkFormatName } from "../services/own-formats.ts";
import { replayRange } from "../services/replay.ts";
import { replayEndText, replayText } from "../services/replay-report.ts";
import { type CommonOptions, command, configOf, type Exit, parseSourceName, untilSignalled, write } from "./command.ts";

interface Options extends CommonOptions {
  readonly from: number;
  readonly to: number;
  readonly source?: string;
  readonly format?: string;
  readonly dryRun?: boolean;
}

/** `weir replay` */
export function addReplay(program: Command, exit: Exit): void {
  command(program, "replay")
    .description("process what is stored of a range of event time once more, with the present configuration")
    .requiredOption(
      "--from <time>",
      "begin, such as 2026-03-02 or 2026-03-02T12:00:00+01:00 (without a zone: UTC)",
      parseTime,
    )
    .requiredOption("--to <time>", "end; it is not part of the range", parseTime)
    .option("--source <name>", "only this source", parseSourceName)
    .option("--format <format>", "format of the lines, as for load (default: as configured)")
    .option("--dry-run", "show the difference, and change nothing")
    .action(async (options: Options) => {
      const { from, to, source, format, dryRun = false, json = false } = options;
      const config = configOf(options);
      if (format !== undefined) checkFormatName(format, config);
      if (to <= from) throw new WeirError("USAGE", "The range is empty: --to must be later than --from.");
      const status = new StatusLine(process.stderr, systemClock);
      const startedMs = systemClock.monotonicMs();
      exit.code = await untilSignalled(async (signal) => {
        const summary = await replayRange({
          config,
          range: { fromUs: from, toUs: to },
          source: source ?? null,
          format: format ?? null,
          isDry: dryRun,
          clock: systemClock,
          signal,
          onProgress({ done, total, records }) {
            if (!status.isDue) return;
            const rate = formatRate(records, systemClock.monotonicMs() - startedMs, "lines");
            status.update(progressBar({ label: "batches", done, total, rate, width: status.width }));
          },
          onCompared(compared) {
            status.clear();
            if (!json) write(replayText(compared));
          },
        }).finally(() => status.clear());
        write(json ? JSON.stringify({ dry_run: dryRun, ...summary }) : replayEndText(summary, dryRun));
      });
    });
}

function parseTime(text: string): number {
  const us = parseInstantUs(text);
  if (us !== null) return us;
  throw new WeirError(
    "USAGE",
    `${JSON.stringify(text)} is no time; write 2026-03-02, 2026-03-02T12:00 or 2026-03-02T12:00:00+01:00.`,
  );
}
