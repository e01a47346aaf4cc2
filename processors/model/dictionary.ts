/**
 * Distinct values with small-integer ids. Id 0 is always the empty text.
 *
 * A dictionary outlives its batch, so that what depends on a value alone is computed once per distinct value
 * (`Derivation`). Values are copied on entry: a slice would keep its whole batch's text alive.
 */
export class Dictionary {
  values: string[] = [""];
  /** Rises whenever ids are given anew; whoever remembers ids must compare it. */
  generation = 0;
  #ids = new Map<string, number>([["", 0]]);
  #bytes = 0;

  /** Id of a value, given on first sight. */
  intern(value: string): number {
    const id = this.#ids.get(value);
    return id === undefined ? this.#add(value) : id;
  }

  get size(): number {
    return this.values.length;
  }

  /** Forgets everything if it holds too much. Only between batches: ids of the batch before are void. */
  trim(valuesMax: number, bytesMax: number): void {
    if (this.values.length > valuesMax || this.#bytes > bytesMax) this.clear();
  }

  clear(): void {
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
