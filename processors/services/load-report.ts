import { progressBar } from "../runtime/status-line.ts";
import { table } from "../runtime/table.ts";
import { formatBytes, formatCount, formatDuration, formatRate, printable } from "../runtime/terminal.ts";
import type { LoadProgress, LoadSummary } from "./load.ts";

/** One line that says how far a load is. */
export function progressText(progress: LoadProgress, elapsedMs: number, width: number): string {
  const { file, doneBytes, totalBytes, records } = progress;
  const leftMs =
    totalBytes === null || doneBytes === 0 ? undefined : (elapsedMs * (totalBytes - doneBytes)) / doneBytes;
  return progressBar({
    label: file,
    done: doneBytes,
    total: totalBytes,
    rate: formatRate(records, elapsedMs, "lines"),
    ...(leftMs === undefined ? {} : { etaMs: leftMs }),
    width,
  });
}

/** The summary for people: what was loaded from where, and what became of every line. */
export function summaryText(summary: LoadSummary): string {
  const lines: string[] = [];
  for (const file of summary.files) {
    if (file.isCopyOf !== null)
      lines.push(`${printable(file.file)} has the content of ${printable(file.isCopyOf)}, which was loaded before.`);
    else if (file.wasLoaded) lines.push(`${printable(file.file)} was loaded before; --again loads it once more.`);
  }
  const loaded = summary.files.filter((file) => !file.wasLoaded);
  if (loaded.length > 0) {
    lines.push(
      table(loaded, [
        { title: "file", value: (file) => file.file },
        { title: "source", value: (file) => file.source },
        { title: "format", value: (file) => file.format },
        { title: "lines", value: (file) => file.lines },
        { title: "events", value: (file) => file.events },
        { title: "dropped", value: (file) => file.dropped },
        { title: "dead letters", value: (file) => file.deadLetters },
      ]),
      "",
    );
  }
  for (const { file, reason } of summary.skipped) lines.push(`${printable(file)} was left out: ${printable(reason)}`);
  for (const [code, records] of Object.entries(summary.codes)) lines.push(`${formatCount(records)} × ${code}`);
  const rate = formatRate(summary.events, summary.seconds * 1000, "events");
  lines.push(
    `${formatCount(summary.events)} events from ${formatCount(summary.lines)} lines in ${formatDuration(summary.seconds * 1000)} (${rate}).`,
  );
  if (summary.wasInterrupted) lines.push("It was interrupted: the same command goes on where it stopped.");
  if (summary.from !== null) lines.push(`Event times ${summary.from} to ${summary.to}.`);
  if (summary.storedBytesPerEvent !== null)
    lines.push(`The store takes ${formatBytes(summary.storedBytesPerEvent)} per event.`);
  return lines.join("\n");
}
