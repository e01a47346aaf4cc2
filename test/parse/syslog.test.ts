import { describe, expect, it } from "vitest";
import { EventBatch } from "../../processors/model/event-batch.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { isoOf, makeParseOptions, makeParser, makeRecords, rowsOf } from "../support/make-records.ts";

const parse = (line: string) => rowsOf(makeParser({ format: "syslog" })([line]))[0];

describe("a syslog line", () => {
  it.each([
    ["Oct 11 22:14:15", "2026-10-11", "before the append time"],
    ["Nov 25 11:00:00", "2026-11-24", "less than a day after it, as in a zone ahead: the append time"],
    ["Nov 26 11:00:00", "2025-11-26", "more than a day after it: last year's"],
    ["Dec 31 23:59:59", "2025-12-31", "over New Year"],
    ["Feb 29 00:00:00", "2024-02-29", "a day that only leap years have"],
    ["Oct 11 2019 22:14:15", "2019-10-11", "a year that is written"],
  ])("of %s is of %s: %s", (time, day) => {
    expect(parse(`${time} web-1 su: x`)["timestamp"]).toMatch(new RegExp(`^${day}T`));
  });

  it("takes the year by its own append time, though the same text was read with another", () => {
    const run = createParse(makeParseOptions({ format: "syslog" }));
    const batch = new EventBatch(1);
    const years = [2024, 2020, 2024].map((year) => {
      batch.begin(makeRecords(["Oct 11 22:14:15 a b: c"], { appendTimeUs: Date.UTC(year, 11, 1) * 1000 }));
      run(batch);
      return isoOf(batch.timestampUs[0]).slice(0, 4);
    });
    expect(years).toEqual(["2024", "2020", "2024"]);
  });

  it.each([
    ["Oct 11 22:14:15 ERROR main: x", "a level where the host stands"],
    ["Oct 11 22:14:15 web-1 no tag", "neither priority nor tag"],
    ["2026-03-02T12:00:01Z web-1 app: x", "a time that many programs write"],
    ["<34 Oct 11 22:14:15 web-1 su: x", "an open priority"],
    ["<34>1 2026-03-02T12:00:01Z web-1 app 1 - [a", "open structured data"],
  ])("is none in %j: %s", (line) => {
    expect(parse(line)["format"]).toBe("text");
  });

  it("takes all after a bare priority for the message", () => {
    expect(parse("<11>it broke")).toMatchObject({ severity_number: 17, body: "it broke", format: "syslog" });
  });
});
