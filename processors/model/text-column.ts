/**
 * A text per row, held as stretches of the batch's text: two numbers instead of a string object, which at half a million
 * rows a second would be the garbage collector's main work. A value that does not stand in the text (decoded, masked)
 * is held as a string beside it.
 */
export class TextColumn {
  begins: Uint32Array<ArrayBuffer>;
  ends: Uint32Array<ArrayBuffer>;
  #text = "";
  readonly #apart = new Map<number, string>();

  constructor(rowsMax: number) {
    this.begins = new Uint32Array(rowsMax);
    this.ends = new Uint32Array(rowsMax);
  }

  /** Starts a new batch: the first `used` rows are empty. */
  begin(text: string, used: number): void {
    this.#text = text;
    this.#apart.clear();
    this.begins.fill(0, 0, used);
    this.ends.fill(0, 0, used);
  }

  /** The row's value is text[begin, end) of the batch's text. */
  setSpan(row: number, begin: number, end: number): void {
    this.begins[row] = begin;
    this.ends[row] = end;
  }

  set(row: number, value: string): void {
    // Only the length matters beside `#apart`: whether there is a value.
    this.begins[row] = 0;
    this.ends[row] = value.length;
    if (value === "") this.#apart.delete(row);
    else this.#apart.set(row, value);
  }

  get(row: number): string {
    const begin = this.begins[row];
    const end = this.ends[row];
    if (begin === end) return "";
    if (this.#apart.size > 0) {
      const value = this.#apart.get(row);
      if (value !== undefined) return value;
    }
    return this.#text.slice(begin, end);
  }

  /** Whether the row's value is the stretch begins[row], ends[row] of the batch's text. */
  isSpan(row: number): boolean {
    return this.#apart.size === 0 || !this.#apart.has(row);
  }

  isEmpty(row: number): boolean {
    return this.begins[row] === this.ends[row];
  }

  clear(row: number): void {
    this.begins[row] = 0;
    this.ends[row] = 0;
    if (this.#apart.size > 0) this.#apart.delete(row);
  }

  /** The value of one row goes to another; what that held is gone. */
  move(from: number, to: number): void {
    this.begins[to] = this.begins[from];
    this.ends[to] = this.ends[from];
    if (this.#apart.size === 0) return;
    const value = this.#apart.get(from);
    this.#apart.delete(from);
    if (value === undefined) this.#apart.delete(to);
    else this.#apart.set(to, value);
  }

  /** Room for more rows; what is there stays. */
  grow(rowsMax: number): void {
    const begins = new Uint32Array(rowsMax);
    const ends = new Uint32Array(rowsMax);
    begins.set(this.begins);
    ends.set(this.ends);
    this.begins = begins;
    this.ends = ends;
  }
}
