import { Dictionary } from "./dictionary.ts";
import { TextColumn } from "./text-column.ts";

const ENTRIES_MIN = 1024;

/** An entry that a row gets in addition. */
export interface Addition {
  readonly row: number;
  readonly keyId: number;
  readonly value: string;
}

/** The attributes of all rows of a batch, one after the other; `EventBatch.attributeEnds` says which are whose. */
export class Attributes {
  readonly keys = new Dictionary();
  keyIds: Uint32Array<ArrayBuffer> = new Uint32Array(ENTRIES_MIN);
  readonly values = new TextColumn(ENTRIES_MIN);
  count = 0;

  begin(text: string): void {
    this.values.begin(text, this.count);
    this.count = 0;
  }

  /**
   * Makes room for so many more entries. Then, until others are added, whoever has many may put them into the arrays, as
   * stretches of the batch's text, and count them.
   */
  reserve(entries: number): void {
    this.#makeRoom(this.count + entries);
  }

  /** Adds a value that stands in the batch's text. */
  addSpan(keyId: number, begin: number, end: number): void {
    this.values.setSpan(this.#next(keyId), begin, end);
  }

  add(keyId: number, value: string): void {
    this.values.set(this.#next(keyId), value);
  }

  /** Takes back what came after the first `count` entries. */
  truncate(count: number): void {
    while (this.count > count) this.values.clear(--this.count);
  }

  key(entry: number): string {
    return this.keys.values[this.keyIds[entry]];
  }

  /**
   * Puts more entries behind those that rows have already; `ends` says which are whose. The rows of the additions rise.
   */
  insert(ends: Uint32Array, rows: number, additions: readonly Addition[]): void {
    let shift = additions.length;
    this.#makeRoom(this.count + shift);
    this.count += shift;
    let next = shift - 1;
    for (let row = rows - 1; row >= 0 && shift > 0; row--) {
      const begin = row === 0 ? 0 : ends[row - 1];
      const end = ends[row];
      ends[row] = end + shift;
      for (; next >= 0 && additions[next].row === row; next--) {
        shift--;
        this.keyIds[end + shift] = additions[next].keyId;
        this.values.set(end + shift, additions[next].value);
      }
      if (shift === 0) return;
      for (let entry = end - 1; entry >= begin; entry--) {
        this.keyIds[entry + shift] = this.keyIds[entry];
        this.values.move(entry, entry + shift);
      }
    }
  }

  #makeRoom(entries: number): void {
    if (entries <= this.keyIds.length) return;
    const larger = new Uint32Array(Math.max(entries, this.keyIds.length * 2));
    larger.set(this.keyIds);
    this.keyIds = larger;
    this.values.grow(larger.length);
  }

  #next(keyId: number): number {
    this.#makeRoom(this.count + 1);
    this.keyIds[this.count] = keyId;
    return this.count++;
  }
}
