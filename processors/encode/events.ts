import { type EventBatch, STRING_COLUMNS } from "../model/event-batch.ts";
import type { InsertBlock } from "../model/ports.ts";
import { BlockBuilder, type Selection } from "./block.ts";
import { type BatchIdentity, tokenOf } from "./token.ts";

const DAY_US = 86_400_000_000;

/** The days (since the epoch) that a batch's events fall on, with their rows. */
export function rowsByDay(batch: EventBatch): Map<number, Selection> {
  const { rows, timestampUs } = batch;
  const days = new Map<number, number>();
  for (let row = 0; row < rows; row++) {
    const day = Math.floor(timestampUs[row] / DAY_US);
    days.set(day, (days.get(day) ?? 0) + 1);
  }
  const selections = new Map<number, Selection>();
  if (days.size === 1) {
    for (const day of days.keys()) selections.set(day, { rows, indices: null });
    return selections;
  }
  const lists = new Map<number, { list: Uint32Array; at: number }>();
  for (const [day, count] of days) lists.set(day, { list: new Uint32Array(count), at: 0 });
  for (let row = 0; row < rows; row++) {
    const entry = lists.get(Math.floor(timestampUs[row] / DAY_US))!;
    entry.list[entry.at++] = row;
  }
  for (const day of [...lists.keys()].sort((a, b) => a - b)) {
    const { list } = lists.get(day)!;
    selections.set(day, { rows: list.length, indices: list });
  }
  return selections;
}

/**
 * Encodes the events of one day as one insert. The block is valid until the encoder is used again.
 * `day` is in days since the epoch.
 */
export function createEventsEncoder(): (
  batch: EventBatch,
  identity: BatchIdentity,
  day: number,
  selection: Selection,
) => InsertBlock {
  const block = new BlockBuilder();
  let offsets = new BigInt64Array(0);

  return function encodeEvents(batch, identity, day, selection) {
    const { rows } = selection;
    block.begin(selection);
    block.integers("timestamp", "DateTime64(6, 'UTC')", batch.timestampUs);
    if (offsets.length < rows) offsets = new BigInt64Array(rows);
    writeAppendTimes(offsets, batch, selection);
    block.bigints("observed_timestamp", "DateTime64(6, 'UTC')", offsets.subarray(0, rows));
    block.numbers("time_source", "Enum8('event' = 1, 'append' = 2)", batch.time_source);
    for (const name of STRING_COLUMNS) block.strings(name, batch.strings[name]);
    block.numbers("severity_number", "UInt8", batch.severity_number);
    block.halves("template_id", batch.templateIdLow, batch.templateIdHigh);
    block.numbers("http_response_status_code", "UInt16", batch.http_response_status_code);
    block.integers("http_response_body_size", "UInt64", batch.http_response_body_size);
    block.integers("duration_us", "UInt64", batch.duration_us);
    block.texts("trace_id", batch.trace_id);
    block.texts("span_id", batch.span_id);
    block.map("attributes", batch.attributeEnds, batch.attributes);
    block.texts("line_kept", batch.line_kept);
    block.constant("topic", identity.topic);
    block.numbers("partition", "UInt32", new Uint32Array(batch.rows).fill(identity.partition));
    writeOffsets(offsets, batch, selection);
    block.bigints("offset", "Int64", offsets.subarray(0, rows));
    block.numbers("index", "UInt32", batch.index);
    offsets.fill(identity.batchStart, 0, rows);
    block.bigints("batch_start", "Int64", offsets.subarray(0, rows));
    return block.finish("events", tokenOf("events", identity, String(day)));
  };
}

const WORD = 2 ** 32;

/** The same memory as halves, low before high: a BigInt for each row would be an object for each row. */
function halvesOf(values: BigInt64Array, rows: number): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, rows * 2);
}

function writeAppendTimes(values: BigInt64Array, batch: EventBatch, { rows, indices }: Selection): void {
  const { appendTimesUs, appendTimeUs } = batch.records;
  if (appendTimesUs === undefined) {
    values.fill(BigInt(appendTimeUs), 0, rows);
    return;
  }
  const halves = halvesOf(values, rows);
  for (let i = 0; i < rows; i++) {
    const us = appendTimesUs[batch.record[indices === null ? i : indices[i]]];
    const high = Math.floor(us / WORD);
    halves[2 * i] = us - high * WORD;
    halves[2 * i + 1] = high;
  }
}

function writeOffsets(values: BigInt64Array, batch: EventBatch, { rows, indices }: Selection): void {
  const { firstOffset, offsetDeltas } = batch.records;
  const halves = halvesOf(values, rows);
  const low = Number(BigInt.asUintN(32, firstOffset));
  const high = Number(firstOffset >> 32n);
  for (let i = 0; i < rows; i++) {
    const sum = low + offsetDeltas[batch.record[indices === null ? i : indices[i]]];
    halves[2 * i] = sum;
    halves[2 * i + 1] = sum < WORD ? high : high + 1;
  }
}
