const INITIAL_BYTES = 1 << 16;
/** Below this, twice a number is exact and shifts of it are. */
const SMALL = 2 ** 30;
/** Zigzag of a larger number is beyond what a double tells from its neighbours. */
const EXACT = 2 ** 52;
const LONG_MAX = (1n << 63n) - 1n;
/** A text of fewer characters has a length of one byte, whatever they are: at most three bytes each, twice for the sign. */
const SHORT = 21;

/** Avro's binary encoding of values whose schema the caller knows, into a growing buffer. */
export class AvroWriter {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  /** All that was written. Nothing may be written afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** What no long can hold becomes the nearest that it can. */
  long(value: number | bigint): void {
    this.#reserve(10);
    if (typeof value === "bigint" || value >= EXACT || value <= -EXACT) this.#large(BigInt(value));
    else this.#varint(value >= 0 ? value * 2 : value * -2 - 1);
  }

  #large(value: bigint): void {
    const held = value > LONG_MAX ? LONG_MAX : value < -LONG_MAX ? -LONG_MAX : value;
    let rest = held >= 0n ? held << 1n : (-held << 1n) - 1n;
    for (; rest >= 0x80n; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= SMALL; rest = Math.floor(rest / 0x80)) this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#at++] = rest;
  }

  string(text: string): void {
    this.#reserve(text.length * 3 + 5);
    if (text.length < SHORT) {
      const bytes = this.#bytes.write(text, this.#at + 1);
      this.#bytes[this.#at] = bytes * 2;
      this.#at += bytes + 1;
      return;
    }
    this.#varint(Buffer.byteLength(text) * 2);
    this.#at += this.#bytes.write(text, this.#at);
  }

  strings(texts: readonly string[]): void {
    if (texts.length > 0) this.long(texts.length);
    for (const text of texts) this.string(text);
    this.long(0);
  }

  doubles(values: readonly number[]): void {
    if (values.length > 0) this.long(values.length);
    this.#reserve(values.length * 8 + 1);
    for (const value of values) this.#at = this.#bytes.writeDoubleLE(value, this.#at);
    this.long(0);
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
