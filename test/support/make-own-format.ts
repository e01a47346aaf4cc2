import type { OwnFormat } from "../../processors/model/own-format.ts";
import { createOwnFormat } from "../../processors/parse/dissect.ts";
import { makeParser, type Row, rowsOf } from "./make-records.ts";

export function makeOwn(dissect: string | readonly string[], over: Partial<OwnFormat> = {}): OwnFormat {
  return {
    name: "own",
    patterns: typeof dissect === "string" ? [dissect] : dissect,
    timeFormats: [],
    types: {},
    columns: {},
    severities: {},
    appendSeparator: " ",
    joins: false,
    isDetected: false,
    ...over,
  };
}

/** Parses lists of lines by a format of the user's own. */
export function makeOwnParser(dissect: string | readonly string[], over: Partial<OwnFormat> = {}) {
  const formats = [createOwnFormat(makeOwn(dissect, over))];
  return makeParser({ format: "own", isDeclared: true, formats });
}

/** The row of one line, without its format and layout; null: a dead letter. */
export function rowOf(line: string, dissect: string | readonly string[], over: Partial<OwnFormat> = {}): Row | null {
  const [row] = rowsOf(makeOwnParser(dissect, over)([line]));
  if (row === undefined) return null;
  const { format, line_layout, ...rest } = row;
  return rest;
}
