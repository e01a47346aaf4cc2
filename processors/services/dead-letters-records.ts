import type { BatchIdentity } from "../encode/token.ts";
import { HEADER_LENGTH_MAX, type RecordBatch } from "../model/record.ts";
import type { Letter } from "./dead-letters-read.ts";

/** A dead letter whose record was had again. */
export interface Found {
  readonly letter: Letter;
  readonly text: string;
  readonly isCut: boolean;
}

/** Dead letters that are read by one header line. */
export interface Run {
  readonly header: string;
  readonly found: Found[];
}

/** Letters of a batch by the last header line before each, in their order. */
export function byHeader(batch: RecordBatch, prefix: string | null, all: readonly Found[]): Run[] {
  const runs: Run[] = [];
  let header = batch.header ?? "";
  let record = 0;
  for (const one of all) {
    const delta = Number(BigInt(one.letter.offset) - batch.firstOffset);
    for (; prefix !== null && record < batch.count && batch.offsetDeltas[record] < delta; record++) {
      const { text, begins, ends } = batch;
      const length = ends[record] - begins[record];
      if (text.startsWith(prefix, begins[record]) && length <= HEADER_LENGTH_MAX)
        header = text.slice(begins[record], ends[record]);
    }
    if (runs.at(-1)?.header !== header) runs.push({ header, found: [] });
    runs[runs.length - 1].found.push(one);
  }
  return runs;
}

/** The record at an offset; null: no record begins there. */
export function recordAt(
  batch: RecordBatch,
  offset: bigint,
): { readonly text: string; readonly isCut: boolean } | null {
  const delta = Number(offset - batch.firstOffset);
  for (let i = 0; i < batch.count; i++) {
    if (batch.offsetDeltas[i] !== delta) continue;
    return { text: batch.text.slice(batch.begins[i], batch.ends[i]), isCut: batch.cut.includes(i) };
  }
  return null;
}

/** Records from here and there as one batch. */
export function recordsOf(
  { topic, partition, batchStart, batchEnd }: BatchIdentity,
  { header, found }: Run,
  appendTimeUs: number,
): RecordBatch {
  const count = found.length;
  const begins = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const offsetDeltas = new Uint32Array(count);
  const cut: number[] = [];
  let at = 0;
  for (const [i, { letter, text, isCut }] of found.entries()) {
    begins[i] = at;
    at += text.length;
    ends[i] = at;
    offsetDeltas[i] = Number(BigInt(letter.offset) - batchStart);
    if (isCut) cut.push(i);
  }
  return {
    topic,
    partition,
    text: found.map(({ text }) => text).join(""),
    count,
    begins,
    ends,
    firstOffset: batchStart,
    offsetDeltas,
    nextOffset: batchEnd + 1n,
    appendTimeUs,
    ...(header === "" ? {} : { header }),
    cut,
  };
}
