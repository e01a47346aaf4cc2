import { EventBatch, STRING_COLUMNS } from "../../processors/model/event-batch.ts";
import type { RecordBatch } from "../../processors/model/record.ts";
import type { ParseOptions } from "../../processors/parse/parse.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { HEADERS } from "./make-lines.ts";

/** The append time of made records: 2026-11-24T12:00:00Z, in microseconds since the epoch. */
export const APPEND_US = Date.UTC(2026, 10, 24, 12) * 1000;

/** A record batch of these lines (byte text), one record each, as a file with line feeds would give them. */
export function makeRecords(lines: readonly string[], over: Partial<RecordBatch> = {}): RecordBatch {
  const begins = new Uint32Array(lines.length);
  const ends = new Uint32Array(lines.length);
  let at = 0;
  for (const [i, line] of lines.entries()) {
    begins[i] = at;
    ends[i] = at + line.length;
    at += line.length + 1;
  }
  const firstOffset = over.firstOffset ?? 0n;
  return {
    topic: "made",
    partition: 0,
    text: lines.map((line) => `${line}\n`).join(""),
    count: lines.length,
    begins,
    ends,
    firstOffset,
    offsetDeltas: begins,
    nextOffset: firstOffset + BigInt(at),
    appendTimeUs: APPEND_US,
    cut: [],
    ...over,
  };
}

export function makeParseOptions(over: Partial<ParseOptions> = {}): ParseOptions {
  return { format: "text", isDeclared: false, source: "made", tenant: "default", service: "made", ...over };
}

/** A parser with its batch: parses lists of lines one after another, remembering what parsers remember. */
export function makeParser(over: Partial<ParseOptions> = {}): (lines: readonly string[]) => EventBatch {
  const parse = createParse(makeParseOptions(over));
  const batch = new EventBatch(16);
  return (lines) => {
    batch.begin(makeRecords(lines, { header: HEADERS[over.format ?? ""] ?? "" }));
    parse(batch);
    return batch;
  };
}

/** One event as an object: its columns that are not "none" in the spelling of SQL, attributes as [key, value] pairs. */
export type Row = Record<string, unknown>;

const NUMBERS = ["severity_number", "http_response_status_code", "http_response_body_size", "duration_us"] as const;
const TEXTS = ["trace_id", "span_id", "line_kept"] as const;

/** The rows of a batch. Columns that `makeParseOptions` fixes (tenant, service and source) are left out where they are so. */
export function rowsOf(batch: EventBatch): Row[] {
  return Array.from({ length: batch.rows }, (_, row) => {
    const out: Row = { timestamp: isoOf(batch.timestampUs[row]), time_source: batch.time_source[row] };
    for (const name of STRING_COLUMNS) {
      const value = batch.strings[name].get(row);
      if (value !== "" && !(value === "made" || (name === "tenant" && value === "default"))) out[name] = value;
    }
    for (const name of NUMBERS) if (batch[name][row] !== 0) out[name] = batch[name][row];
    for (const name of TEXTS) if (!batch[name].isEmpty(row)) out[name] = batch[name].get(row);
    const entries: [string, string][] = [];
    for (let i = row === 0 ? 0 : batch.attributeEnds[row - 1]; i < batch.attributeEnds[row]; i++)
      entries.push([batch.attributes.key(i), batch.attributes.values.get(i)]);
    if (entries.length > 0) out["attributes"] = entries;
    return out;
  });
}

/** Microseconds since the epoch as ISO text with six digits. */
export function isoOf(us: number): string {
  if (!Number.isSafeInteger(us)) return String(us);
  const second = Math.floor(us / 1e6);
  return `${new Date(second * 1000).toISOString().slice(0, 19)}.${String(us - second * 1e6).padStart(6, "0")}Z`;
}
