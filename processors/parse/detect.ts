import { EventBatch } from "../model/event-batch.ts";
import type { RecordBatch } from "../model/record.ts";
import { type Container, createUnwrap } from "./container.ts";
import { FORMATS, formatByName } from "./formats.ts";
import type { Format } from "./line-parser.ts";
import { clearRow, oneRecord } from "./row.ts";
import { TEXT } from "./text.ts";

const LINES_MAX = 200;
/** A format is chosen if it reads at least this share of the sample's lines. */
const SHARE_MIN = 0.5;

/**
 * The format that reads most of a sample's lines; free text if none reads half of them. A pure function of the sample:
 * the caller stores the answer with the file, so that the same file is always read the same way. Formats of the user's own
 * come first.
 */
export function detect(sample: string, own: readonly Format[] = []): string {
  const lines = sample.split("\n");
  // The last line of a sample is usually cut in the middle.
  if (lines.length > 1) lines.pop();
  const tried = lines
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => line.trim() !== "")
    .slice(0, LINES_MAX);
  const batch = new EventBatch(1);
  let best = TEXT.name;
  let bestLines = Math.ceil(tried.length * SHARE_MIN) - 1;
  for (const format of [...own, ...FORMATS]) {
    if (format === TEXT) continue;
    const parser = format.create();
    const { headerPrefix } = format;
    let header = "";
    let count = 0;
    for (const line of tried) {
      batch.begin({ ...oneRecord(line), header });
      if (parser(line, 0, line.length, batch, 0) !== false) count++;
      clearRow(batch, 0, 0);
      if (headerPrefix !== undefined && line.startsWith(headerPrefix)) header = line;
    }
    // Without its header a format only drops lines: of a W3C log those with "#", which others write as well.
    if (headerPrefix !== undefined && header === "") count = 0;
    if (count > bestLines) {
      best = format.name;
      bestLines = count;
    }
  }
  if (tried.length === 0) return TEXT.name;
  const { container, joins } = formatByName(best, own);
  if (container === undefined) return best;
  const inner = detect(programLines(tried, joins as Container), own);
  return inner === TEXT.name ? best : `${best}:${inner}`;
}

/** What programs wrote into lines of a container's log. */
function programLines(lines: readonly string[], container: Container): string {
  const { records, entries } = createUnwrap(container)(recordsOf(lines));
  let written = "";
  for (let i = 0; i < entries.count; i++) written += `${records.text.slice(entries.begin[i], entries.end[i])}\n`;
  return written;
}

function recordsOf(lines: readonly string[]): RecordBatch {
  const ends = Uint32Array.from(lines, ({ length }) => length);
  for (let i = 1; i < ends.length; i++) ends[i] += ends[i - 1];
  const begins = ends.map((end, i) => end - lines[i].length);
  return { ...oneRecord(lines.join("")), count: lines.length, begins, ends };
}
