import {
  type EventBatch,
  OUTCOME_DEAD_LETTER,
  OUTCOME_DROPPED,
  OUTCOME_OK,
  TIME_APPEND,
} from "../model/event-batch.ts";
import { appendTimeOf, type Pieces, type RecordBatch } from "../model/record.ts";
import { COMBINED } from "./access.ts";
import { APACHE_ERROR } from "./apache-error.ts";
import { type Container, createUnwrap, type Unwrapped } from "./container.ts";
import { Entries } from "./container-entries.ts";
import { type ContainerRow, createContainerRow } from "./container-row.ts";
import { formatByName } from "./formats.ts";
import { JSON_LINES } from "./json.ts";
import { BODY_LAYOUT } from "./layout.ts";
import type { Format, LineParser } from "./line-parser.ts";
import { LOGFMT } from "./logfmt.ts";
import { NGINX_ERROR } from "./nginx-error.ts";
import { clearRow } from "./row.ts";
import { TEXT } from "./text.ts";
import { DAY_US, daysSinceEpoch } from "./timestamp.ts";
import { createZone } from "./zone.ts";

/** What a source is called, and the service of its events whose record names none. */
export interface SourceNames {
  readonly source: string;
  readonly service: string;
}

export interface ParseOptions extends SourceNames {
  /** Format of the partition's lines. */
  readonly format: string;
  /** The source declares its format: a line of another format is a dead letter. Otherwise every line is an event. */
  readonly isDeclared: boolean;
  /** Given to events whose record names none. */
  readonly tenant: string;
  /** Formats of the user's own. */
  readonly formats?: readonly Format[];
  /** Zone of times that are written without one, by its IANA name; absent: UTC. */
  readonly timezone?: string;
}

/** Event times before this are absurd, and so are those more than FUTURE_US after the append time. */
const EARLIEST_US = daysSinceEpoch(1990, 1, 1) * DAY_US;
const FUTURE_US = 5 * 60 * 1_000_000;

/** Bytes of a refused record that its dead letter keeps. */
const PAYLOAD_LENGTH_MAX = 4096;

/** What a line of a partition that is not of its format may be instead, in this order, whatever the partition. */
const CASCADE: readonly Format[] = [JSON_LINES, COMBINED, LOGFMT, TEXT];

/**
 * The stage that turns a record batch into an event batch.
 *
 * - ok: one event (perhaps several of a container's log, or where the batch has pieces) with an event time (the append time where the line has none, or an absurd one).
 * - dropped BLANK_LINE: nothing but white space; DIRECTIVE_LINE: a line that tells of the others; EMPTY_ARRAY: no event.
 * - dead letter DECODE_… where it could not be decoded, DECODE_POISON, and PARSE_NOT_<FORMAT> where the source declares its
 *   format.
 *
 * A batch may be parsed in several calls, each going on where the one before ended.
 */
export function createParse(
  options: ParseOptions,
): (batch: EventBatch, from?: number, to?: number, names?: SourceNames) => void {
  const own = formatByName(options.format, options.formats);
  const zone = createZone(options.timezone ?? "UTC");
  const parsersOf = (formats: readonly Format[]): Parsers => ({
    formats,
    parsers: formats.map((format) => format.create(zone)),
    formatIds: formats.map(() => 0),
  });
  const others = options.isDeclared ? [] : CASCADE.filter((format) => format !== own);
  const outer = parsersOf(own.container === undefined ? [own, ...others] : others);
  const ownOnly: Parsers = { ...outer, parsers: outer.parsers.slice(0, 1) };
  const program = own.container === undefined ? null : createProgramLines(own, parsersOf);
  /** Ids in the batch's dictionaries. */
  const given = { source: 0, tenant: 0, service: 0, bodyLayout: 0 };
  let entries = new Entries(0);
  let nextEntry = 0;

  /** Reads a line into a row; the code with which it is dropped, or false if no parser reads it. */
  function readLine({ parsers, formatIds }: Parsers, batch: EventBatch, row: number, begin: number, end: number) {
    const { text } = batch.records;
    if (isBlank(text, begin, end)) return "BLANK_LINE";
    for (let i = 0; i < parsers.length; i++) {
      const read = parsers[i](text, begin, end, batch, row);
      if (read === false) continue;
      if (read === true) batch.strings.format.ids[row] = formatIds[i];
      return read;
    }
    return false;
  }

  /** Gives a row what its line left open. */
  function finishRow(batch: EventBatch, record: number, row: number, lineBegin: number, lineEnd: number): void {
    const { strings } = batch;
    const us = batch.timestampUs[row];
    const appendTimeUs = appendTimeOf(batch.records, record);
    if (!(us >= EARLIEST_US && us <= appendTimeUs + FUTURE_US)) {
      // A layout that writes the time can't give back a time that was not kept.
      if (!Number.isNaN(us) && strings.line_layout.ids[row] !== given.bodyLayout && batch.line_kept.isEmpty(row)) {
        batch.line_kept.setSpan(row, lineBegin, lineEnd);
        strings.line_layout.ids[row] = 0;
      }
      batch.timestampUs[row] = appendTimeUs;
      batch.time_source[row] = TIME_APPEND;
    }
    strings.source.ids[row] = given.source;
    if (strings.tenant.ids[row] === 0) strings.tenant.ids[row] = given.tenant;
    if (strings.service_name.ids[row] === 0) strings.service_name.ids[row] = given.service;
    batch.attributeEnds[row] = batch.attributes.count;
  }

  function settle(batch: EventBatch, record: number, read: string | boolean): void {
    if (read === true) batch.outcomes[record] = OUTCOME_OK;
    else if (read === false) {
      const { text, begins, ends } = batch.records;
      const why = own.explain === undefined ? "" : ` ${own.explain(text.slice(begins[record], ends[record]))}`;
      deadLetter(batch, record, "parse", own.code, `The line is not of the declared format ${options.format}.${why}`);
    } else {
      batch.outcomes[record] = OUTCOME_DROPPED;
      batch.droppedCodes.set(read, (batch.droppedCodes.get(read) ?? 0) + 1);
    }
  }

  /** The lines that programs wrote into a record, an event each; gives the row after them. */
  function readProgramLines(
    { inner, rows }: ProgramLines,
    batch: EventBatch,
    record: number,
    firstRow: number,
  ): number {
    let row = firstRow;
    let outcome: string | boolean = "BLANK_LINE";
    for (; nextEntry < entries.count && entries.record[nextEntry] === record; nextEntry++) {
      const outerBegin = entries.outerBegin[nextEntry];
      const outerEnd = entries.outerEnd[nextEntry];
      const isWrapped = entries.timeEnd[nextEntry] > entries.timeBegin[nextEntry];
      const attributes = batch.attributes.count;
      batch.record[row] = record;
      if (isWrapped) rows.begin(batch, entries, nextEntry);
      const read = readLine(isWrapped ? inner : outer, batch, row, entries.begin[nextEntry], entries.end[nextEntry]);
      if (read !== true) {
        clearRow(batch, row, attributes);
        if (outcome !== true) outcome = read;
        continue;
      }
      if (isWrapped) rows.end(batch, row, entries, nextEntry, attributes);
      else if (!batch.line_kept.isEmpty(row)) batch.line_kept.setSpan(row, outerBegin, outerEnd);
      finishRow(batch, record, row, outerBegin, outerEnd);
      batch.index[row] = row - firstRow;
      outcome = true;
      row++;
    }
    settle(batch, record, outcome);
    return row;
  }

  /**
   * The events that a record holds; gives the row after them. A record has one outcome: if one of several can't be read,
   * it is read as one line.
   */
  function readPieces(batch: EventBatch, { begins, ends, firsts }: Pieces, record: number, firstRow: number): number {
    const attributes = batch.attributes.count;
    let row = firstRow;
    for (let piece = firsts[record]; piece < firsts[record + 1]; piece++, row++) {
      batch.record[row] = record;
      if (readLine(ownOnly, batch, row, begins[piece], ends[piece]) !== true) {
        for (let before = firstRow; before < row; before++) {
          clearRow(batch, before, attributes);
          batch.index[before] = 0;
        }
        return readRecord(batch, record, firstRow);
      }
      finishRow(batch, record, row, begins[piece], ends[piece]);
      batch.index[row] = row - firstRow;
    }
    settle(batch, record, row > firstRow ? true : "EMPTY_ARRAY");
    return row;
  }

  /** A record that is one line; gives the row after it. */
  function readRecord(batch: EventBatch, record: number, row: number): number {
    const { begins, ends } = batch.records;
    // Parsers ask by it when the record was appended.
    batch.record[row] = record;
    const read = readLine(outer, batch, row, begins[record], ends[record]);
    settle(batch, record, read);
    if (read !== true) return row;
    finishRow(batch, record, row, begins[record], ends[record]);
    return row + 1;
  }

  function skipEntries(record: number): void {
    while (nextEntry < entries.count && entries.record[nextEntry] === record) nextEntry++;
  }

  return function parse(batch, from = 0, to = batch.records.count, names = options) {
    if (program !== null && from === 0) {
      const unwrapped = program.unwrap(batch.records);
      entries = unwrapped.entries;
      nextEntry = 0;
      if (unwrapped.records !== batch.records || entries.count > batch.rowsMax)
        batch.begin(unwrapped.records, entries.count);
    }
    const { begins, ends, cut, poison, pieces } = batch.records;
    const { strings } = batch;
    given.source = strings.source.dictionary.intern(names.source);
    given.tenant = strings.tenant.dictionary.intern(options.tenant);
    given.service = strings.service_name.dictionary.intern(names.service);
    given.bodyLayout = strings.line_layout.dictionary.intern(BODY_LAYOUT);
    for (const { formats, formatIds } of program === null ? [outer] : [outer, program.inner])
      for (const [i, { name }] of formats.entries()) formatIds[i] = strings.format.dictionary.intern(name);
    let nextCut = cut.findIndex((record) => record >= from);
    let row = from === 0 ? 0 : batch.rows;

    for (let record = from; record < to; record++) {
      const begin = begins[record];
      const end = ends[record];
      if (nextCut >= 0 && cut[nextCut] === record) {
        nextCut++;
        skipEntries(record);
        const why =
          end > begin
            ? `The record is longer than ${end - begin} bytes.`
            : "The record came in a compressed batch that is too large to be inflated.";
        deadLetter(batch, record, "decode", "DECODE_RECORD_TOO_LONG", why);
        continue;
      }
      if (poison?.has(record)) {
        skipEntries(record);
        deadLetter(batch, record, "decode", "DECODE_POISON", "The record breaks the program; please report it.");
        continue;
      }
      if (program !== null) {
        row = readProgramLines(program, batch, record, row);
        continue;
      }
      const refusal = pieces?.refused.get(record);
      if (refusal !== undefined) deadLetter(batch, record, "decode", refusal.code, refusal.reason);
      else row = pieces === undefined ? readRecord(batch, record, row) : readPieces(batch, pieces, record, row);
    }
    batch.rows = row;
    if (program !== null && to === batch.records.count) entries = new Entries(0);
  };
}

/** Formats that are tried one after the other. */
interface Parsers {
  readonly formats: readonly Format[];
  readonly parsers: readonly LineParser[];
  /** Of the formats' names, in the batch's dictionary. */
  readonly formatIds: number[];
}

/** How the lines in a container's log are read. */
interface ProgramLines {
  readonly unwrap: (records: RecordBatch) => Unwrapped;
  readonly inner: Parsers;
  readonly rows: ContainerRow;
}

/** What programs in containers write, after the format that most lines of the file are of. */
const PROGRAM_CASCADE: readonly Format[] = [JSON_LINES, COMBINED, NGINX_ERROR, APACHE_ERROR, LOGFMT, TEXT];

function createProgramLines(own: Format, parsersOf: (formats: readonly Format[]) => Parsers): ProgramLines {
  const container = own.joins as Container;
  const first = own.container?.inner;
  const formats =
    first === undefined ? PROGRAM_CASCADE : [first, ...PROGRAM_CASCADE.filter((format) => format !== first)];
  return { unwrap: createUnwrap(container), inner: parsersOf(formats), rows: createContainerRow(container) };
}

function isBlank(text: string, begin: number, end: number): boolean {
  for (let at = begin; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 9 && code !== 13 && code !== 10) return false;
  }
  return true;
}

function deadLetter(batch: EventBatch, record: number, stage: string, code: string, reason: string): void {
  const { text, begins, ends } = batch.records;
  batch.outcomes[record] = OUTCOME_DEAD_LETTER;
  const length = ends[record] - begins[record];
  const payload = text.slice(begins[record], begins[record] + Math.min(length, PAYLOAD_LENGTH_MAX));
  const isWhole = stage !== "decode" || batch.records.pieces?.refused.has(record) === true;
  const isExact = isWhole && length <= PAYLOAD_LENGTH_MAX;
  batch.deadLetters.push({ record, stage, code, reason, payload, isExact });
}
