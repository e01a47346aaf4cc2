import { constants, gunzipSync, zstdDecompressSync } from "node:zlib";
import { decompressFrameSync } from "lz4-napi";
import { uncompressSync } from "snappy";

/** What came out of a compressed section of records, or why nothing did. */
export type Inflated =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  /** It would be longer than allowed; it was not made. */
  | { readonly kind: "too-large" }
  | { readonly kind: "damaged"; readonly reason: string };

const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;
const ZSTD_WINDOW_LOG_MAX = 27;

/** Inflates a section of records with the codec of its batch's attributes (0 = none). Never makes more than `bytesMax`. */
export function inflate(codec: number, bytes: Buffer, bytesMax: number): Inflated {
  try {
    switch (codec) {
      case 0:
        return bytes.length > bytesMax ? { kind: "too-large" } : { kind: "bytes", bytes };
      case GZIP:
        return { kind: "bytes", bytes: gunzipSync(bytes, { maxOutputLength: bytesMax }) };
      case SNAPPY:
        return inflateSnappy(bytes, bytesMax);
      case LZ4:
        if (lz4LengthMax(bytes) > bytesMax) return { kind: "too-large" };
        return { kind: "bytes", bytes: decompressFrameSync(bytes) };
      case ZSTD:
        return {
          kind: "bytes",
          bytes: zstdDecompressSync(bytes, {
            maxOutputLength: bytesMax,
            params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
          }),
        };
      default:
        return { kind: "damaged", reason: `codec ${codec} is unknown` };
    }
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return { kind: "too-large" };
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "damaged", reason: reason.replace(/\s+/g, " ").slice(0, 200) };
  }
}

/** Header of the framing that Kafka's own clients put around snappy blocks; others send one bare block. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER_BYTES = 16;

function inflateSnappy(bytes: Buffer, bytesMax: number): Inflated {
  const blocks: Buffer[] = [];
  if (bytes.length >= XERIAL_HEADER_BYTES && bytes.subarray(0, XERIAL.length).equals(XERIAL)) {
    for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
      if (at + 4 > bytes.length) return { kind: "damaged", reason: "a snappy block has no length" };
      const length = bytes.readInt32BE(at);
      if (length < 0 || at + 4 + length > bytes.length) return { kind: "damaged", reason: "a snappy block is cut off" };
      blocks.push(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
  } else blocks.push(bytes);
  let total = 0;
  for (const block of blocks) total += snappyLength(block);
  if (total > bytesMax) return { kind: "too-large" };
  const parts = blocks.map((block) => uncompressSync(block, { asBuffer: true }) as Buffer);
  return { kind: "bytes", bytes: parts.length === 1 ? parts[0] : Buffer.concat(parts) };
}

/** The inflated length that a snappy block begins with. */
function snappyLength(block: Buffer): number {
  let length = 0;
  for (let i = 0; i < 5 && i < block.length; i++) {
    length += (block[i] & 0x7f) * 2 ** (7 * i);
    if (block[i] < 0x80) return length;
  }
  throw new Error("a snappy block has no length");
}

const LZ4_MAGIC = 0x184d2204;
const LZ4_RATIO_MAX = 255;
const LZ4_BLOCK_BYTES_MAX: Readonly<Record<number, number>> = { 4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20 };

/** The most that an LZ4 frame can become, by the sizes of its blocks. */
function lz4LengthMax(bytes: Buffer): number {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== LZ4_MAGIC) throw new Error("it is no LZ4 frame");
  const flags = bytes[4];
  const blockMax = LZ4_BLOCK_BYTES_MAX[(bytes[5] >> 4) & 7];
  if (blockMax === undefined) throw new Error("the LZ4 block size is unknown");
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const headerBytes = 7 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0);
  let total = 0;
  for (let at = headerBytes; at + 4 <= bytes.length; ) {
    const word = bytes.readUInt32LE(at);
    if (word === 0) break;
    const size = word & 0x7fffffff;
    const isStored = word >= 0x80000000;
    total += isStored ? size : Math.min(blockMax, size * LZ4_RATIO_MAX);
    at += 4 + size + (hasBlockChecksum ? 4 : 0);
  }
  return total;
}
