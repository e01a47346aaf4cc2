import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { compressFrameSync } from "lz4-napi";
import { compressSync } from "snappy";
import { describe, expect, it } from "vitest";
import { inflate } from "../../processors/kafka/codecs.ts";

/** Snappy blocks in the framing of Kafka's own clients. */
function xerial(bytes: Buffer, blockBytes: number): Buffer {
  const parts: Buffer[] = [Buffer.from([0x82, ...Buffer.from("SNAPPY"), 0, 0, 0, 0, 1, 0, 0, 0, 1])];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = compressSync(bytes.subarray(at, at + blockBytes));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

const CODECS: readonly (readonly [string, number, (bytes: Buffer) => Buffer])[] = [
  ["none", 0, (bytes) => bytes],
  ["gzip", 1, (bytes) => gzipSync(bytes)],
  ["snappy, one block", 2, (bytes) => compressSync(bytes)],
  ["snappy, framed", 2, (bytes) => xerial(bytes, 1000)],
  ["lz4", 3, (bytes) => compressFrameSync(bytes)],
  ["zstd", 4, (bytes) => zstdCompressSync(bytes)],
];

describe.each(CODECS)("inflate, %s", (_, codec, compress) => {
  it("gives back what was compressed", () => {
    const content = fc.uint8Array({ minLength: 1, maxLength: 5000 });
    fc.assert(
      fc.property(content, fc.nat(20), (chunk, times) => {
        const bytes = Buffer.concat(Array.from({ length: times + 1 }, () => chunk));
        const inflated = inflate(codec, compress(bytes), 1 << 20);
        expect(inflated.kind === "bytes" && inflated.bytes.equals(bytes)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("makes nothing that is longer than allowed", () => {
    const zeros = Buffer.alloc(8 << 20);
    expect(inflate(codec, compress(zeros), 1 << 20)).toEqual({ kind: "too-large" });
  });

  it("says of damaged bytes that they are damaged, or too large; it never throws", () => {
    const content = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(content, content, fc.nat(400), (chunk, junk, at) => {
        const bytes = compress(Buffer.from(chunk));
        const damaged = Buffer.concat([bytes.subarray(0, at), junk, bytes.subarray(at + junk.length)]);
        expect(["bytes", "too-large", "damaged"]).toContain(inflate(codec, damaged, 1 << 20).kind);
      }),
    );
  });
});

it("says of an unknown codec that it is unknown", () => {
  expect(inflate(5, Buffer.alloc(1), 10)).toMatchObject({ kind: "damaged" });
});
