import { createCharacterFinder, SLOT_MARK } from "./layout.ts";
import type { LineParser } from "./line-parser.ts";
import { type BareValues, createShapes, type ScannedLine } from "./shape.ts";
import { createSlots } from "./slots.ts";

/** Reads all of text[begin, end) into the scanned line; false if it is not of the format. */
export type Scan = (text: string, begin: number, end: number) => boolean;

/**
 * The parser of a format of named values (JSON, logfmt): a line of a known shape is matched, any other one is scanned and
 * its shape learned. `createScan` is given the line that scans fill, empty again each time.
 */
export function createShapedParser(createScan: (line: ScannedLine) => Scan, bareValues: BareValues): LineParser {
  const line: ScannedLine = { names: [], starts: [], ends: [], quoted: [], decoded: [], repeatable: true, exact: true };
  const scan = createScan(line);
  const shapes = createShapes(createSlots(), bareValues);
  const hasMark = createCharacterFinder(SLOT_MARK);
  const hasBackslash = createCharacterFinder("\\");

  return function shapedLine(text, begin, end, batch, row) {
    const marked = hasMark(text, begin, end);
    if (!marked && !hasBackslash(text, begin, end) && shapes.match(text, begin, end, batch, row)) return true;
    line.names.length = line.starts.length = line.ends.length = line.quoted.length = line.decoded.length = 0;
    line.repeatable = true;
    line.exact = true;
    if (!scan(text, begin, end)) return false;
    if (marked) line.exact = false;
    const layout = shapes.learn(text, begin, end, line, batch, row);
    if (layout === null) batch.line_kept.setSpan(row, begin, end);
    else batch.strings.line_layout.set(row, layout);
    return true;
  };
}
