/*
 * Words used everywhere:
 *
 * - record:      one message or entry of a source, with a position (topic, partition, offset)
 * - event:       one parsed log entry; a record may hold several, told apart by `index`
 * - batch:       a run of records of one partition that is handled as a unit, as columns
 * - offset:      a record's position; for a file, the byte where its entry starts
 * - append time: when the source took the record; for a file, its mtime when it was first seen
 * - byte text:   a string with one character (U+0000..U+00FF) per byte. All text of a batch is held this way, so that
 *                invalid UTF-8 survives, positions are byte positions, and storing needs no decoding. Text from other
 *                places (configuration, JSON escapes) is brought into this form with `toByteText`.
 */

/** A run of records of one partition: one text, and where each record begins and ends in it. */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  /** The bytes that hold all records, as byte text. */
  readonly text: string;
  /** May be 0: offsets that hold nothing for us (markers of transactions) are covered like all others. */
  readonly count: number;
  /** Record i is text[begins[i], ends[i]). Only the first `count` elements count. */
  readonly begins: Uint32Array;
  readonly ends: Uint32Array;
  /** Offset of record i = firstOffset + offsetDeltas[i]. */
  readonly firstOffset: bigint;
  readonly offsetDeltas: Uint32Array;
  /** The position to read on from: one past the last record's last offset. The batch covers [firstOffset, nextOffset). */
  readonly nextOffset: bigint;
  /** Append time of the records, microseconds since the Unix epoch; where they differ, the last moment of their day. */
  readonly appendTimeUs: number;
  /** Append time of each record where they differ; all are of one day (UTC). */
  readonly appendTimesUs?: Float64Array;
  /** Of a format whose lines are read by a header line before them: the last one before the batch; absent: there is none. */
  readonly header?: string;
  /** Where records say themselves by which header line they are read: from which record on which one counts. */
  readonly headers?: ReadonlyMap<number, string>;
  /** Records too long to hold: their `ends` are cut at the limit. Indices into the batch, ascending. */
  readonly cut: readonly number[];
  /** Records that broke a stage: they are not looked at again. */
  readonly poison?: ReadonlySet<number>;
  /** Where the events are, if records are not a line each. */
  readonly pieces?: Pieces;
}

/** The events of a batch's records. Piece i is text[begins[i], ends[i]). */
export interface Pieces {
  readonly count: number;
  readonly begins: Uint32Array;
  readonly ends: Uint32Array;
  /** Record r has the pieces firsts[r] .. firsts[r + 1]. */
  readonly firsts: Uint32Array;
  /** Records that can't be decoded, with what their dead letters say. */
  readonly refused: ReadonlyMap<number, Refusal>;
}

export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** A record header of Kafka that holds the header line by which the record is read. */
export const HEADER_LINE = "weir.header";

/** A longer line is no header. */
export const HEADER_LENGTH_MAX = 16_384;

/** Append time of a record, microseconds since the Unix epoch. */
export function appendTimeOf({ appendTimeUs, appendTimesUs }: RecordBatch, record: number): number {
  return appendTimesUs === undefined ? appendTimeUs : appendTimesUs[record];
}

const encoder = new TextEncoder();

/** A string of Unicode text as byte text (one character per UTF-8 byte). */
export function toByteText(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.from(encoder.encode(text)).latin1Slice();
  }
  return text;
}

/** Byte text as a string of Unicode text; invalid UTF-8 becomes U+FFFD. For people and for JSON, never for storing. */
export function fromByteText(text: string): string {
  return Buffer.from(text, "latin1").utf8Slice();
}
