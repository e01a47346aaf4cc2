import { describe, expect, it } from "vitest";
import { EventBatch, OUTCOME_DEAD_LETTER, OUTCOME_DROPPED, OUTCOME_OK } from "../../processors/model/event-batch.ts";
import { createParse } from "../../processors/parse/parse.ts";
import { lineOf } from "../support/fill-layout.ts";
import { APPEND_US, isoOf, makeParseOptions, makeParser, makeRecords, rowsOf } from "../support/make-records.ts";

const COMMON = '198.51.100.7 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 23';

describe("outcomes", () => {
  it("drops blank lines and counts them", () => {
    const batch = makeParser()(["", "a", " \t\r", "b", "\x00"]);
    expect([...batch.outcomes.slice(0, 5)]).toEqual([
      OUTCOME_DROPPED,
      OUTCOME_OK,
      OUTCOME_DROPPED,
      OUTCOME_OK,
      OUTCOME_OK,
    ]);
    expect([...batch.droppedCodes]).toEqual([["BLANK_LINE", 2]]);
    expect([...batch.record.slice(0, batch.rows)]).toEqual([1, 3, 4]);
  });

  it("sets a record aside that was cut, however it would parse", () => {
    const batch = new EventBatch(1);
    batch.begin(makeRecords(["a", "bc", "", "d"], { cut: [1, 2] }));
    createParse(makeParseOptions())(batch);
    expect([...batch.outcomes.slice(0, 4)]).toEqual([OUTCOME_OK, OUTCOME_DEAD_LETTER, OUTCOME_DEAD_LETTER, OUTCOME_OK]);
    expect(batch.deadLetters[0]).toEqual({
      record: 1,
      stage: "decode",
      code: "DECODE_RECORD_TOO_LONG",
      reason: "The record is longer than 2 bytes.",
      payload: "bc",
      isExact: false,
    });
  });

  it.each(["common", "combined", "vhost_combined", "json", "logfmt"])(
    "sets a line aside that is not of the declared format %s",
    (format) => {
      const line = "x".repeat(5000);
      const batch = makeParser({ format, isDeclared: true })([line]);
      const reason = `The line is not of the declared format ${format}.`;
      const code = `PARSE_NOT_${format.toUpperCase()}`;
      expect(batch.deadLetters).toEqual([
        { record: 0, stage: "parse", code, reason, payload: line.slice(0, 4096), isExact: line.length <= 4096 },
      ]);
      expect(batch.rows).toBe(0);
    },
  );

  it("takes a line of another format as what it is where nothing is declared", () => {
    const lines = [COMMON, '{"k":1}', "a=1 b=2", "words", `shop.example:80 ${COMMON} "-" "-"`, '{"k":1', 'a=1 b="2'];
    for (const format of ["common", "vhost_combined", "json", "logfmt"]) {
      const formats = rowsOf(makeParser({ format })(lines)).map((row) => row["format"]);
      const first = format === "common" ? "common" : "combined";
      // Without its own format it is a combined line whose client is the server.
      const hosts = format === "vhost_combined" ? "vhost_combined" : "combined";
      expect(formats).toEqual([first, "json", "logfmt", "text", hosts, "text", "text"]);
    }
  });

  it("leaves nothing of a format that gave up half-way", () => {
    const lines = ["status=500 msg=x trace_id=0af7651916cd43dd8448eb211c80319c x", '{"status":500,"k":1,"l":[}'];
    for (const format of ["json", "logfmt", "common"])
      for (const row of rowsOf(makeParser({ format })(lines)))
        expect(Object.keys(row)).toEqual(["timestamp", "time_source", "body", "line_layout", "format"]);
  });
});

describe("event times", () => {
  it.each(["common", "json", "logfmt"])(
    "are the append time where a line of %s says an absurd one, which is kept in the line",
    (format) => {
      const lines = {
        common: [COMMON.replace("2015", "1989"), COMMON.replace("2015", "2027")],
        json: ['{"time":"1989-12-31T23:59:59.999Z"}', '{"time":1795521900001}'],
        logfmt: ["ts=300000000 a=1", "ts=2026-11-24T12:05:00.000001Z a=1"],
      }[format] as string[];
      const batch = makeParser({ format, isDeclared: true })(lines);
      for (const [row, line] of lines.entries()) {
        expect(isoOf(batch.timestampUs[row])).toBe(isoOf(APPEND_US));
        expect(batch.time_source[row]).toBe(2);
        expect(lineOf(batch, row)).toBe(line);
      }
    },
  );
});

describe("tenant and service", () => {
  it("are the source's where the line names none", () => {
    const parse = makeParser({ format: "json", tenant: "green", service: "cart" });
    const { strings } = parse(['{"k":1}', '{"tenant":"blue","service":"pay"}', '{"tenant":"","service":""}']);
    expect([0, 1, 2].map((row) => strings.tenant.get(row))).toEqual(["green", "blue", "green"]);
    expect([0, 1, 2].map((row) => strings.service_name.get(row))).toEqual(["cart", "pay", "cart"]);
  });
});

describe("dictionaries that are emptied between batches", () => {
  it("leave no stale ids in what the parsers remember", () => {
    // More distinct paths than a dictionary keeps.
    const lines = Array.from({ length: 6000 }, (_, i) => COMMON.replace("/a", `/${i % 3}/${i}`));
    const parse = makeParser({ format: "common" });
    const first = rowsOf(parse(lines));
    expect(rowsOf(parse(lines))).toEqual(first);
    for (let times = 1; times <= 3; times++) {
      const blanks = Array<string>(times).fill("");
      expect(rowsOf(parse([...blanks, ...lines]))).toEqual(first);
    }
  });
});
