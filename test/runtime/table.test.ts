import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cell, table } from "../../processors/runtime/table.ts";
import { textWidth } from "../../processors/runtime/terminal.ts";

const COLUMNS = [
  { title: "route", value: (row: readonly Cell[]) => row[0] },
  { title: "events", value: (row: readonly Cell[]) => row[1] },
];

describe("a table", () => {
  it("has text on the left, numbers on the right, and - for nothing", () => {
    const text = table(
      [
        ["/cart", 1234567],
        ["/日本", 7n],
        ["/x", 1.25],
        [null, null],
      ],
      COLUMNS,
    );
    expect(text).toBe("route     events\n/cart  1,234,567\n/日本          7\n/x          1.25\n-              -");
  });

  it("without rows is the line of titles", () => expect(table([], COLUMNS)).toBe("route  events"));

  it("cuts the widest text, never a number", () => {
    const text = table([["/a/very/long/route/indeed", 1234567]], COLUMNS, { widthMax: 20 });
    expect(text).toBe("route         events\n/a/very/…  1,234,567");
  });

  it("is rather too wide than wrong", () => {
    const text = table([["/some/route", 123456789012]], COLUMNS, { widthMax: 12 });
    expect(text).toBe("route              events\n/some/r…  123,456,789,012");
  });

  it("shows what would steer the terminal as escapes", () => {
    expect(table([["\x1b[2J\n", 1]], COLUMNS)).toBe("route      events\n\\x1b[2J\\n       1");
  });

  it("has one line per row, none wider than the limit where the columns can be cut that far", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, fc.nat(99_999)), { maxLength: 5 }),
        fc.integer({ min: 20, max: 60 }),
        (rows, widthMax) => {
          const lines = table(rows, COLUMNS, { widthMax }).split("\n");
          expect(lines.length).toBe(rows.length + 1);
          for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(widthMax);
        },
      ),
    );
  });
});
