/**
 * Lines that programs wrote, out of a container's log: entry i is what the arrays have at i. Positions are those of the
 * unwrapped text.
 */
export class Entries {
  count = 0;
  record: Uint32Array<ArrayBuffer>;
  /** The program's line. */
  begin: Uint32Array<ArrayBuffer>;
  end: Uint32Array<ArrayBuffer>;
  /** What stands in the file for it, line feeds between chunks. */
  outerBegin: Uint32Array<ArrayBuffer>;
  outerEnd: Uint32Array<ArrayBuffer>;
  /** Its time; begin = end: the line is no container's. */
  timeBegin: Uint32Array<ArrayBuffer>;
  timeEnd: Uint32Array<ArrayBuffer>;
  /** The name of its stream. */
  streamBegin: Uint32Array<ArrayBuffer>;
  streamEnd: Uint32Array<ArrayBuffer>;
  /** Backslashes in front of quotes in a line of one chunk; -1: the line can't be given back by its columns. */
  escapes: Int32Array<ArrayBuffer>;
  /** What stands between time and line (CRI) or line and time (Docker), constant text for most lines of a file. */
  readonly middle: string[] = [];

  /** Room for so many entries, and for more. */
  constructor(entries: number) {
    const numbers = () => new Uint32Array(entries);
    this.record = numbers();
    this.begin = numbers();
    this.end = numbers();
    this.outerBegin = numbers();
    this.outerEnd = numbers();
    this.timeBegin = numbers();
    this.timeEnd = numbers();
    this.streamBegin = numbers();
    this.streamEnd = numbers();
    this.escapes = new Int32Array(entries);
  }

  /** The place of one more entry. */
  next(): number {
    if (this.count === this.record.length) this.#grow(this.count * 2 + 16);
    return this.count++;
  }

  #grow(entries: number): void {
    const { record, begin, end, outerBegin, outerEnd, timeBegin, timeEnd, streamBegin, streamEnd, escapes } = this;
    const held = { record, begin, end, outerBegin, outerEnd, timeBegin, timeEnd, streamBegin, streamEnd };
    const { count, middle, ...larger } = new Entries(entries);
    Object.assign(this, larger);
    for (const [name, numbers] of Object.entries(held)) this[name as keyof typeof held].set(numbers);
    this.escapes.set(escapes);
  }
}
