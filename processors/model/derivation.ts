import type { Dictionary } from "./dictionary.ts";
import type { StringColumn } from "./string-column.ts";

/**
 * Fills one column from another by a pure function of the value, calling it once per distinct value and remembering
 * the answers for as long as both dictionaries keep their ids. Source and target may be the same column (masking).
 * Nothing follows from nothing: the function must give the empty text for the empty text.
 */
export class Derivation {
  readonly #derive: (value: string) => string;
  #answers = new Int32Array(0);
  #sourceGeneration = -1;
  #targetGeneration = -1;
  /** Ids of a column that is its own target were asked up to here, and each answer so far was the value itself. */
  #asked = 0;
  #isIdentity = true;

  constructor(derive: (value: string) => string) {
    this.#derive = derive;
  }

  /** Sets every row of the target. */
  apply(source: StringColumn, target: StringColumn, rows: number): void {
    this.#run(source, target, rows, false);
  }

  /** Sets the rows of the target that are empty: what the source said itself stays. */
  fill(source: StringColumn, target: StringColumn, rows: number): void {
    this.#run(source, target, rows, true);
  }

  #run(source: StringColumn, target: StringColumn, rows: number, onlyEmpty: boolean): void {
    if (source.isDirect || target.isDirect) {
      this.#runDirect(source, target, rows, onlyEmpty);
      return;
    }
    const from = source.dictionary;
    const to = target.dictionary;
    // Only the empty text was ever seen, as in most columns of most sources.
    if (from.size === 1) return;
    if (from.generation !== this.#sourceGeneration || to.generation !== this.#targetGeneration) {
      this.#answers = new Int32Array(0);
      this.#sourceGeneration = from.generation;
      this.#targetGeneration = to.generation;
      this.#asked = 0;
      this.#isIdentity = true;
    }
    if (this.#answers.length < from.size) {
      const grown = new Int32Array(Math.max(1024, from.size * 2)).fill(-1);
      grown.set(this.#answers);
      this.#answers = grown;
    }
    if (from === to && this.#isIdentity && this.#staysSame(from)) return;
    const answers = this.#answers;
    const ids = source.ids;
    const out = target.ids;
    for (let row = 0; row < rows; row++) {
      if (onlyEmpty && out[row] !== 0) continue;
      const id = ids[row];
      let answer = answers[id];
      if (answer < 0) {
        const value = from.values[id];
        const derived = this.#derive(value);
        answer = from === to && derived === value ? id : to.intern(derived);
        answers[id] = answer;
      }
      out[row] = answer;
    }
  }

  /** Asks for the values that came since; while all stay as they are, as in most columns, rows need no look. */
  #staysSame({ values }: Dictionary): boolean {
    const end = values.length;
    for (; this.#asked < end; this.#asked++) {
      const value = values[this.#asked];
      if (this.#derive(value) !== value) {
        this.#isIdentity = false;
        return false;
      }
      this.#answers[this.#asked] = this.#asked;
    }
    return true;
  }

  #runDirect(source: StringColumn, target: StringColumn, rows: number, onlyEmpty: boolean): void {
    const { ids } = source;
    for (let row = 0; row < rows; row++) {
      if (ids[row] === 0 || (onlyEmpty && target.ids[row] !== 0)) continue;
      const value = source.get(row);
      const derived = this.#derive(value);
      if (source !== target || derived !== value) target.set(row, derived);
    }
  }
}
