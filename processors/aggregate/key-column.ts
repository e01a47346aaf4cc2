import { type EventBatch, STRING_COLUMNS, type StringColumnName } from "../model/event-batch.ts";
import type { GroupBy } from "../model/rule.ts";
import { PairTable } from "./pair-table.ts";

/** One column of a key: a small number per row, and the text that a number stands for. */
export interface KeyColumn {
  readonly ids: Uint32Array;
  text(id: number): string;
}

const STATUS_CLASSES = ["", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx"];

export function keyColumn(batch: EventBatch, name: GroupBy): KeyColumn {
  if (name === "status_class") {
    const ids = new Uint32Array(batch.rows);
    for (let row = 0; row < batch.rows; row++) ids[row] = Math.floor(batch.http_response_status_code[row] / 100);
    return { ids, text: (id) => STATUS_CLASSES[id] ?? "" };
  }
  if (name === "template") {
    const table = new PairTable();
    const ids = new Uint32Array(batch.rows);
    for (let row = 0; row < batch.rows; row++)
      ids[row] = table.number(batch.templateIdHigh[row], batch.templateIdLow[row]);
    return { ids, text: (id) => hex8(table.first(id)) + hex8(table.second(id)) };
  }
  if (isStringColumn(name)) {
    const column = batch.strings[name];
    const { ids, dictionary } = column;
    if (column.isDirect) return distinctColumn(batch.rows, (row) => column.get(row));
    return { ids, text: (id) => dictionary.values[id] };
  }
  return attributeColumn(batch, name.slice("attributes.".length));
}

function isStringColumn(name: string): name is StringColumnName {
  return (STRING_COLUMNS as readonly string[]).includes(name);
}

function hex8(half: number): string {
  return half.toString(16).padStart(8, "0");
}

function attributeColumn(batch: EventBatch, key: string): KeyColumn {
  const { attributes } = batch;
  const wanted = attributes.keys.intern(key);
  let entry = 0;
  return distinctColumn(batch.rows, (row) => {
    let value = "";
    for (; entry < batch.attributeEnds[row]; entry++)
      if (attributes.keyIds[entry] === wanted) value = attributes.values.get(entry);
    return value;
  });
}

/** A column with one number per distinct text; the rows are asked for in order. */
function distinctColumn(rows: number, textOf: (row: number) => string): KeyColumn {
  const ids = new Uint32Array(rows);
  const values: string[] = [];
  const idOf = new Map<string, number>();
  for (let row = 0; row < rows; row++) {
    const value = textOf(row);
    let id = idOf.get(value);
    if (id === undefined) {
      id = values.push(value) - 1;
      idOf.set(value, id);
    }
    ids[row] = id;
  }
  return { ids, text: (id) => values[id] };
}
