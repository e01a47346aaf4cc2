import type { EventBatch } from "../model/event-batch.ts";
import { rankOf } from "./fields.ts";
import { createJointFields } from "./joint-fields.ts";
import { createCharacterFinder, SLOT_MARK } from "./layout.ts";
import type { LineParser } from "./line-parser.ts";
import { type BareValues, createShapes, type ScannedLine } from "./shape.ts";
import { createSlots, type SlotsOptions } from "./slots.ts";
import type { ValueEnd } from "./value-end.ts";
import { UTC, type Zone } from "./zone.ts";

/** Reads all of text[begin, end) into the scanned line; false if it is not of the format. */
export type Scan = (text: string, begin: number, end: number) => boolean;

function emptyLine(): ScannedLine {
  return {
    names: [],
    starts: [],
    ends: [],
    quoted: [],
    decoded: [],
    valueEnds: [],
    context: "",
    repeatable: true,
    exact: true,
  };
}

/** Takes back the values after the first `count`. */
export function truncate(line: ScannedLine, count: number): void {
  const { names, starts, ends, quoted, decoded, valueEnds } = line;
  for (const list of [names, starts, ends, quoted, decoded, valueEnds]) list.length = count;
}

function clear(line: ScannedLine): void {
  if (line.names.length === 0 && line.repeatable && line.exact) return;
  line.names.length = line.starts.length = line.ends.length = 0;
  line.quoted.length = line.decoded.length = line.valueEnds.length = 0;
  line.repeatable = true;
  line.exact = true;
}

/** Reads one line into the scanned line; false if it is not of the format. Positions are those of the line. */
export type LineScan = (own: string, line: ScannedLine) => boolean;

/** Adds a value, own[start, end); `valueEnd` says what ends it, where a scan alone does not (value-end.ts). */
export function addValue(line: ScannedLine, name: string, start: number, end: number, valueEnd?: ValueEnd): void {
  line.names.push(name);
  line.starts.push(start);
  line.ends.push(end);
  line.quoted.push(true);
  line.decoded.push(undefined);
  line.valueEnds.push(valueEnd);
}

/** The last value's text is not the value. */
export function setDecoded(line: ScannedLine, decoded: string): void {
  line.decoded[line.decoded.length - 1] = decoded;
  line.exact = line.repeatable = false;
}

export interface ScannedOptions extends SlotsOptions {
  /** Sets what follows from the columns of a row and is no part of its layout. */
  readonly finish?: (batch: EventBatch, row: number) => void;
  /** Whether a line may be of the format, by its first characters; by default every one may. */
  readonly mayBegin?: (text: string, begin: number) => boolean;
  /** What the scan of a line depends on besides the line. */
  readonly contextOf?: (text: string, begin: number, end: number) => string;
  /** Whether a line must be scanned, though it may have a known shape. */
  readonly mustScan?: (text: string, begin: number, end: number) => boolean;
}

/**
 * The parser of a format whose values can't be found by their constant text alone (CEF, syslog): a line is scanned, unless
 * the ends of its values are found by a known shape as a scan would find them (value-end.ts). Where values go is known from
 * lines with the same names and the same text between.
 */
export function createScannedParser(scan: LineScan, options: ScannedOptions, zone: Zone = UTC): LineParser {
  const line = emptyLine();
  const shapes = createShapes(createSlots({ ...options, zone }), { terminators: "", isBare: () => true });
  const hasMark = createCharacterFinder(SLOT_MARK);
  const { finish, mayBegin, contextOf, mustScan } = options;

  return function scannedLine(text, begin, end, batch, row) {
    if (mayBegin !== undefined && !mayBegin(text, begin)) return false;
    const marked = hasMark(text, begin, end);
    const context = contextOf === undefined ? "" : contextOf(text, begin, end);
    const isMatched =
      !marked &&
      (mustScan === undefined || !mustScan(text, begin, end)) &&
      shapes.match(text, begin, end, batch, row, context);
    if (!isMatched) {
      clear(line);
      line.context = context;
      // A line of its own: a search in it ends with it.
      const own = text.slice(begin, end);
      if (!scan(own, line)) return false;
      if (marked) line.exact = line.repeatable = false;
      if (!shapes.reuse(text, begin, own, line, batch, row)) {
        const layout = shapes.learn(own, 0, own.length, line, batch, row);
        if (layout === null) batch.line_kept.setSpan(row, begin, end);
        else batch.strings.line_layout.set(row, layout);
      }
    }
    finish?.(batch, row);
    return true;
  };
}

/** Seconds since the epoch with a fraction, as zap and GELF write them. */
const EPOCH_FRACTIONS = ["%s.%1", "%s.%2", "%s.%3", "%s.%4", "%s.%5", "%s.%6"];
/** As PostgreSQL writes them. */
const SPELLED_UTC = ["%Y-%m-%d %H:%M:%S.%3 UTC", "%Y-%m-%d %H:%M:%S UTC"];

/**
 * The parser of a format of named values (JSON, logfmt): a line of a known shape is matched, any other one is scanned and
 * its shape learned. `createScan` is given the line that scans fill, empty again each time.
 */
export function createShapedParser(
  createScan: (line: ScannedLine) => Scan,
  options: BareValues & Pick<ScannedOptions, "mayBegin">,
  zone: Zone = UTC,
): LineParser {
  const { mayBegin } = options;
  const line = emptyLine();
  const scan = createScan(line);
  const shapes = createShapes(createSlots({ rankOf, times: [...EPOCH_FRACTIONS, ...SPELLED_UTC], zone }), options);
  const hasMark = createCharacterFinder(SLOT_MARK);
  const hasBackslash = createCharacterFinder("\\");
  const setJointFields = createJointFields(zone);

  return function shapedLine(text, begin, end, batch, row) {
    if (mayBegin !== undefined && !mayBegin(text, begin)) return false;
    const marked = hasMark(text, begin, end);
    const from = batch.attributes.count;
    if (!marked && !hasBackslash(text, begin, end) && shapes.match(text, begin, end, batch, row, "")) {
      setJointFields(text, begin, batch, row, from);
      return true;
    }
    clear(line);
    if (!scan(text, begin, end)) return false;
    if (marked) line.exact = false;
    const layout = shapes.learn(text, begin, end, line, batch, row);
    if (layout === null) batch.line_kept.setSpan(row, begin, end);
    else batch.strings.line_layout.set(row, layout);
    setJointFields(text, begin, batch, row, from);
    return true;
  };
}
