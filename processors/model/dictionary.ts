import type { ByteWindow } from "./byte-window.ts";
import { RecentSpans } from "./recent-spans.ts";

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
  /** null until a span is asked for. */
  #recent: RecentSpans | null = null;
  #bytes = 0;

  /** Id of a value, given on first sight. */
  intern(value: string): number {
    const id = this.#ids.get(value);
    return id === undefined ? this.#add(value) : id;
  }

  /** Id of text[begin, end), where `window` is of this text. One that came lately is found by its bytes. */
  internSpan(window: ByteWindow, text: string, begin: number, end: number): number {
    if (begin === end) return 0;
    const at = window.reach(begin, end);
    if (at < 0) return this.intern(text.slice(begin, end));
    this.#recent ??= new RecentSpans();
    const known = this.#recent.find(window, at, end - begin);
    if (known >= 0) return known;
    const id = this.intern(text.slice(begin, end));
    this.#recent.put(window, at, end - begin, id);
    return id;
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
    this.#recent?.clear();
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
