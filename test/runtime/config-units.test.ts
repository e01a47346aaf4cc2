import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BYTES_PATTERN,
  DURATION_PATTERN,
  parseBytes,
  parseSeconds,
  writeBytes,
  writeSeconds,
} from "../../processors/runtime/config-units.ts";

describe("units", () => {
  for (const [text, bytes] of [
    ["0 B", 0],
    ["1kB", 1000],
    ["1 KiB", 1024],
    ["1.5 KiB", 1536],
    ["32 MiB", 33_554_432],
    ["0.001 KiB", 1],
    ["2 GB", 2_000_000_000],
  ] as const) {
    it(`${text} is ${bytes} bytes`, () => {
      expect(BYTES_PATTERN.test(text)).toBe(true);
      expect(parseBytes(text)).toBe(bytes);
    });
  }

  for (const text of ["", "1", "MiB", "-1 B", "1  B", "1 mib", ".5 B", "1e3 B", "1 MiB ", "1 TiB"]) {
    it(`"${text}" is not an amount of bytes`, () => expect(BYTES_PATTERN.test(text)).toBe(false));
  }

  for (const text of ["", "10", "s", "0s", "-1s", "1.5s", "1 w", "1ms", " 1s"]) {
    it(`"${text}" is not a length of time`, () => expect(DURATION_PATTERN.test(text)).toBe(false));
  }

  it("what is written is what is read", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 1, max: 86_400 }), (bytes, seconds) => {
        expect(writeBytes(bytes)).toMatch(BYTES_PATTERN);
        expect(parseBytes(writeBytes(bytes))).toBe(bytes);
        expect(writeSeconds(seconds)).toMatch(DURATION_PATTERN);
        expect(parseSeconds(writeSeconds(seconds))).toBe(seconds);
      }),
    );
  });

  it("the largest unit that divides is chosen", () => {
    expect([600, 3600, 86_400, 61].map(writeSeconds)).toEqual(["10m", "1h", "1d", "61s"]);
    expect([1536, 1 << 20, 3].map(writeBytes)).toEqual(["1536 B", "1 MiB", "3 B"]);
  });
});
