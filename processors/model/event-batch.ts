import { Attributes } from "./attributes.ts";
import { ByteWindow } from "./byte-window.ts";
import type { RecordBatch } from "./record.ts";
import { StringColumn } from "./string-column.ts";
import { TextColumn } from "./text-column.ts";

/** Text columns of the events table that a batch holds as dictionary codes, in the spelling of SQL. */
export const STRING_COLUMNS = [
  "tenant",
  "service_name",
  "host_name",
  "severity_text",
  "body",
  "http_request_method",
  "http_route",
  "url_path",
  "url_query",
  "network_protocol_version",
  "http_request_referrer",
  "client_address",
  "geo_country_iso_code",
  "user_id",
  "user_agent_original",
  "user_agent_name",
  "user_agent_os_name",
  "user_agent_synthetic_type",
  "line_layout",
  "source",
  "format",
] as const;

export type StringColumnName = (typeof STRING_COLUMNS)[number];

/** Columns whose values may all be different. */
const UNIQUE_COLUMNS: ReadonlySet<StringColumnName> = new Set(["body", "url_path", "url_query", "user_id"]);

/** time_source: where the event time came from. */
export const TIME_EVENT = 1;
export const TIME_APPEND = 2;

/** What became of a record. Per batch: records = ok + dropped + dead letters. */
export const OUTCOME_OK = 0;
export const OUTCOME_DROPPED = 1;
export const OUTCOME_DEAD_LETTER = 2;

/** A record that can't be processed. `payload` is masked before it is stored. */
export interface DeadLetter {
  readonly record: number;
  readonly stage: string;
  readonly code: string;
  readonly reason: string;
  payload: string;
  /** The payload is the whole record, and masking changed nothing: the record can be had from it again. */
  readonly isExact: boolean;
}

const ATTRIBUTE_KEYS_MAX = 65_536;
const ATTRIBUTE_KEY_BYTES_MAX = 16 << 20;

/**
 * The events of one record batch, as columns. The pipeline owns one and fills it again and again (`begin`), because
 * making half a million small objects a second is what makes a pipeline slow. Nothing in it outlives the batch but
 * the dictionaries.
 *
 * "None" is the empty text or 0.
 */
export class EventBatch {
  rows = 0;
  records!: RecordBatch;
  rowsMax: number;

  /** The batch's text as bytes, wherever it is being read. */
  readonly window = new ByteWindow();
  readonly strings: Record<StringColumnName, StringColumn>;

  /** Event time, microseconds since the epoch; `time_source` says whether it is the append time. */
  timestampUs: Float64Array<ArrayBuffer>;
  time_source: Uint8Array<ArrayBuffer>;
  /** OpenTelemetry severity 1..24; 0 = none. */
  severity_number: Uint8Array<ArrayBuffer>;
  http_response_status_code: Uint16Array<ArrayBuffer>;
  http_response_body_size: Float64Array<ArrayBuffer>;
  duration_us: Float64Array<ArrayBuffer>;
  /** 64-bit template id as two halves. */
  templateIdLow: Uint32Array<ArrayBuffer>;
  templateIdHigh: Uint32Array<ArrayBuffer>;

  /** Lowercase hex, or "". */
  readonly trace_id: TextColumn;
  readonly span_id: TextColumn;
  /** The original line where the columns don't give it back exactly; "" where `line_layout` does. */
  readonly line_kept: TextColumn;

  /** Attributes of row i: entries attributeEnds[i-1] .. attributeEnds[i]. */
  readonly attributes = new Attributes();
  attributeEnds: Uint32Array<ArrayBuffer>;

  /** Index of the row's record in the batch, and of the event in its record. */
  record: Uint32Array<ArrayBuffer>;
  index: Uint32Array<ArrayBuffer>;

  /** Of each record. */
  outcomes: Uint8Array<ArrayBuffer>;
  /** Reasons of dropped records: code -> count. */
  readonly droppedCodes = new Map<string, number>();
  deadLetters: DeadLetter[] = [];

  constructor(rowsMax: number) {
    this.rowsMax = rowsMax;
    this.strings = Object.fromEntries(
      STRING_COLUMNS.map((name) => [name, new StringColumn(rowsMax, UNIQUE_COLUMNS.has(name), this.window)]),
    ) as EventBatch["strings"];
    this.timestampUs = new Float64Array(rowsMax);
    this.time_source = new Uint8Array(rowsMax);
    this.severity_number = new Uint8Array(rowsMax);
    this.http_response_status_code = new Uint16Array(rowsMax);
    this.http_response_body_size = new Float64Array(rowsMax);
    this.duration_us = new Float64Array(rowsMax);
    this.templateIdLow = new Uint32Array(rowsMax);
    this.templateIdHigh = new Uint32Array(rowsMax);
    this.trace_id = new TextColumn(rowsMax);
    this.span_id = new TextColumn(rowsMax);
    this.line_kept = new TextColumn(rowsMax);
    this.attributeEnds = new Uint32Array(rowsMax);
    this.record = new Uint32Array(rowsMax);
    this.index = new Uint32Array(rowsMax);
    this.outcomes = new Uint8Array(rowsMax);
  }

  /** Starts a new batch, of so many events at most: every row is empty, every id of the batch before is void. */
  begin(records: RecordBatch, rowsMax = records.count): void {
    if (Math.max(rowsMax, records.count) > this.rowsMax) this.#grow(Math.max(rowsMax, records.count));
    this.records = records;
    const used = Math.max(this.rows, records.count, rowsMax);
    this.window.begin(records.text);
    for (const name of STRING_COLUMNS) this.strings[name].begin(records.text, used);
    this.attributes.keys.trim(ATTRIBUTE_KEYS_MAX, ATTRIBUTE_KEY_BYTES_MAX);
    this.attributes.begin(records.text);
    this.timestampUs.fill(Number.NaN, 0, used);
    for (const column of [
      this.time_source,
      this.severity_number,
      this.http_response_status_code,
      this.http_response_body_size,
      this.duration_us,
      this.templateIdLow,
      this.templateIdHigh,
      this.attributeEnds,
      this.index,
      this.outcomes,
    ])
      column.fill(0, 0, used);
    this.trace_id.begin(records.text, used);
    this.span_id.begin(records.text, used);
    this.line_kept.begin(records.text, used);
    this.droppedCodes.clear();
    this.deadLetters = [];
    this.rows = 0;
  }

  /** Room for more rows; what the columns held is void. */
  #grow(rowsMax: number): void {
    const { window, strings, attributes, droppedCodes, trace_id, span_id, line_kept, ...columns } = new EventBatch(
      rowsMax,
    );
    Object.assign(this, columns);
    for (const name of STRING_COLUMNS) this.strings[name].grow(rowsMax);
    for (const column of [this.trace_id, this.span_id, this.line_kept]) column.grow(rowsMax);
  }
}
