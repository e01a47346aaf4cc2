import { readFileSync } from "node:fs";
import { frame } from "../../processors/decode/frame.ts";
import type { RecordBatch } from "../../processors/model/record.ts";

const APPEND_TIME_US = Date.UTC(2027, 0, 1) * 1000;

/** Record batches of a file, `linesMax` lines each but for the last; each has a text of its own. */
export function batchesOf(file: string, linesMax: number): RecordBatch[] {
  const whole = readFileSync(file, "latin1");
  const batches: RecordBatch[] = [];
  const options = { join: false, recordBytesMax: 1 << 20, recordsMax: linesMax, bytesMax: whole.length, atEnd: true };
  for (let from = 0; from < whole.length; ) {
    const end = frame(whole, from, options).consumed;
    const text = Buffer.from(whole.slice(from, end), "latin1").latin1Slice();
    const { begins, ends, offsetDeltas, count, cut } = frame(text, 0, options);
    batches.push({
      ...{ topic: "bench", partition: 0, text, count, begins, ends, offsetDeltas, cut },
      firstOffset: BigInt(from),
      nextOffset: BigInt(end),
      appendTimeUs: APPEND_TIME_US,
    });
    from = end;
  }
  return batches;
}

/** The batch's lines as strings of their own. */
export function linesOf({ text, begins, ends, count }: RecordBatch): string[] {
  return Array.from({ length: count }, (_, i) => Buffer.from(text.slice(begins[i], ends[i]), "latin1").latin1Slice());
}
