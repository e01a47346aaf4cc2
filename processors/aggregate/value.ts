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

const NUMBER = /^([+-]?)(?:([0-9]{1,64})(?:\.([0-9]{0,64}))?|\.([0-9]{1,64}))(?:[eE]([+-]?[0-9]{1,3}))?$/;

/** A number, as JSON and programs write it, as a whole multiple of 10^-decimals, rounded half away from 0; NaN for other text and beyond 2^53. */
export function scaled(text: string, decimals: number): number {
  const match = NUMBER.exec(text);
  if (match === null) return Number.NaN;
  const [, sign, whole = "", behind, alone = "", exponent = "0"] = match;
  const fraction = behind ?? alone;
  const digits = whole + fraction;
  const length = whole.length + Number(exponent) + decimals;
  if (length < 0 || /^0*$/.test(digits)) return 0;
  const kept = Number(digits.slice(0, length).padEnd(length, "0")) + (digits.charCodeAt(length) >= 0x35 ? 1 : 0);
  if (!Number.isSafeInteger(kept)) return Number.NaN;
  return sign === "-" && kept !== 0 ? -kept : kept;
}
