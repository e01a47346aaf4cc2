/*
 * Kafka's record batches (message format 2) as bytes: the header is read by position, the records are walked without
 * making an object of any.
 */

/** A record batch as it stands in a log. */
export interface KafkaBatch {
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
  readonly count: number;
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly codec: number;
  /** The broker's time, milliseconds since the epoch, where the topic takes that; null: each record has its own. */
  readonly logAppendTimeMs: number | null;
  readonly firstTimestampMs: number;
  readonly isTransactional: boolean;
  /** Markers of transactions: not records of anybody. */
  readonly isControl: boolean;
  readonly producerId: bigint;
  /** The records, compressed as they came. */
  readonly records: Buffer;
}

const HEADER_BYTES = 61;
/** Offset and length, which the length does not count. */
const PREFIX_BYTES = 12;
const MAGIC_AT = 16;
const MAGIC = 2;

/** Something of a log that can't be what it should be. */
export class DamagedBatch extends Error {}

/**
 * The complete batches of a fetched stretch of log; a fetch may cut the last one off, which is left out.
 * Throws DamagedBatch.
 */
export function splitBatches(bytes: Buffer): KafkaBatch[] {
  const batches: KafkaBatch[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const length = bytes.readInt32BE(at + 8);
    const magic = bytes[at + MAGIC_AT];
    if (magic !== MAGIC) throw new DamagedBatch(`the message format ${magic} is not known`);
    if (length < HEADER_BYTES - PREFIX_BYTES) throw new DamagedBatch(`a record batch has the length ${length}`);
    const end = at + PREFIX_BYTES + length;
    if (end > bytes.length) break;
    batches.push(batchAt(bytes, at, end));
    at = end;
  }
  return batches;
}

function batchAt(bytes: Buffer, at: number, end: number): KafkaBatch {
  const attributes = bytes.readInt16BE(at + 21);
  const lastOffsetDelta = bytes.readInt32BE(at + 23);
  const baseOffset = bytes.readBigInt64BE(at);
  const count = bytes.readInt32BE(at + 57);
  if (lastOffsetDelta < 0 || count < 0 || count > lastOffsetDelta + 1)
    throw new DamagedBatch(`a record batch at offset ${baseOffset} says that it has ${count} records`);
  return {
    baseOffset,
    lastOffset: baseOffset + BigInt(lastOffsetDelta),
    count,
    codec: attributes & 7,
    logAppendTimeMs: (attributes & 8) === 0 ? null : Number(bytes.readBigInt64BE(at + 35)),
    firstTimestampMs: Number(bytes.readBigInt64BE(at + 27)),
    isTransactional: (attributes & 0x10) !== 0,
    isControl: (attributes & 0x20) !== 0,
    producerId: bytes.readBigInt64BE(at + 43),
    records: bytes.subarray(at + HEADER_BYTES, end),
  };
}

/** A place in the records of a batch. Give it to `next` until that says false. */
export class RecordWalk {
  readonly #bytes: Uint8Array;
  #at = 0;
  #left: number;
  /** Of the present record. The value is bytes[begin, end); a null value is empty. */
  offsetDelta = 0;
  timestampDeltaMs = 0;
  valueBegin = 0;
  valueEnd = 0;
  /** The key is bytes[keyBegin, keyEnd); a null key is empty. */
  keyBegin = 0;
  keyEnd = 0;

  constructor(bytes: Uint8Array, count: number) {
    this.#bytes = bytes;
    this.#left = count;
  }

  /** Goes to the next record. Throws DamagedBatch. */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw new DamagedBatch("a record is longer than its batch");
    this.#at++;
    this.timestampDeltaMs = this.#varint();
    this.offsetDelta = this.#varint();
    const keyLength = this.#varint();
    this.keyBegin = this.#at;
    if (keyLength > 0) this.#at += keyLength;
    this.keyEnd = this.#at;
    const valueLength = this.#varint();
    this.valueBegin = this.#at;
    this.valueEnd = this.#at + Math.max(0, valueLength);
    if (this.valueEnd > end || this.offsetDelta < 0) throw new DamagedBatch("a value is longer than its record");
    // Headers are passed over.
    this.#at = end;
    return true;
  }

  /** The present record's headers, as text; a null value is empty. Throws DamagedBatch. */
  headers(): Record<string, string> {
    const end = this.#at;
    this.#at = this.valueEnd;
    const headers: Record<string, string> = {};
    for (let left = this.#varint(); left > 0; left--) {
      const name = this.#text(end);
      headers[name] = this.#text(end);
    }
    this.#at = end;
    return headers;
  }

  #text(end: number): string {
    const length = Math.max(0, this.#varint());
    const begin = this.#at;
    this.#at += length;
    if (this.#at > end) throw new DamagedBatch("a header is longer than its record");
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + begin, length).toString();
  }

  /** A zigzag number of up to 64 bits; exact up to 2^53. */
  #varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++];
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let low = byte & 0x7f;
    let scale = 128;
    for (let i = 1; i < 10; i++) {
      byte = bytes[this.#at++];
      if (byte === undefined) break;
      low += (byte & 0x7f) * scale;
      if (byte < 0x80) return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
      scale *= 128;
    }
    throw new DamagedBatch("a number has no end");
  }
}

/** Whether a control batch ends its producer's transaction by aborting it. */
export function isAbortMarker(batch: KafkaBatch): boolean {
  // length, attributes, timestamp, offset, key length, then the key: version and type, two bytes each.
  const { records } = batch;
  let at = 0;
  const skip = () => {
    while (records[at] >= 0x80) at++;
    at++;
  };
  skip();
  at++;
  skip();
  skip();
  skip();
  return at + 4 <= records.length && records.readInt16BE(at + 2) === 0;
}
