import { describe, expect, it } from "vitest";
import { lineOf } from "../support/fill-layout.ts";
import { FORMAT_NAMES, makeLines } from "../support/make-lines.ts";
import { makeParser, rowsOf } from "../support/make-records.ts";

describe("a field", () => {
  const times = ["", ".5", ".123", ".123456", ".1234567", ",5"].flatMap((fraction) =>
    ["", "Z", "+05:30", "+0530"].map((zone) => `2024-02-29T01:02:03${fraction}${zone}`),
  );
  const epochs = [
    "1709168523",
    "1709168523.5",
    "0709168523",
    "1709168523004",
    "1709168523004005",
    "1709168523004005006",
  ];
  const numbers = [
    "0",
    "7",
    "07",
    "200",
    "999",
    "1000",
    "1.5",
    "1.50",
    "1.0005",
    "1e3",
    "-1",
    "1234567890123456",
    "x",
    "",
  ];
  const levels = ["info", "Error", "30", "35", "60", "x", ""];
  const urls = ["/a", "/a?b", "/?", "http://example.com/a?b", "http://example.com", "a?b", "?", ""];
  const ids = ["0af7651916cd43dd8448eb211c80319c", "0AF7651916CD43DD8448EB211C80319C", "b7ad6b7169203331", "x", ""];

  it.each<[string, readonly string[]]>([
    ["time", [...times, ...times.slice(0, 3).map((time) => time.replace("T", " ")), ...epochs, "soon", ""]],
    ["level", levels],
    ["severity_number", ["0", "9", "24", "25", "x", ""]],
    ["status", numbers],
    ["bytes_sent", numbers],
    ["duration_ms", numbers],
    ["duration_ns", [...numbers, "1000", "1500"]],
    ["request_time", numbers],
    ["url", urls],
    ["trace_id", ids],
    ["span_id", ids],
    ["service", ["cart", "made", ""]],
    ["msg", ["a", ""]],
    ["k", ["a", ""]],
  ])("%s has the columns of its value, whatever value was there before", (name, values) => {
    const lines = values.map((value) => `{"${name}":"${value}","n":1}`);
    const alone = lines.map((line) => rowsOf(makeParser({ format: "json" })([line]))[0]);
    for (const [first, line] of lines.entries()) {
      const parse = makeParser({ format: "json" });
      for (const [second, other] of lines.entries())
        expect(rowsOf(parse([line, other, line]))).toEqual([alone[first], alone[second], alone[first]]);
    }
  });
});

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
      if (!batch.line_kept.isEmpty(row)) kept++;
    }
    expect(batch.rows).toBeGreaterThan(3900);
    expect(kept).toBeLessThan(batch.rows / 2);
  });
});
