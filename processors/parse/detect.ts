import { EventBatch } from "../model/event-batch.ts";
import { FORMATS } from "./formats.ts";
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
    if (count > bestLines) {
      best = format.name;
      bestLines = count;
    }
  }
  return tried.length === 0 ? TEXT.name : best;
}
