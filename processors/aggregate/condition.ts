import type { EventBatch } from "../model/event-batch.ts";
import { type Condition, NUMBER_COLUMNS, type NumberColumn } from "../model/rule.ts";
import { keyColumn } from "./key-column.ts";

/** 1 for each row that all, or any, of the conditions hold of. A condition is looked at once per distinct value. */
export function holding(
  batch: EventBatch,
  conditions: readonly Condition[],
  quantifier: "all" | "any",
): Uint8Array<ArrayBuffer> {
  const held = new Uint8Array(batch.rows).fill(quantifier === "all" ? 1 : 0);
  for (const condition of conditions) {
    const holds = holder(batch, condition);
    for (let row = 0; row < batch.rows; row++) {
      if (quantifier === "all" ? held[row] === 1 && !holds(row) : held[row] === 0 && holds(row)) held[row] ^= 1;
    }
  }
  return held;
}

function holder(batch: EventBatch, condition: Condition): (row: number) => boolean {
  const { column } = condition;
  if (isNumberColumn(column)) {
    const numbers = batch[column];
    const answers = new Map<number, boolean>();
    return (row) => {
      const number = numbers[row];
      let answer = answers.get(number);
      if (answer === undefined) answers.set(number, (answer = isMet(condition, String(number))));
      return answer;
    };
  }
  const key = keyColumn(batch, column);
  const answers: boolean[] = [];
  return (row) => (answers[key.ids[row]] ??= isMet(condition, key.text(key.ids[row])));
}

export function isNumberColumn(name: string): name is NumberColumn {
  return (NUMBER_COLUMNS as readonly string[]).includes(name);
}

function isMet({ in: wanted, notIn, min, max }: Condition, value: string): boolean {
  if (wanted !== undefined && !wanted.includes(value)) return false;
  if (notIn?.includes(value)) return false;
  if (min === undefined && max === undefined) return true;
  const number = value === "" ? Number.NaN : Number(value);
  return number >= (min ?? Number.NEGATIVE_INFINITY) && number <= (max ?? Number.POSITIVE_INFINITY);
}
