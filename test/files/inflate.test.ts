import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containerOf, INFLATE_LIMITS, type InflateLimits, inflatedReader } from "../../processors/files/inflate.ts";
import { createZstdFrames } from "../../processors/files/zstd-frames.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "weir-inflate-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Everything an archive gives, and the error it ends with. */
async function inflated(archive: Buffer, limits?: InflateLimits): Promise<{ content: Buffer; error: unknown }> {
  const path = join(dir, "archive");
  writeFileSync(path, archive);
  const reader = inflatedReader(path, containerOf(archive), limits);
  const pieces: Buffer[] = [];
  let position = 0;
  try {
    for (;;) {
      const piece = Buffer.alloc(50_000);
      const count = await reader.read(position, piece, 0, piece.length);
      if (count === 0) return { content: Buffer.concat(pieces), error: null };
      pieces.push(piece.subarray(0, count));
      position += count;
    }
  } catch (error) {
    return { content: Buffer.concat(pieces), error };
  } finally {
    await reader.close();
  }
}

/** Lines that compress like logs. */
function content(lines: number): Buffer {
  let text = "";
  for (let i = 0; i < lines; i++)
    text += `2024-05-01 INFO request ${(i * 2654435761) % 1e9} took ${(i * 7919) % 1000} ms\n`;
  return Buffer.from(text);
}

const COMPRESS: [string, (bytes: Buffer) => Buffer][] = [
  ["gzip", (bytes) => gzipSync(bytes)],
  ["zstd", (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
];
const CORRUPT = expect.objectContaining({ code: "SOURCE_CORRUPT" });

describe.each(COMPRESS)("%s", (name, compress) => {
  it("is known by its first bytes", () => {
    expect(containerOf(compress(content(1)))).toBe(name);
    expect(containerOf(content(1))).toBe("plain");
    expect(containerOf(Buffer.alloc(0))).toBe("plain");
  });

  it("gives all members of an archive, wherever they end", async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, async (sizes) => {
        const pieces = sizes.map(content);
        const { content: found, error } = await inflated(Buffer.concat(pieces.map(compress)));
        expect(error).toBeNull();
        expect(found.equals(Buffer.concat(pieces))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it("that ends too early gives what was there, and the error", async () => {
    const whole = content(20_000);
    const archive = compress(whole);
    for (const length of [archive.length - 3, archive.length >> 1, 12]) {
      const { content: found, error } = await inflated(archive.subarray(0, length));
      expect(error).toEqual(CORRUPT);
      expect(String(error)).toContain(join(dir, "archive"));
      expect(found.equals(whole.subarray(0, found.length))).toBe(true);
    }
    expect((await inflated(archive.subarray(0, archive.length - 3))).content.length).toBe(whole.length);
  });

  it.each([1, 3, 10])("that ends %i bytes into its second member ends too early", async (bytes) => {
    const archive = compress(content(10));
    const { content: found, error } = await inflated(Buffer.concat([archive, archive.subarray(0, bytes)]));
    expect(error).toEqual(CORRUPT);
    expect(found.equals(content(10))).toBe(true);
  });

  it("that is damaged in its second member gives all of the first", async () => {
    const first = compress(content(8000));
    const second = compress(content(8000));
    second.fill(0xff, 2, 40);
    const { content: found, error } = await inflated(Buffer.concat([first, second]));
    expect(error).toEqual(CORRUPT);
    expect(found.subarray(0, content(8000).length).equals(content(8000))).toBe(true);
  });

  it("that is followed by something else is damaged", async () => {
    const { content: found, error } = await inflated(
      Buffer.concat([compress(content(10)), Buffer.from("something else")]),
    );
    expect(error).toEqual(CORRUPT);
    expect(found.equals(content(10))).toBe(true);
  });

  it("that inflates too much is refused", async () => {
    const limits = { ...INFLATE_LIMITS, inflatedBytesFree: 1 << 20, inflationRatioMax: 100 };
    const { content: found, error } = await inflated(compress(Buffer.alloc(20 << 20)), limits);
    expect(error).toEqual(CORRUPT);
    expect(found.length).toBeLessThanOrEqual(4 << 20);
    expect((await inflated(compress(content(50_000)), limits)).error).toBeNull();
  });

  it("can be read again from any position", async () => {
    const path = join(dir, "again");
    writeFileSync(path, compress(content(5000)));
    const reader = inflatedReader(path, name as "gzip" | "zstd");
    for (const position of [100_000, 7, 150_000, 149_990]) {
      const found = Buffer.alloc(20);
      expect(await reader.read(position, found, 0, 20)).toBe(20);
      expect(found.equals(content(5000).subarray(position, position + 20))).toBe(true);
    }
    await reader.close();
  });
});

describe("gzip", () => {
  it("may be padded with zeros", async () => {
    const { content: found, error } = await inflated(Buffer.concat([gzipSync(content(10)), Buffer.alloc(70_000)]));
    expect(error).toBeNull();
    expect(found.equals(content(10))).toBe(true);
  });
});

describe("zstd", () => {
  it("with a window beyond the limit is refused", async () => {
    const params = { [constants.ZSTD_c_windowLog]: 24, [constants.ZSTD_c_contentSizeFlag]: 0 };
    const archive = zstdCompressSync(content(200_000), { params });
    expect((await inflated(archive, { ...INFLATE_LIMITS, windowLogMax: 20 })).error).toEqual(CORRUPT);
    expect((await inflated(archive)).error).toBeNull();
  });

  it("frames are found wherever the bytes are cut, skippable ones too", () => {
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9]);
    const archives = [compressed(0), skippable, compressed(300_000), compressed(10, 1)];
    const all = Buffer.concat(archives);
    const expected = archives.map((_, i) => archives.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0));
    for (const step of [1, 5, 1000, all.length]) {
      const frames = createZstdFrames();
      const ends: number[] = [];
      for (let position = 0; position < all.length; ) {
        position = frames.pieceEnd(all.subarray(0, position + step), position);
        if (frames.isBetween) ends.push(position);
      }
      expect(ends).toEqual(expected);
    }
  });
});

function compressed(bytes: number, checksumFlag = 0): Buffer {
  return zstdCompressSync(Buffer.alloc(bytes, "some text\n"), {
    params: { [constants.ZSTD_c_checksumFlag]: checksumFlag },
  });
}
