import {
  type EventBatch,
  OUTCOME_DEAD_LETTER,
  OUTCOME_DROPPED,
  OUTCOME_OK,
  TIME_APPEND,
} from "../model/event-batch.ts";
import { appendTimeOf } from "../model/record.ts";
import { COMBINED } from "./access.ts";
import { formatByName } from "./formats.ts";
import { JSON_LINES } from "./json.ts";
import { BODY_LAYOUT } from "./layout.ts";
import type { Format, LineParser } from "./line-parser.ts";
import { LOGFMT } from "./logfmt.ts";
import { clearRow } from "./row.ts";
import { TEXT } from "./text.ts";
import { DAY_US, daysSinceEpoch } from "./timestamp.ts";
import { createZone } from "./zone.ts";

export interface ParseOptions {
  /** Format of the partition's lines. */
  readonly format: string;
  /** The source declares its format: a line of another format is a dead letter. Otherwise every line is an event. */
  readonly isDeclared: boolean;
  readonly source: string;
  /** Given to events whose record names none. */
  readonly tenant: string;
  readonly service: string;
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
 * - ok: one event with an event time (the append time where the line has none, or an absurd one).
 * - dropped BLANK_LINE: nothing but white space; DIRECTIVE_LINE: a line that tells of the others.
 * - dead letter DECODE_RECORD_TOO_LONG, DECODE_POISON, and PARSE_NOT_<FORMAT> where the source declares its format.
 *
 * A batch may be parsed in several calls, each going on where the one before ended.
 */
export function createParse(options: ParseOptions): (batch: EventBatch, from?: number, to?: number) => void {
  const own = formatByName(options.format, options.formats);
  const tries = options.isDeclared ? [own] : [own, ...CASCADE.filter((format) => format !== own)];
  const zone = createZone(options.timezone ?? "UTC");
  const parsers: LineParser[] = tries.map((format) => format.create(zone));

  return function parse(batch, from = 0, to = batch.records.count) {
    const { text, begins, ends, cut, poison } = batch.records;
    const { strings } = batch;
    const source = strings.source.dictionary.intern(options.source);
    const tenant = strings.tenant.dictionary.intern(options.tenant);
    const service = strings.service_name.dictionary.intern(options.service);
    const formats = tries.map((format) => strings.format.dictionary.intern(format.name));
    const bodyLayout = strings.line_layout.dictionary.intern(BODY_LAYOUT);
    let nextCut = cut.findIndex((record) => record >= from);
    let row = from === 0 ? 0 : batch.rows;

    for (let record = from; record < to; record++) {
      const begin = begins[record];
      const end = ends[record];
      if (nextCut >= 0 && cut[nextCut] === record) {
        nextCut++;
        deadLetter(
          batch,
          record,
          "decode",
          "DECODE_RECORD_TOO_LONG",
          end > begin
            ? `The record is longer than ${end - begin} bytes.`
            : "The record came in a compressed batch that is too large to be inflated.",
        );
        continue;
      }
      if (poison?.has(record)) {
        deadLetter(batch, record, "decode", "DECODE_POISON", "The record breaks the program; please report it.");
        continue;
      }
      if (isBlank(text, begin, end)) {
        drop(batch, record, "BLANK_LINE");
        continue;
      }
      const attributes = batch.attributes.count;
      let chosen = 0;
      let read = parsers[0](text, begin, end, batch, row);
      while (read === false) {
        clearRow(batch, row, attributes);
        if (++chosen === parsers.length) break;
        read = parsers[chosen](text, begin, end, batch, row);
      }
      if (typeof read === "string") {
        drop(batch, record, read);
        continue;
      }
      if (chosen === parsers.length) {
        const why = own.explain === undefined ? "" : ` ${own.explain(text.slice(begin, end))}`;
        deadLetter(batch, record, "parse", own.code, `The line is not of the declared format ${own.name}.${why}`);
        continue;
      }
      batch.outcomes[record] = OUTCOME_OK;
      const us = batch.timestampUs[row];
      const appendTimeUs = appendTimeOf(batch.records, record);
      if (!(us >= EARLIEST_US && us <= appendTimeUs + FUTURE_US)) {
        // A layout that writes the time can't give back a time that was not kept.
        if (!Number.isNaN(us) && strings.line_layout.ids[row] !== bodyLayout && batch.line_kept.isEmpty(row)) {
          batch.line_kept.setSpan(row, begin, end);
          strings.line_layout.ids[row] = 0;
        }
        batch.timestampUs[row] = appendTimeUs;
        batch.time_source[row] = TIME_APPEND;
      }
      strings.source.ids[row] = source;
      strings.format.ids[row] = formats[chosen];
      if (strings.tenant.ids[row] === 0) strings.tenant.ids[row] = tenant;
      if (strings.service_name.ids[row] === 0) strings.service_name.ids[row] = service;
      batch.record[row] = record;
      batch.attributeEnds[row] = batch.attributes.count;
      row++;
    }
    batch.rows = row;
  };
}

function isBlank(text: string, begin: number, end: number): boolean {
  for (let at = begin; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 9 && code !== 13 && code !== 10) return false;
  }
  return true;
}

function drop(batch: EventBatch, record: number, code: string): void {
  batch.outcomes[record] = OUTCOME_DROPPED;
  batch.droppedCodes.set(code, (batch.droppedCodes.get(code) ?? 0) + 1);
}

function deadLetter(batch: EventBatch, record: number, stage: string, code: string, reason: string): void {
  const { text, begins, ends } = batch.records;
  batch.outcomes[record] = OUTCOME_DEAD_LETTER;
  const length = ends[record] - begins[record];
  const payload = text.slice(begins[record], begins[record] + Math.min(length, PAYLOAD_LENGTH_MAX));
  const isExact = stage !== "decode" && length <= PAYLOAD_LENGTH_MAX;
  batch.deadLetters.push({ record, stage, code, reason, payload, isExact });
}
