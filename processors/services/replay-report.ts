import { table } from "../runtime/table.ts";
import { formatCount } from "../runtime/terminal.ts";
import type { ReplaySummary } from "./replay.ts";

/** What a replay changes, for people. */
export function replayText(summary: ReplaySummary): string {
  const { batches, changedBatches, tables, gone, withoutPartials } = summary;
  if (batches === 0)
    return "Nothing is stored in the range. Records without an event are looked for by their append time.";
  const lines: string[] = [];
  if (tables.length > 0)
    lines.push(
      table(tables, [
        { title: "table", value: (row) => row.table },
        { title: "rows before", value: (row) => row.before },
        { title: "after", value: (row) => row.after },
        { title: "added", value: (row) => row.added },
        { title: "removed", value: (row) => row.removed },
        { title: "changed", value: (row) => row.changed },
        { title: "in columns", value: (row) => columnsText(row.columns) },
      ]),
      "",
    );
  lines.push(
    `${formatCount(batches)} batches are in the range, ${formatCount(changedBatches)} come out otherwise or were corrected.`,
  );
  for (const { topic, partition, batches: count, events } of gone)
    lines.push(
      `${formatCount(count)} batches of ${topic}/${partition} with ${formatCount(events)} events can't be replayed: their source is gone or has changed; they stay as they are.`,
    );
  if (withoutPartials > 0)
    lines.push(
      `Windows of ${formatCount(withoutPartials)} batches are not counted anew: their shares are past the retention of partials.`,
    );
  return lines.join("\n");
}

function columnsText(columns: Readonly<Record<string, number>>): string {
  const entries = Object.entries(columns).sort(([, a], [, b]) => b - a);
  return entries.map(([name, rows]) => `${name} ${formatCount(rows)}`).join(", ");
}

/** What came of it. */
export function replayEndText({ changedBatches, wasInterrupted }: ReplaySummary, isDry: boolean): string {
  if (wasInterrupted) return "It was interrupted before anything was exchanged: nothing was changed.";
  if (changedBatches === 0) return "There is nothing to exchange.";
  return isDry ? "Nothing was changed." : "The batches were exchanged.";
}
