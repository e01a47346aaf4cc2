import { describe, expect, it } from "vitest";
import { FORMAT_NAMES } from "../../processors/parse/formats.ts";
import { makeRandom } from "../support/make-lines.ts";
import { makeOwnParser } from "../support/make-own-format.ts";
import { makeParser } from "../support/make-records.ts";
import { FORMAT_LINES, OWN_FORMATS } from "./format-lines.ts";

const names = [...FORMAT_NAMES, ...Object.keys(OWN_FORMATS)];

describe("npm run bench -- formats", () => {
  it("has lines of every format (else: add the format to test/bench/format-lines.ts)", () => {
    expect(names.filter((name) => FORMAT_LINES[name] === undefined)).toEqual([]);
  });

  it.each(names)("reads all lines of %s as the plain pattern does", (name) => {
    const { line, plain, sumOf, columnOf } = FORMAT_LINES[name];
    const random = makeRandom(3);
    const lines = Array.from({ length: 200 }, (_, i) => line(random, i * 1000));
    const own = OWN_FORMATS[name];
    const parse =
      own === undefined
        ? makeParser({ format: name, isDeclared: true })
        : makeOwnParser(own.dissect, { timeFormats: own.timeFormats });
    const batch = parse(lines);
    expect(batch.rows).toBe(lines.length);
    for (const [row, one] of lines.entries()) expect(columnOf(batch, row)).toBe(sumOf(plain.exec(one)!));
  });
});
