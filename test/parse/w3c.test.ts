import { describe, expect, it } from "vitest";
import { EventBatch } from "../../processors/model/event-batch.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { makeParseOptions, makeRecords, rowsOf } from "../support/make-records.ts";

function parse(lines: readonly string[], header = "") {
  const batch = new EventBatch(lines.length);
  batch.begin(makeRecords(lines, header === "" ? {} : { header }));
  createParse(makeParseOptions({ format: "w3c", isDeclared: true }))(batch);
  return batch;
}

describe("a W3C log", () => {
  it("is read by the header of the batch until another one stands in it", () => {
    const batch = parse(["a 198.51.100.1", "#Fields: c-ip x", "198.51.100.2 b"], "#Fields: x c-ip");
    expect(rowsOf(batch).map((row) => row["client_address"])).toEqual(["198.51.100.1", "198.51.100.2"]);
    expect([...batch.droppedCodes]).toEqual([["DIRECTIVE_LINE", 1]]);
  });

  it("forgets the header of another batch", () => {
    const run = createParse(makeParseOptions({ format: "w3c", isDeclared: true }));
    const batch = new EventBatch(1);
    const refused = ["#Fields: c-ip", ""].map((header) => {
      batch.begin(makeRecords(["198.51.100.1"], { header }));
      run(batch);
      return batch.deadLetters.length;
    });
    expect(refused).toEqual([0, 1]);
  });

  it.each([
    ["a", "one value too few"],
    ["a b c", "one too many"],
    ['a "b', "an open quote"],
  ])("refuses %j where there are two columns: %s", (line) => {
    expect(parse([line], "#Fields: x y").deadLetters.map(({ code }) => code)).toEqual(["PARSE_NOT_W3C"]);
  });

  it.each(["#Fields: x x", "#Fields:", `#Fields: ${Array.from({ length: 201 }, (_, i) => `c${i}`).join(" ")}`])(
    "takes no columns from a header that can't be right",
    (header) => {
      expect(parse(["a b"], header).deadLetters).toHaveLength(1);
    },
  );
});
