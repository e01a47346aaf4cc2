import type { ByteWindow } from "./byte-window.ts";
import { Dictionary } from "./dictionary.ts";
import { TextColumn } from "./text-column.ts";

/** Small enough to stay in the processor's cache: a look-up among 60,000 values costs three times as much. */
const VALUES_MAX = 16_384;
const BYTES_MAX = 16 << 20;

/** A column whose values are new this often gains nothing from being looked up. */
const NEW_SHARE_MAX = 0.5;
const LOOKUPS_MIN = 4096;
/** So many batches go without looking up before it is tried again. */
const DIRECT_BATCHES = 15;

/**
 * A text column of a batch: row i holds dictionary.values[ids[i]].
 *
 * A column that may be `direct` stops looking values up where most are new, as message bodies with ids in them: for some
 * batches it holds its texts as they stand, and ids only say whether there is one (1) or not (0). What comes out of a
 * batch is the same either way.
 */
export class StringColumn {
  readonly dictionary: Dictionary;
  ids: Uint32Array<ArrayBuffer>;
  /** The texts are in `texts`, not in the dictionary. */
  isDirect = false;
  readonly texts: TextColumn | null;
  /** Of the batch's text. */
  readonly #window: ByteWindow;
  #lookups = 0;
  #sizeBefore = 1;
  #directBatches = 0;

  constructor(rowsMax: number, mayBeDirect: boolean, window: ByteWindow, dictionary = new Dictionary()) {
    this.dictionary = dictionary;
    this.#window = window;
    this.ids = new Uint32Array(rowsMax);
    this.texts = mayBeDirect ? new TextColumn(rowsMax) : null;
  }

  /** Starts a new batch: the first `used` rows are empty, and ids of the batch before are void. */
  begin(text: string, used: number): void {
    this.ids.fill(0, 0, used);
    if (this.texts === null) {
      this.dictionary.trim(VALUES_MAX, BYTES_MAX);
      return;
    }
    const added = this.dictionary.size - this.#sizeBefore;
    if (this.isDirect) {
      this.isDirect = ++this.#directBatches < DIRECT_BATCHES;
    } else if (this.#lookups >= LOOKUPS_MIN && added > this.#lookups * NEW_SHARE_MAX) {
      this.isDirect = true;
      this.#directBatches = 0;
      this.dictionary.clear();
    } else this.dictionary.trim(VALUES_MAX, BYTES_MAX);
    if (this.isDirect) this.texts.begin(text, used);
    this.#lookups = 0;
    this.#sizeBefore = this.dictionary.size;
  }

  set(row: number, value: string): void {
    if (this.isDirect) {
      this.texts!.set(row, value);
      this.ids[row] = value === "" ? 0 : 1;
    } else {
      this.#lookups++;
      this.ids[row] = this.dictionary.intern(value);
    }
  }

  /** The row's value is text[begin, end), where `text` is the batch's. */
  setSpan(row: number, text: string, begin: number, end: number): void {
    if (this.isDirect) {
      this.texts!.setSpan(row, begin, end);
      this.ids[row] = begin === end ? 0 : 1;
    } else {
      this.#lookups++;
      this.ids[row] = this.dictionary.internSpan(this.#window, text, begin, end);
    }
  }

  get(row: number): string {
    if (this.ids[row] === 0) return "";
    return this.isDirect ? this.texts!.get(row) : this.dictionary.values[this.ids[row]];
  }

  /** Room for more rows; what the column held is void. */
  grow(rowsMax: number): void {
    this.ids = new Uint32Array(rowsMax);
    this.texts?.grow(rowsMax);
  }
}
