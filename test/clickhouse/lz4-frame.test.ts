import { Readable } from "node:stream";
import { compressFrameSync } from "lz4-napi";
import { describe, expect, it } from "vitest";
import { createLz4Inflate } from "../../processors/clickhouse/lz4-frame.ts";

async function inflated(pieces: readonly Uint8Array[]): Promise<Buffer> {
  return Buffer.concat(await Readable.from(pieces).pipe(createLz4Inflate()).toArray());
}

function inPieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** Repetitive, but not only: matches far back and near, and literals. */
function sample(bytes: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length: bytes }, (_, i) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return i % 1000 < 900 ? i % 7 : state >>> 24;
    }),
  );
}

describe("frames of LZ4", () => {
  it("come back as they were, in whatever pieces and one after another", async () => {
    for (const bytes of [0, 1, 100, 70_000, 300_000]) {
      const data = sample(bytes);
      const frame = compressFrameSync(data);
      for (const size of [3, 4096, 1 << 20]) {
        if (bytes > 100_000 && size === 3) continue;
        expect((await inflated(inPieces(frame, size))).equals(data)).toBe(true);
      }
      expect((await inflated([frame, frame])).equals(Buffer.concat([data, data]))).toBe(true);
    }
  });

  it("reads matches that overlap themselves, and reach back into the block before", async () => {
    const header = Buffer.from("04224d18404000", "hex");
    const block = (hex: string) => {
      const data = Buffer.from(hex, "hex");
      const size = Buffer.alloc(4);
      size.writeUInt32LE(data.length);
      return Buffer.concat([size, data]);
    };
    // "ab", then 9 bytes from 2 back; the next block takes 4 from 11 back.
    const frame = Buffer.concat([header, block("256162020000"), block("000b0000"), Buffer.alloc(4)]);
    expect((await inflated([frame])).toString()).toBe("abababababaabab");
  });

  it("refuses what is damaged, cut off or something else", async () => {
    const frame = compressFrameSync(sample(70_000));
    await expect(inflated([frame.subarray(0, -5)])).rejects.toThrow("ends too early");
    await expect(inflated([Buffer.from("INSERT INTO t")])).rejects.toThrow("no LZ4 frame");
    await expect(inflated([])).rejects.toThrow("ends too early");
    const far = Buffer.concat([Buffer.from("04224d1840400004000000", "hex"), Buffer.from("00ff0000", "hex")]);
    await expect(inflated([far])).rejects.toThrow("damaged");
  });
});
