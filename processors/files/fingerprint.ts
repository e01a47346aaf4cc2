import { crc32 } from "node:zlib";

/** What is remembered of a stream's bytes before a position, kept up while reading on. */
export interface Fingerprint {
  /** CRC-32 of everything before the position. */
  readonly crc: number;
  /** The last bytes before the position, at most TAIL_BYTES; fewer when they were not seen. */
  readonly tail: Buffer;
}

export const TAIL_BYTES = 4096;

export const EMPTY_FINGERPRINT: Fingerprint = { crc: 0, tail: Buffer.alloc(0) };

/** The fingerprint after more bytes. Copies what it keeps. */
export function extended(fingerprint: Fingerprint, bytes: Buffer): Fingerprint {
  const crc = crc32(bytes, fingerprint.crc);
  if (bytes.length >= TAIL_BYTES) return { crc, tail: Buffer.from(bytes.subarray(bytes.length - TAIL_BYTES)) };
  const before = fingerprint.tail.subarray(Math.max(0, fingerprint.tail.length + bytes.length - TAIL_BYTES));
  return { crc, tail: Buffer.concat([before, bytes]) };
}

export function tailCrc(fingerprint: Fingerprint): number {
  return crc32(fingerprint.tail);
}
