import { describe, expect, it } from "vitest";
import { lineOf } from "../support/fill-layout.ts";
import { FORMAT_NAMES, makeLines } from "../support/make-lines.ts";
import { makeParser, rowsOf } from "../support/make-records.ts";

describe.each(FORMAT_NAMES)("lines of %s", (format) => {
  it("are parsed as they are parsed alone, whatever was parsed before", () => {
    for (let seed = 1; seed <= 3; seed++) {
      const lines = makeLines(seed, 400, format);
      const parse = makeParser({ format });
      const together = [...rowsOf(parse(lines.slice(0, 200))), ...rowsOf(parse(lines.slice(200)))];
      const alone = lines.flatMap((line) => rowsOf(makeParser({ format })([line])));
      for (const [i, row] of together.entries()) expect(row).toEqual(alone[i]);
      expect(together).toHaveLength(alone.length);
    }
  });

  it("come back byte for byte out of their columns", () => {
    const lines = makeLines(7, 4000, format);
    const batch = makeParser({ format })(lines);
    let kept = 0;
    for (let row = 0; row < batch.rows; row++) {
      expect(lineOf(batch, row)).toBe(lines[batch.record[row]]);
      if (batch.line_kept[row] !== "") kept++;
    }
    expect(batch.rows).toBeGreaterThan(3900);
    expect(kept).toBeLessThan(batch.rows / 2);
  });
});
