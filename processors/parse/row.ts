import { type EventBatch, STRING_COLUMNS } from "../model/event-batch.ts";
import type { RecordBatch } from "../model/record.ts";

/** Empties a row again, and takes back the attributes that came after `attributes`: a parser gave up half-way. */
export function clearRow(batch: EventBatch, row: number, attributes: number): void {
  for (const name of STRING_COLUMNS) batch.strings[name].ids[row] = 0;
  batch.timestampUs[row] = Number.NaN;
  batch.time_source[row] = 0;
  batch.severity_number[row] = 0;
  batch.http_response_status_code[row] = 0;
  batch.http_response_body_size[row] = 0;
  batch.duration_us[row] = 0;
  batch.trace_id.clear(row);
  batch.span_id.clear(row);
  batch.line_kept.clear(row);
  batch.attributes.truncate(attributes);
}

/** A batch of one line, for trying it. */
export function oneRecord(line: string): RecordBatch {
  return {
    topic: "",
    partition: 0,
    text: line,
    count: 1,
    begins: Uint32Array.of(0),
    ends: Uint32Array.of(line.length),
    firstOffset: 0n,
    offsetDeltas: Uint32Array.of(0),
    nextOffset: BigInt(line.length),
    appendTimeUs: 0,
    cut: [],
  };
}
