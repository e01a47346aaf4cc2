/** A column whose values are new this often gains nothing from being looked up. */
const NEW_SHARE_MAX = 0.5;
const LOOKUPS_MIN = 4096;
/** So many batches go without looking up before it is tried again. */
const BATCHES_UNSORTED = 15;

/**
 * Values with small-integer ids. Id 0 is always the empty text.
 *
 * A dictionary outlives its batch, so that what depends on a value alone is computed once per distinct value
 * (`Derivation`). Values are copied on entry: a slice would keep its whole batch's text alive.
 *
 * Where most values are new (message bodies with ids in them), looking them up and copying them costs more than it
 * saves. Such a dictionary gives every value a new id for some batches: it is then `isRepeating`, and two ids may mean
 * the same text. What comes out of a batch is the same either way.
 */
export class Dictionary {
  values: string[] = [""];
  /** Rises whenever ids are given anew; whoever remembers ids must compare it. */
  generation = 0;
  /** Two ids may mean the same text. */
  isRepeating = false;
  #ids = new Map<string, number>([["", 0]]);
  #bytes = 0;
  #lookups = 0;
  #sizeBefore = 1;
  #batchesUnsorted = 0;

  /** Id of a value, given on first sight. */
  intern(value: string): number {
    if (this.isRepeating) return value === "" ? 0 : this.values.push(value) - 1;
    this.#lookups++;
    const id = this.#ids.get(value);
    return id === undefined ? this.#add(value) : id;
  }

  get size(): number {
    return this.values.length;
  }

  /** Forgets everything if it holds too much. Only between batches: ids of the batch before are void. */
  trim(valuesMax: number, bytesMax: number): void {
    if (this.values.length > valuesMax || this.#bytes > bytesMax) this.#clear();
  }

  /** Between batches: `trim`, and the decision whether looking values up pays. Not for dictionaries that must not repeat. */
  adapt(valuesMax: number, bytesMax: number): void {
    const added = this.values.length - this.#sizeBefore;
    if (this.isRepeating) {
      if (++this.#batchesUnsorted >= BATCHES_UNSORTED) this.isRepeating = false;
      this.#clear();
    } else if (this.#lookups >= LOOKUPS_MIN && added > this.#lookups * NEW_SHARE_MAX) {
      this.isRepeating = true;
      this.#batchesUnsorted = 0;
      this.#clear();
    } else this.trim(valuesMax, bytesMax);
    this.#lookups = 0;
    this.#sizeBefore = this.values.length;
  }

  #clear(): void {
    this.values = [""];
    this.#ids = new Map([["", 0]]);
    this.#bytes = 0;
    this.generation++;
  }

  #add(value: string): number {
    const copy = flatCopy(value);
    const id = this.values.length;
    this.values.push(copy);
    this.#ids.set(copy, id);
    this.#bytes += copy.length;
    return id;
  }
}

const scratch = Buffer.allocUnsafeSlow(4096);

/** A string that shares no memory with the text it was cut from. */
export function flatCopy(value: string): string {
  if (value.length > scratch.length) return Buffer.from(value, "latin1").latin1Slice();
  scratch.latin1Write(value, 0);
  return scratch.latin1Slice(0, value.length);
}

/** A text column of a batch: row i holds dictionary.values[ids[i]]. */
export class StringColumn {
  readonly dictionary: Dictionary;
  ids: Uint32Array<ArrayBuffer>;

  constructor(rowsMax: number, dictionary = new Dictionary()) {
    this.dictionary = dictionary;
    this.ids = new Uint32Array(rowsMax);
  }

  set(row: number, value: string): void {
    this.ids[row] = this.dictionary.intern(value);
  }

  get(row: number): string {
    return this.dictionary.values[this.ids[row]];
  }
}

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
    const from = source.dictionary;
    const to = target.dictionary;
    // Only the empty text was ever seen, as in most columns of most sources.
    if (from.size === 1) return;
    if (from.generation !== this.#sourceGeneration || to.generation !== this.#targetGeneration) {
      this.#answers = new Int32Array(0);
      this.#sourceGeneration = from.generation;
      this.#targetGeneration = to.generation;
    }
    if (this.#answers.length < from.size) {
      const grown = new Int32Array(Math.max(1024, from.size * 2)).fill(-1);
      grown.set(this.#answers);
      this.#answers = grown;
    }
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
}
