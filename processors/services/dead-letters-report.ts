import { table } from "../runtime/table.ts";
import { formatCount } from "../runtime/terminal.ts";
import type { ReplayedLetters } from "./dead-letters-replay.ts";

/** What became of dead letters, for people; of a dry run, what would. */
export function replayedLettersText(sources: readonly ReplayedLetters[], isDry: boolean): string {
  if (sources.length === 0) return "There are no dead letters to replay.";
  const lines = [
    table(sources, [
      { title: "source", value: (row) => row.source },
      { title: "dead letters", value: (row) => row.letters },
      { title: isDry ? "would be events" : "became events", value: (row) => row.events },
      { title: "dropped", value: (row) => row.dropped },
      { title: "refused still", value: (row) => row.refused },
      { title: "source gone", value: (row) => row.unreadable },
    ]),
    "",
  ];
  const sum = (count: (row: ReplayedLetters) => number): number => sources.reduce((n, row) => n + count(row), 0);
  lines.push(
    `${formatCount(sum((row) => row.fromFile))} were read again from their files, ${formatCount(sum((row) => row.fromPayload))} were made out of what was kept of them.`,
  );
  const anew = sum((row) => row.refusedAnew);
  if (anew > 0) lines.push(`${formatCount(anew)} ${isDry ? "would have" : "have"} another reason now.`);
  const codes: Record<string, number> = {};
  for (const row of sources)
    for (const [code, records] of Object.entries(row.codes)) codes[code] = (codes[code] ?? 0) + records;
  for (const [code, records] of Object.entries(codes)) lines.push(`${formatCount(records)} × ${code}`);
  const gone = sum((row) => row.unreadable);
  if (gone > 0)
    lines.push(
      `${formatCount(gone)} can't be replayed: their source is gone, and what was kept of them is cut or masked; they stay as they are.`,
    );
  if (isDry) lines.push("Nothing was changed.");
  return lines.join("\n");
}
