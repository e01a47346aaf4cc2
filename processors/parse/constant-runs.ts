import { areSame, type ByteWindow } from "../model/byte-window.ts";
import { flatCopy } from "../model/dictionary.ts";
import { bytesOf } from "./value-end.ts";

const SAMPLES = 32;
const MISSES_MAX = 64;
const RUN_LENGTH_MIN = 8;
const RUNS_LENGTH_MAX = 4096;

/** Values that stand one behind the other, with the constant text before each. */
interface Run {
  readonly last: number;
  readonly bytes: DataView;
  readonly length: number;
  /** Misses since the last hit. */
  misses: number;
}

/** Sixteen bytes at a time: runs are long, and nearly always the same. */
function standsAt(view: DataView, at: number, { bytes, length }: Run): boolean {
  let i = 0;
  for (; i + 16 <= length; i += 16) {
    const difference =
      (view.getInt32(at + i, true) ^ bytes.getInt32(i, true)) |
      (view.getInt32(at + i + 4, true) ^ bytes.getInt32(i + 4, true)) |
      (view.getInt32(at + i + 8, true) ^ bytes.getInt32(i + 8, true)) |
      (view.getInt32(at + i + 12, true) ^ bytes.getInt32(i + 12, true));
    if (difference !== 0) return false;
  }
  return areSame(view, at + i, bytes, i, length - i);
}

/**
 * Many values of a shape are the same in line after line: the name of a server, a protocol, a key. They are compared at once
 * with the text around them, instead of being looked for one by one. That finds them only where looking would find them as
 * well: the same bytes end at the same places, when the constant text behind them follows.
 */
export class ConstantRuns {
  readonly #literals: readonly string[];
  /** Of the run that begins with a value; where its values stand, counted from its beginning. */
  #runs: (Run | undefined)[] = [];
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  #samples = 0;
  /** Of the first sample; undefined: another one had another value. */
  #values: (string | undefined)[] = [];

  constructor(literals: ReadonlyArray<string>) {
    this.#literals = literals;
    this.#starts = new Int32Array(literals.length);
    this.#ends = new Int32Array(literals.length);
  }

  /**
   * Whether a run that begins with value i stands at bytes[at, to), the constant text before it first; then where its values
   * are, shifted, and which is the last. -1: none.
   */
  find(
    i: number,
    { view }: ByteWindow,
    at: number,
    to: number,
    shift: number,
    starts: Int32Array,
    ends: Int32Array,
  ): number {
    const run = this.#runs[i];
    if (run === undefined) return -1;
    if (at + run.length > to || !standsAt(view, at, run)) {
      if (++run.misses > MISSES_MAX) this.#restart();
      return -1;
    }
    run.misses = 0;
    const from = at + shift;
    for (let value = i; value <= run.last; value++) {
      starts[value] = from + this.#starts[value];
      ends[value] = from + this.#ends[value];
    }
    return run.last;
  }

  /** Takes a line into account. */
  learn(text: string, starts: Int32Array, ends: Int32Array): void {
    if (this.#samples >= SAMPLES) return;
    const count = this.#literals.length - 1;
    const isFirst = this.#samples++ === 0;
    for (let i = 0; i < count; i++) {
      if (isFirst) this.#values[i] = flatCopy(text.slice(starts[i], ends[i]));
      else if (this.#values[i] !== text.slice(starts[i], ends[i])) this.#values[i] = undefined;
    }
    if (this.#samples === SAMPLES) this.#build(count);
  }

  #restart(): void {
    this.#runs = [];
    this.#values = [];
    this.#samples = 0;
  }

  #build(count: number): void {
    let room = RUNS_LENGTH_MAX;
    for (let i = 0; i < count; i++) {
      let written = "";
      let last = i - 1;
      for (let value = this.#values[i]; value !== undefined; value = this.#values[last + 1]) {
        written += this.#literals[last + 1];
        this.#starts[last + 1] = written.length;
        written += value;
        this.#ends[last + 1] = written.length;
        last++;
      }
      if (last < i) continue;
      if (written.length >= RUN_LENGTH_MIN && written.length <= room) {
        this.#runs[i] = { last, bytes: bytesOf(written), length: written.length, misses: 0 };
        room -= written.length;
      }
      i = last;
    }
    this.#values = [];
  }
}
