import { Dictionary } from "./dictionary.ts";
import { TextColumn } from "./text-column.ts";

const ENTRIES_MIN = 1024;

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

  #next(keyId: number): number {
    if (this.count === this.keyIds.length) {
      const larger = new Uint32Array(this.count * 2);
      larger.set(this.keyIds);
      this.keyIds = larger;
      this.values.grow(larger.length);
    }
    this.keyIds[this.count] = keyId;
    return this.count++;
  }
}
