import { describe, expect, it } from "vitest";
import { csvField, csvFields } from "../../processors/detect/csv-fields.ts";
import { readSeries } from "../../processors/detect/series-file.ts";

describe("csvFields", () => {
  it.each([
    ["a,b,", ["a", "b", ""]],
    ['"a,b",c', ["a,b", "c"]],
    ['"say ""hi""",', ['say "hi"', ""]],
    ['x,""', ["x", ""]],
  ])("splits %j", (line, fields) => expect(csvFields(line)).toEqual(fields));

  it.each(['"a', '"a"b,c', 'x,"'])("refuses %j", (line) => expect(csvFields(line)).toBeNull());

  it.each(["a", "a,b", 'a "b"', ""])("gives %j back", (text) => expect(csvFields(csvField(text))).toEqual([text]));
});

describe("readSeries", () => {
  it("finds the columns by their names, in any order and among others", () => {
    const { table, problems } = readSeries("label,value,ts,series\n0,1.5,60,a\n1,2e3,120,b\r\n\n", "f");
    expect(problems).toEqual([]);
    expect(table.names).toEqual(["a", "b"]);
    expect(table.times).toEqual(["60", "120"]);
    expect([...table.seconds.subarray(0, 2)]).toEqual([60, 120]);
    expect([...table.values.subarray(0, 2)]).toEqual([1.5, 2000]);
  });

  it("is one series of the file's name without that column", () => {
    const { table } = readSeries("\ufefftimestamp,value\n60,1\n", "requests");
    expect([table.rows, table.names]).toEqual([1, ["requests"]]);
  });

  it("keeps a missing value as one", () => {
    const { table } = readSeries("timestamp,value\n60,\n120,NaN\n180,3\n", "f");
    expect([...table.values.subarray(0, 3)]).toEqual([Number.NaN, Number.NaN, 3]);
  });

  it("tells every problem with its line, ten of them in words", () => {
    const { problems } = readSeries(
      'series,timestamp,value\na,soon,1\na,60,many\na,60\n"a,60,1\na,-5,1\na,60,1e999\n',
      "f",
    );
    expect(problems).toEqual([
      { line: 2, what: 'has no time in "soon"' },
      { line: 3, what: 'has no number in "many"' },
      { line: 4, what: "has 2 fields instead of 3" },
      { line: 5, what: "has a quote that is not closed instead of 3" },
      { line: 6, what: 'has a time before 1970 or after 2105: "-5"' },
      { line: 7, what: 'has no number in "1e999"' },
    ]);
    const many = readSeries(`timestamp,value\n${"x,1\n".repeat(25)}`, "f");
    expect([many.problems.length, many.problemCount]).toEqual([10, 25]);
  });

  it("says what the header must be", () => {
    const [problem] = readSeries("2026-03-02,5\n2026-03-03,6\n", "f").problems;
    expect(problem.line).toBe(1);
    expect(problem.what).toContain("must name the columns series, timestamp and value");
  });
});
