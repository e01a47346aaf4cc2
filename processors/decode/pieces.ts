import type { Pieces, RecordBatch, Refusal } from "../model/record.ts";

/** More events than this in one record are a mistake of whoever wrote it. */
export const EVENTS_MAX = 10_000;
/** What all records of a batch may become, written out; a string can't be much longer. */
const WRITTEN_LENGTH_MAX = 256 << 20;

const ROOM_MIN = 1024;

export const TOO_MANY_EVENTS: Refusal = {
  code: "DECODE_TOO_MANY_EVENTS",
  reason: `The record holds more than ${EVENTS_MAX} events.`,
};

const TOO_LONG: Refusal = {
  code: "DECODE_RECORD_TOO_LONG",
  reason: "The record is too long when it is written out, alone or with those before it.",
};

/** Gathers the pieces of a batch's records, in their order. */
export class PieceGatherer {
  readonly #records: RecordBatch;
  #begins = new Uint32Array(ROOM_MIN);
  #ends = new Uint32Array(ROOM_MIN);
  #count = 0;
  readonly #firsts: Uint32Array;
  readonly #refused = new Map<number, Refusal>();
  readonly #written: string[] = [];
  #length: number;

  constructor(records: RecordBatch) {
    this.#records = records;
    this.#firsts = new Uint32Array(records.count + 1);
    this.#length = records.text.length;
  }

  /** A piece that stands in the batch's text. */
  add(begin: number, end: number): void {
    if (this.#count === this.#begins.length) this.#grow();
    this.#begins[this.#count] = begin;
    this.#ends[this.#count++] = end;
  }

  /** Pieces of one record that stand nowhere yet: they are written behind the batch's text. */
  addWritten(record: number, texts: readonly string[]): void {
    const length = texts.reduce((sum, text) => sum + text.length + 1, 0);
    if (this.#length - this.#records.text.length + length > WRITTEN_LENGTH_MAX) {
      this.refuse(record, TOO_LONG);
      return;
    }
    for (const text of texts) {
      this.add(this.#length, this.#length + text.length);
      this.#written.push(text, "\n");
      this.#length += text.length + 1;
    }
  }

  refuse(record: number, refusal: Refusal): void {
    this.#refused.set(record, refusal);
  }

  /** To be called after each record. */
  end(record: number): void {
    this.#firsts[record + 1] = this.#count;
  }

  finish(): RecordBatch {
    const { text } = this.#records;
    const pieces: Pieces = {
      count: this.#count,
      begins: this.#begins,
      ends: this.#ends,
      firsts: this.#firsts,
      refused: this.#refused,
    };
    return { ...this.#records, text: this.#written.length === 0 ? text : text + this.#written.join(""), pieces };
  }

  #grow(): void {
    const double = (old: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const made = new Uint32Array(old.length * 2);
      made.set(old);
      return made;
    };
    this.#begins = double(this.#begins);
    this.#ends = double(this.#ends);
  }
}
