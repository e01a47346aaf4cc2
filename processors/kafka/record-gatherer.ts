import type { ReadLimit } from "../model/ports.ts";
import { type RecordBatch, toByteText } from "../model/record.ts";
import type { KafkaBatch, RecordWalk } from "./record-batch.ts";

export interface GatherOptions {
  readonly from: bigint;
  /** null: wherever the limit or the log ends. */
  readonly to: bigint | null;
  readonly limit: ReadLimit;
  readonly recordBytesMax: number;
  /** Values are no text: a line feed at their end belongs to them. */
  readonly isBinary?: boolean;
  /** Record header that holds the header line by which a record is read; absent: there is none. */
  readonly headerLine?: string | null;
}

const DAY_MS = 86_400_000;
const ROOM_MIN = 1024;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** A stretch of inflated record batches whose values are in the batch. */
interface Stretch {
  readonly bytes: Buffer;
  readonly begin: number;
  readonly end: number;
}

/**
 * Gathers records of one read into a record batch: the stretches of bytes that hold them, and where each is in these.
 * Offsets are counted from where the read begins: numbers, where objects for each record would cost more than the walk.
 */
export class RecordGatherer {
  readonly #options: GatherOptions;
  readonly #stretches: Stretch[] = [];
  #length = 0;
  #valueBytes = 0;
  #count = 0;
  #begins = new Uint32Array(ROOM_MIN);
  #ends = new Uint32Array(ROOM_MIN);
  #deltas = new Uint32Array(ROOM_MIN);
  #timesUs = new Float64Array(ROOM_MIN);
  readonly #cut: number[] = [];
  readonly #headers = new Map<number, string>();
  #header: string | undefined;
  /** The records' day, whose first moment this is. */
  #dayMs = Number.NaN;
  /** Where the range ends. */
  readonly #to: number;
  /** One past the last offset that is covered. */
  #next = 0;
  isFull = false;

  constructor(options: GatherOptions) {
    this.#options = options;
    this.#to = options.to === null ? Number.POSITIVE_INFINITY : Number(options.to - options.from);
  }

  get isEmpty(): boolean {
    return this.#next === 0;
  }

  /** Covers offsets that hold no records for us. */
  cover(lastOffset: bigint): void {
    this.#next = Math.max(this.#next, this.#relative(lastOffset) + 1);
    if (this.#next < this.#to) return;
    this.#next = this.#to;
    this.isFull = true;
  }

  /** Takes the records of a walk; false: the rest does not fit, and the walk stands on the first of it. */
  take(batch: KafkaBatch, bytes: Buffer, state: { readonly walk: RecordWalk; isPending: boolean }): boolean {
    const { walk } = state;
    const { isBinary = false, headerLine = null } = this.#options;
    const base = this.#relative(batch.baseOffset);
    let begin = -1;
    let end = 0;
    let isDone = true;
    while (state.isPending || walk.next()) {
      state.isPending = true;
      const offset = base + walk.offsetDelta;
      if (offset >= 0) {
        const size = walk.valueEnd - walk.valueBegin;
        const timeMs = batch.logAppendTimeMs ?? batch.firstTimestampMs + walk.timestampDeltaMs;
        if (!this.#hasRoom(offset, size, timeMs)) {
          isDone = false;
          break;
        }
        if (begin < 0) begin = walk.valueBegin;
        end = walk.valueEnd;
        const at = this.#length + walk.valueBegin - begin;
        const length = isBinary ? size : lengthWithoutLineEnd(bytes, walk.valueBegin, walk.valueEnd);
        if (headerLine !== null) this.#noteHeader(walk.headers()[headerLine]);
        this.#add(offset, at, at + length, size, timeMs);
      }
      state.isPending = false;
    }
    if (begin >= 0) {
      this.#stretches.push({ bytes, begin, end });
      this.#length += end - begin;
    }
    if (isDone) this.cover(batch.lastOffset);
    return isDone;
  }

  /** Takes the records of a batch that must not be inflated: they are too long to hold, each of them. */
  takeUnread(batch: KafkaBatch): boolean {
    const timeMs = batch.logAppendTimeMs ?? batch.firstTimestampMs;
    const base = this.#relative(batch.baseOffset);
    for (let i = 0; i < batch.count; i++) {
      const offset = base + i;
      if (offset < this.#next) continue;
      if (!this.#hasRoom(offset, 0, timeMs)) return false;
      this.#cut.push(this.#count);
      this.#add(offset, this.#length, this.#length, 0, timeMs);
    }
    this.cover(batch.lastOffset);
    return true;
  }

  #relative(offset: bigint): number {
    return Number(offset - this.#options.from);
  }

  /** Whether a record still belongs to this batch; the first always does, unless it lies beyond the range. */
  #hasRoom(offset: number, size: number, timeMs: number): boolean {
    const { limit } = this.#options;
    if (offset >= this.#to) {
      this.#next = this.#to;
      this.isFull = true;
      return false;
    }
    const isRoom =
      this.#count === 0 ||
      (this.#count < limit.recordsMax &&
        this.#valueBytes + size <= limit.bytesMax &&
        // Dead letters are stored by the day of their append time, one insert a batch.
        timeMs >= this.#dayMs &&
        timeMs < this.#dayMs + DAY_MS);
    if (!isRoom) this.isFull = true;
    return isRoom;
  }

  /** Of the record that comes next; one that says nothing is read by what was before it. */
  #noteHeader(text: string | undefined): void {
    if (text === undefined || text === this.#header) return;
    this.#header = text;
    this.#headers.set(this.#count, toByteText(text));
  }

  #add(offset: number, begin: number, end: number, size: number, timeMs: number): void {
    const { recordBytesMax } = this.#options;
    const i = this.#count++;
    if (i === 0) this.#dayMs = Math.floor(timeMs / DAY_MS) * DAY_MS;
    if (i === this.#begins.length) this.#grow();
    this.#begins[i] = begin;
    this.#ends[i] = end;
    if (end - begin > recordBytesMax) {
      this.#ends[i] = begin + recordBytesMax;
      this.#cut.push(i);
    }
    this.#deltas[i] = offset;
    this.#timesUs[i] = timeMs * 1000;
    this.#valueBytes += size;
    this.#next = offset + 1;
  }

  #grow(): void {
    const double = <T extends Uint32Array | Float64Array>(old: T, made: T): T => {
      made.set(old);
      return made;
    };
    const room = this.#begins.length * 2;
    this.#begins = double(this.#begins, new Uint32Array(room));
    this.#ends = double(this.#ends, new Uint32Array(room));
    this.#deltas = double(this.#deltas, new Uint32Array(room));
    this.#timesUs = double(this.#timesUs, new Float64Array(room));
  }

  /** null: nothing was gathered or covered. */
  finish(topic: string, partition: number): RecordBatch | null {
    if (this.isEmpty) return null;
    const count = this.#count;
    return {
      topic,
      partition,
      text: textOf(this.#stretches, this.#length),
      count,
      begins: this.#begins.subarray(0, count),
      ends: this.#ends.subarray(0, count),
      firstOffset: this.#options.from,
      offsetDeltas: this.#deltas.subarray(0, count),
      nextOffset: this.#options.from + BigInt(this.#next),
      appendTimeUs: ((count === 0 ? 0 : this.#dayMs) + DAY_MS) * 1000 - 1,
      appendTimesUs: this.#timesUs.subarray(0, count),
      ...(this.#headers.size === 0 ? {} : { headers: this.#headers }),
      cut: this.#cut,
    };
  }
}

/** Stretches come together here, one read after the other; memory that is new each time has to be cleared and given back. */
let gathered = Buffer.alloc(0);

function textOf(stretches: readonly Stretch[], length: number): string {
  if (stretches.length === 1) return stretches[0].bytes.latin1Slice(stretches[0].begin, stretches[0].end);
  if (gathered.length < length) gathered = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const { bytes, begin, end } of stretches) at += bytes.copy(gathered, at, begin, end);
  return gathered.latin1Slice(0, length);
}

/** A value may end like a line of a file: the line end is not part of it. */
function lengthWithoutLineEnd(bytes: Buffer, begin: number, end: number): number {
  let last = end;
  if (last > begin && bytes[last - 1] === LINE_FEED) {
    last--;
    if (last > begin && bytes[last - 1] === CARRIAGE_RETURN) last--;
  }
  return last - begin;
}
