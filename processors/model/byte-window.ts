const WINDOW_BYTES = 1 << 18;
/** Words may be read from any byte of the window on. */
const PADDING_BYTES = 8;

/**
 * A part of a text as bytes, which moves forward with whoever reads the text. Comparing and hashing bytes four at a time is
 * ten times as fast as comparing strings, and copying them costs next to nothing where it is done for many lines at once.
 */
export class ByteWindow {
  readonly bytes = new Uint8Array(WINDOW_BYTES + PADDING_BYTES);
  readonly view = new DataView(this.bytes.buffer);
  readonly #buffer = Buffer.from(this.bytes.buffer);
  #text = "";
  #begin = 0;
  #end = 0;

  begin(text: string): void {
    this.#text = text;
    this.#begin = this.#end = 0;
  }

  /** Where text[begin, end) is in `bytes`, until the next call; -1 if it is too long. What is behind it is anything. */
  reach(begin: number, end: number): number {
    return begin >= this.#begin && end <= this.#end ? begin - this.#begin : this.#move(begin, end);
  }

  #move(begin: number, end: number): number {
    if (end - begin > WINDOW_BYTES) return -1;
    this.#begin = begin;
    this.#end = Math.min(this.#text.length, begin + WINDOW_BYTES);
    this.#buffer.latin1Write(this.#text.slice(begin, this.#end), 0);
    return 0;
  }
}

/** Whether a[at, at + size) and b[bt, bt + size) are the same; both have three bytes more. */
export function areSame(a: DataView, at: number, b: DataView, bt: number, size: number): boolean {
  let i = 0;
  for (; i + 4 <= size; i += 4) if (a.getInt32(at + i, true) !== b.getInt32(bt + i, true)) return false;
  const rest = size - i;
  return rest === 0 || (a.getInt32(at + i, true) ^ b.getInt32(bt + i, true)) << (32 - 8 * rest) === 0;
}

/** A hash of bytes[at, at + size); there are three bytes more. */
export function hashOf(view: DataView, at: number, size: number): number {
  let hash = size;
  let i = 0;
  for (; i + 4 <= size; i += 4) hash = mixed(hash ^ view.getInt32(at + i, true));
  const rest = size - i;
  return rest === 0 ? hash : mixed(hash ^ (view.getInt32(at + i, true) << (32 - 8 * rest)));
}

function mixed(word: number): number {
  const product = Math.imul(word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** Where a byte is first in [at, end), or `end`; `word` is the byte four times. */
export function byteAt(view: DataView, at: number, end: number, word: number): number {
  for (let i = at; i < end; i += 4) {
    const difference = view.getInt32(i, true) ^ word;
    const zeros = (difference - 0x01010101) & ~difference & 0x80808080;
    if (zeros !== 0) return Math.min(end, i + ((31 - Math.clz32(zeros & -zeros)) >> 3));
  }
  return end;
}
