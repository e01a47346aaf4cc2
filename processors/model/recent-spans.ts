import { areSame, type ByteWindow, hashOf } from "./byte-window.ts";

const PLACES_BITS = 14;
const PLACES = 1 << PLACES_BITS;
const SPAN_BYTES_MAX = 1024;
const COPIES_BYTES_MIN = 1 << 14;
const COPIES_BYTES_MAX = 1 << 20;
const PADDING_BYTES = 4;

/**
 * Numbers by bytes, of what came lately. Each stretch of bytes has one place, and a newer one drives an older one out, so
 * that what never comes again costs little; when the copies are too much, everything is forgotten.
 */
export class RecentSpans {
  readonly #numbers = new Int32Array(PLACES);
  /** Where the copy begins; its size, 0 = none. */
  readonly #begins = new Int32Array(PLACES);
  readonly #sizes = new Uint16Array(PLACES);
  #copies = new Uint8Array(COPIES_BYTES_MIN + PADDING_BYTES);
  #view = new DataView(this.#copies.buffer);
  #used = 0;
  #place = 0;

  /** The number of window.bytes[at, at + size), or -1. */
  find({ view }: ByteWindow, at: number, size: number): number {
    const hash = hashOf(view, at, size);
    const place = (hash ^ (hash >>> PLACES_BITS)) & (PLACES - 1);
    this.#place = place;
    if (size === 0 || this.#sizes[place] !== size || !areSame(view, at, this.#view, this.#begins[place], size))
      return -1;
    return this.#numbers[place];
  }

  /** Remembers the number of the bytes that were looked for last. */
  put({ bytes }: ByteWindow, at: number, size: number, number: number): void {
    if (size > SPAN_BYTES_MAX) return;
    if (this.#used + size > this.#copies.length - PADDING_BYTES) this.#makeRoom();
    const place = this.#place;
    const begin = this.#used;
    this.#numbers[place] = number;
    this.#begins[place] = begin;
    this.#sizes[place] = size;
    const copies = this.#copies;
    for (let i = 0; i < size; i++) copies[begin + i] = bytes[at + i];
    this.#used += size;
  }

  clear(): void {
    this.#sizes.fill(0);
    this.#used = 0;
  }

  #makeRoom(): void {
    const size = this.#copies.length - PADDING_BYTES;
    if (size >= COPIES_BYTES_MAX) {
      this.clear();
      return;
    }
    const larger = new Uint8Array(size * 4 + PADDING_BYTES);
    larger.set(this.#copies);
    this.#copies = larger;
    this.#view = new DataView(larger.buffer);
  }
}
