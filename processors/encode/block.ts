import type { Attributes } from "../model/attributes.ts";
import type { InsertBlock } from "../model/ports.ts";
import type { StringColumn } from "../model/string-column.ts";
import type { TextColumn } from "../model/text-column.ts";
import { NativeWriter, toInt64, writeDictionary, writeLowCardinality } from "./native.ts";

/** Rows of a batch to write, in order: all of them, or those listed. */
export interface Selection {
  readonly rows: number;
  /** null: rows 0 .. rows-1. */
  readonly indices: Uint32Array | null;
}

/**
 * Builds one Native block column by column. Reused for every block of a kind; what `finish` returns is valid until the
 * next `begin`.
 */
export class BlockBuilder {
  readonly #writer = new NativeWriter();
  #columns: string[] = [];
  #structure: string[] = [];
  #selection: Selection = { rows: 0, indices: null };
  #codes = new Uint32Array(0);
  /** Code of each dictionary id in the column being written; -1 where it has none yet. */
  #codeOfId = new Int32Array(0);
  readonly #isWhole: boolean;

  /** @param isWhole Writes columns of nothing but defaults as well: blocks that are joined must have the same columns. */
  constructor(isWhole = false) {
    this.#isWhole = isWhole;
  }

  begin(selection: Selection): void {
    this.#writer.reset();
    this.#columns = [];
    this.#structure = [];
    this.#selection = selection;
    if (this.#codes.length < selection.rows) this.#codes = new Uint32Array(selection.rows);
  }

  #header(name: string, type: string): void {
    this.#columns.push(name);
    this.#structure.push(`\`${name}\` ${type}`);
    this.#writer.column(name, type);
  }

  /** The block as an insert. Its header comes in a piece of its own, because only now the number of columns is known. */
  finish(table: string, token: string): InsertBlock {
    const header = new NativeWriter(32);
    header.block(this.#columns.length, this.#selection.rows);
    return {
      table,
      columns: this.#columns,
      structure: this.#structure.join(", "),
      native: [header.bytes(), this.#writer.bytes()],
      rows: this.#selection.rows,
      token,
    };
  }

  /** A dictionary column. Left out if every row is empty: the table's default is the empty text. */
  strings(name: string, column: StringColumn): void {
    if (column.isDirect) this.texts(name, column.texts!);
    else this.dictionary(name, column.dictionary.values, column.ids);
  }

  /** A dictionary column out of values and their ids per row. */
  dictionary(name: string, valuesById: readonly string[], ids: Uint32Array): void {
    if (valuesById.length === 1 && valuesById[0] === "" && !this.#isWhole) return;
    const { rows, indices } = this.#selection;
    if (this.#codeOfId.length < valuesById.length) this.#codeOfId = new Int32Array(valuesById.length * 2);
    const codeOfId = this.#codeOfId.fill(-1, 0, valuesById.length);
    const codes = this.#codes;
    const values: string[] = [];
    for (let i = 0; i < rows; i++) {
      const id = ids[indices === null ? i : indices[i]];
      let code = codeOfId[id];
      if (code < 0) {
        code = values.length;
        codeOfId[id] = code;
        values.push(valuesById[id]);
      }
      codes[i] = code;
    }
    if (values.length === 1 && values[0] === "" && !this.#isWhole) return;
    this.#header(name, "LowCardinality(String)");
    writeLowCardinality(this.#writer, values, codes, rows);
  }

  /** A column of one text. */
  constant(name: string, value: string): void {
    if (value === "" && !this.#isWhole) return;
    this.#header(name, "LowCardinality(String)");
    writeLowCardinality(this.#writer, [value], new Uint32Array(this.#selection.rows), this.#selection.rows);
  }

  /** A text column without a dictionary. Left out if every row is empty. */
  texts(name: string, column: TextColumn): void {
    const { rows, indices } = this.#selection;
    let isEmpty = true;
    for (let i = 0; i < rows && isEmpty; i++) isEmpty = column.isEmpty(indices === null ? i : indices[i]);
    if (isEmpty) return;
    this.#header(name, "String");
    this.#writer.texts(column, rows, indices);
  }

  /** The same out of strings. */
  plainStrings(name: string, values: readonly string[]): void {
    this.#header(name, "String");
    this.#writer.strings(values);
  }

  /** A column of numbers as wide as the array's elements. Left out if every row is 0 (the table's default). */
  numbers(name: string, type: string, values: Uint8Array | Uint16Array | Uint32Array | Float64Array): void {
    const picked = this.#pick(values);
    if (!this.#isWhole && isZero(picked)) return;
    this.#header(name, type);
    this.#writer.raw(picked);
  }

  /** A column of 64-bit integers or times out of doubles. Left out if every row is 0. */
  integers(name: string, type: string, values: Float64Array): void {
    const picked = this.#pick(values);
    if (!this.#isWhole && isZero(picked)) return;
    this.#header(name, type);
    this.#writer.raw(toInt64(picked, picked.length));
  }

  /** A column of unsigned 64-bit integers held as two halves. Left out if every row is 0. */
  halves(name: string, low: Uint32Array, high: Uint32Array): void {
    const { rows, indices } = this.#selection;
    const out = new Uint32Array(rows * 2);
    for (let i = 0; i < rows; i++) {
      const row = indices === null ? i : indices[i];
      out[2 * i] = low[row];
      out[2 * i + 1] = high[row];
    }
    if (isZero(out)) return;
    this.#header(name, "UInt64");
    this.#writer.raw(out);
  }

  /** A column of 64-bit integers, one value for all rows or one each. */
  bigints(name: string, type: string, values: BigInt64Array): void {
    this.#header(name, type);
    this.#writer.raw(values);
  }

  /** Map(LowCardinality(String), String): entries ends[row-1] .. ends[row] of the lists. Left out if there are none. */
  map(name: string, ends: Uint32Array, { keys, keyIds, values }: Attributes): void {
    const { rows, indices } = this.#selection;
    let total = 0;
    const offsets = new Uint32Array(rows * 2);
    for (let i = 0; i < rows; i++) {
      const row = indices === null ? i : indices[i];
      total += ends[row] - (row === 0 ? 0 : ends[row - 1]);
      offsets[2 * i] = total;
    }
    if (total === 0) return;
    this.#header(name, "Map(LowCardinality(String), String)");
    this.#writer.uint64(1);
    this.#writer.raw(offsets);
    const codeOfId = new Int32Array(keys.size).fill(-1);
    const codes = new Uint32Array(total);
    const entries = new Uint32Array(total);
    const used: string[] = [];
    let at = 0;
    for (let i = 0; i < rows; i++) {
      const row = indices === null ? i : indices[i];
      for (let entry = row === 0 ? 0 : ends[row - 1]; entry < ends[row]; entry++) {
        const id = keyIds[entry];
        if (codeOfId[id] < 0) codeOfId[id] = used.push(keys.values[id]) - 1;
        codes[at] = codeOfId[id];
        entries[at++] = entry;
      }
    }
    writeDictionary(this.#writer, used, codes, total);
    this.#writer.texts(values, total, entries);
  }

  /** Array(LowCardinality(String)), one list per row. */
  stringArrays(name: string, lists: readonly (readonly string[])[]): void {
    this.#header(name, "Array(LowCardinality(String))");
    this.#writer.uint64(1);
    this.#offsets(lists.length, (i) => lists[i].length);
    let total = 0;
    for (let i = 0; i < lists.length; i++) total += lists[i].length;
    const codeOf = new Map<string, number>();
    const codes = new Uint32Array(total);
    const values: string[] = [];
    let at = 0;
    for (let i = 0; i < lists.length; i++) {
      const list = lists[i];
      for (let k = 0; k < list.length; k++) {
        let code = codeOf.get(list[k]);
        if (code === undefined) {
          code = values.push(list[k]) - 1;
          codeOf.set(list[k], code);
        }
        codes[at++] = code;
      }
    }
    if (total > 0) writeDictionary(this.#writer, values, codes, total);
  }

  /** Arrays or maps of fixed-width parts: lengths per row, then each part's values after one another. */
  arrays(
    name: string,
    type: string,
    lengths: readonly number[],
    parts: readonly (Uint32Array | Uint16Array | BigInt64Array | BigUint64Array)[],
  ): void {
    this.#header(name, type);
    this.#offsets(lengths.length, (i) => lengths[i]);
    for (const part of parts) this.#writer.raw(part);
  }

  /** Where each row's list ends, as 64-bit numbers. */
  #offsets(rows: number, lengthOf: (row: number) => number): void {
    const offsets = new Uint32Array(rows * 2);
    let total = 0;
    for (let i = 0; i < rows; i++) {
      total += lengthOf(i);
      offsets[2 * i] = total;
    }
    this.#writer.raw(offsets);
  }

  #pick<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(values: T): T {
    const { rows, indices } = this.#selection;
    if (indices === null) return values.subarray(0, rows) as T;
    const out = values.slice(0, rows) as T;
    for (let i = 0; i < rows; i++) out[i] = values[indices[i]];
    return out;
  }
}

function isZero(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) return false;
  return true;
}
