import type { EventBatch } from "../model/event-batch.ts";
import type { Rule } from "../model/rule.ts";
import { isNumberColumn } from "./condition.ts";
import { keyColumn } from "./key-column.ts";

/** The measured value of each row as a whole multiple of 10^-decimals; NaN where there is none. */
export function valuesOf(
  batch: EventBatch,
  name: NonNullable<Rule["value"]>,
  decimals: number,
): Float64Array<ArrayBuffer> {
  const values = new Float64Array(batch.rows);
  if (isNumberColumn(name)) {
    const numbers = batch[name];
    const scale = 10 ** decimals;
    for (let row = 0; row < batch.rows; row++) {
      const value = numbers[row] * scale;
      values[row] = value === 0 || !Number.isSafeInteger(value) ? Number.NaN : value;
    }
    return values;
  }
  const { ids, text } = keyColumn(batch, name);
  const known: number[] = [];
  for (let row = 0; row < batch.rows; row++) values[row] = known[ids[row]] ??= scaled(text(ids[row]), decimals);
  return values;
}

/** A decimal number as a whole multiple of 10^-decimals, rounded half away from 0; NaN for other text and beyond 2^53. */
export function scaled(text: string, decimals: number): number {
  const match = /^([+-]?)([0-9]{1,16})(?:\.([0-9]{1,64}))?$/.exec(text);
  if (match === null) return Number.NaN;
  const [, sign, whole, fraction = ""] = match;
  const digits = fraction.padEnd(decimals, "0");
  const kept = Number(whole + digits.slice(0, decimals)) + (digits.charCodeAt(decimals) >= 0x35 ? 1 : 0);
  if (!Number.isSafeInteger(kept)) return Number.NaN;
  return sign === "-" && kept !== 0 ? -kept : kept;
}
