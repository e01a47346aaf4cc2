import { Transform, type TransformCallback } from "node:stream";

const MAGIC = 0x184d2204;
const HISTORY_BYTES = 1 << 16;
const MATCH_BYTES_MIN = 4;

/**
 * Inflates LZ4 frames, one block at a time, so that memory is bounded by the frame's block size (4 MiB at most). Checksums are
 * passed over: TCP has its own, and the formats inside are checked. Destroys itself with an error on anything else.
 */
export function createLz4Inflate(): Transform {
  let pending: Buffer = Buffer.alloc(0);
  let frame: Frame | null = null;
  let history: Buffer = Buffer.alloc(0);
  let isAnyRead = false;

  /** Takes one header or block off the front; false: more is needed. */
  function step(output: Transform): boolean {
    if (frame === null) {
      const header = readHeader(pending);
      if (header === null) return false;
      frame = header.frame;
      pending = pending.subarray(header.bytes);
      history = Buffer.alloc(0);
      isAnyRead = true;
      return true;
    }
    if (pending.length < 4) return false;
    const word = pending.readUInt32LE(0);
    if (word === 0) {
      const trailer = frame.hasContentChecksum ? 4 : 0;
      if (pending.length < 4 + trailer) return false;
      pending = pending.subarray(4 + trailer);
      frame = null;
      return true;
    }
    const size = word & 0x7fffffff;
    if (size > frame.blockBytesMax) throw new Error("a block of the LZ4 frame is longer than the frame allows");
    const whole = 4 + size + (frame.hasBlockChecksum ? 4 : 0);
    if (pending.length < whole) return false;
    const data = pending.subarray(4, 4 + size);
    const block = word >>> 31 === 1 ? Buffer.from(data) : inflateBlock(data, history, frame.blockBytesMax);
    history = frame.isLinked ? Buffer.concat([history, block]).subarray(-HISTORY_BYTES) : Buffer.alloc(0);
    output.push(block);
    pending = pending.subarray(whole);
    return true;
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      try {
        while (step(this));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done: TransformCallback) {
      const isWhole = frame === null && pending.length === 0 && isAnyRead;
      done(isWhole ? null : new Error("the LZ4 frame ends too early"));
    },
  });
}

interface Frame {
  readonly isLinked: boolean;
  readonly hasBlockChecksum: boolean;
  readonly hasContentChecksum: boolean;
  readonly blockBytesMax: number;
}

function readHeader(bytes: Buffer): { frame: Frame; bytes: number } | null {
  if (bytes.length < 7) return null;
  const flags = bytes[4];
  const sizeCode = (bytes[5] >> 4) & 7;
  if (bytes.readUInt32LE(0) !== MAGIC || flags >> 6 !== 1 || (flags & 1) === 1 || sizeCode < 4)
    throw new Error("the data are no LZ4 frame");
  const length = 7 + ((flags & 8) === 0 ? 0 : 8);
  if (bytes.length < length) return null;
  return {
    frame: {
      isLinked: (flags & 32) === 0,
      hasBlockChecksum: (flags & 16) !== 0,
      hasContentChecksum: (flags & 4) !== 0,
      blockBytesMax: 1 << (8 + 2 * sizeCode),
    },
    bytes: length,
  };
}

/** One block; matches may reach back into `history`. */
function inflateBlock(data: Buffer, history: Buffer, bytesMax: number): Buffer {
  const output = Buffer.allocUnsafe(history.length + bytesMax);
  history.copy(output);
  let from = 0;
  let to = history.length;
  const length = (start: number): number => {
    if (start < 15) return start;
    let total = start;
    let byte: number;
    do {
      byte = data[from++] ?? broken();
      total += byte;
    } while (byte === 255);
    return total;
  };
  while (from < data.length) {
    const token = data[from++];
    const literals = length(token >> 4);
    if (from + literals > data.length || to + literals > output.length) broken();
    data.copy(output, to, from, from + literals);
    from += literals;
    to += literals;
    if (from === data.length) break;
    if (from + 2 > data.length) broken();
    const offset = data.readUInt16LE(from);
    from += 2;
    const matched = length(token & 15) + MATCH_BYTES_MIN;
    if (offset === 0 || offset > to || to + matched > output.length) broken();
    // Byte by byte: a match may run into what it writes.
    for (let i = 0; i < matched; i++, to++) output[to] = output[to - offset];
  }
  return output.subarray(history.length, to);
}

function broken(): never {
  throw new Error("a block of the LZ4 frame is damaged");
}
