import { describe, expect, it } from "vitest";
import { lineOf } from "../support/fill-layout.ts";
import { makeParser, rowsOf } from "../support/make-records.ts";

function parsed(line: string) {
  const batch = makeParser({ format: "text", isDeclared: true })([line]);
  expect(line.endsWith(batch.strings.body.get(0))).toBe(true);
  expect(lineOf(batch, 0)).toBe(line);
  const { timestamp, time_source, severity_text = "", severity_number = 0 } = rowsOf(batch)[0];
  return { time: time_source === 1 ? timestamp : null, severity: [severity_text, severity_number] };
}

describe("free text", () => {
  it.each<[string, string, number, string]>([
    ["2024-02-29 01:02:03 INFO started", "INFO", 9, "capitals"],
    ["2024-02-29 01:02:03 [error] no", "error", 17, "brackets in any case"],
    ["<warn> no", "warn", 13, "angle brackets"],
    ["[core:notice] [pid 1] x", "notice", 10, "a module before the level"],
    ["2024-02-29 01:02:03 warning: low", "warning", 13, "before a colon, behind the time"],
    ["Error: no", "Error", 17, "before a colon, at the start"],
    ["E1124 12:34:56.123456 7 x.go:1] no", "E", 17, "glog"],
    ["\x1b[31mERROR\x1b[0m no", "ERROR", 17, "between colours"],
    ["FATAL no", "FATAL", 21, "fatal"],
    ["CRIT no", "CRIT", 18, "critical"],
    ["TRACE no", "TRACE", 1, "trace"],
    ["an error occurred", "", 0, "a word in a sentence"],
    ["ERRORS found", "", 0, "part of a word"],
    ["TERROR", "", 0, "the end of a word"],
    [`${"x ".repeat(128)}ERROR`, "", 0, "too far from the start"],
    ["first\nERROR second", "", 0, "not in the first line"],
  ])("%j has level %j, severity %i: %s", (line, text, number) => {
    expect(parsed(line).severity).toEqual([text, number]);
  });

  it("is given back whatever is in it", () => {
    for (const line of ["\x01", "a\x01body\x01b", "\x00\xff", "a\nb\n\tat c", "x".repeat(100_000)]) parsed(line);
  });
});

describe("times in free text", () => {
  it.each<[string, string | null, string]>([
    ["2024-02-29T01:02:03Z x", "2024-02-29T01:02:03.000000Z", "ISO"],
    ["2024-02-29 01:02:03,456 x", "2024-02-29T01:02:03.456000Z", "a comma before the fraction"],
    ["2024-02-29 01:02:03.123456789 x", "2024-02-29T01:02:03.123456Z", "nanoseconds are cut"],
    ["2024-02-29T01:02:03+05:30 x", "2024-02-28T19:32:03.000000Z", "a zone east"],
    ["2024-02-29 01:02:03 -0800 x", "2024-02-29T09:02:03.000000Z", "a zone behind a space"],
    ["[2024/02/29 01:02:03] x", "2024-02-29T01:02:03.000000Z", "slashes, in brackets"],
    ["2024.02.29 01:02:03 x", "2024-02-29T01:02:03.000000Z", "points"],
    ["2024-02-29-01.02.03.123456 x", "2024-02-29T01:02:03.123456Z", "points in the clock"],
    ["20240229 01:02:03 x", "2024-02-29T01:02:03.000000Z", "a day in one piece"],
    ["240229 010203 x", "2024-02-29T01:02:03.000000Z", "day and clock in one piece each"],
    ["24/02/29 01:02:03 x", "2024-02-29T01:02:03.000000Z", "a year of two digits"],
    ["2024-02-29 01:02:03.5 +05:30 x", "2024-02-28T19:32:03.500000Z", "a zone with a colon behind a space"],
    ["29/Feb/2024:01:02:03 +0100 x", "2024-02-29T00:02:03.000000Z", "the notation of access logs"],
    ["Feb 29 01:02:03 2024 x", "2024-02-29T01:02:03.000000Z", "the year behind"],
    ["Thu Feb 29 2024 01:02:03 x", "2024-02-29T01:02:03.000000Z", "the year before the clock"],
    ["host app 2024-02-29 01:02:03 x", "2024-02-29T01:02:03.000000Z", "not the first word"],
    ["20171223-22:15:29:606|x", "2017-12-23T22:15:29.606000Z", "a counter of milliseconds behind a colon"],
    ["20171224-0:7:20:4|x", "2017-12-24T00:07:20.004000Z", "parts of one digit"],
    ["060102  3:04:05 x", "2006-01-02T03:04:05.000000Z", "a day of six digits, an hour of one"],
    ["20240229T010203Z x", "2024-02-29T01:02:03.000000Z", "ISO without marks"],
    ["20240229010203 x", "2024-02-29T01:02:03.000000Z", "fourteen digits"],
    ["E0229 01:02:03.5 7 x.go:1] no", "2024-02-29T01:02:03.500000Z", "glog"],
    ["[10.30 16:49:06] x", "2026-10-30T16:49:06.000000Z", "month and day with a point"],
    ["29.02.2024 01:02:03 x", "2024-02-29T01:02:03.000000Z", "a day, points"],
    ["29-Feb-2024 01:02:03.5 x", "2024-02-29T01:02:03.500000Z", "a day, dashes, a month's name"],
    ["29 Feb 2024 01:02:03 x", "2024-02-29T01:02:03.000000Z", "a day, spaces, a month's name"],
    ["Thu, 29 Feb 2024 01:02:03 GMT x", "2024-02-29T01:02:03.000000Z", "as in mail"],
    ["02/29/2024 1:02:03 PM x", "2024-02-29T13:02:03.000000Z", "the month first, half a day"],
    ["29/02/2024 12:02:03 AM x", "2024-02-29T00:02:03.000000Z", "the day first, because it can't be a month"],
    ["Feb 29, 2024 1:02:03 PM x", "2024-02-29T13:02:03.000000Z", "java.util.logging"],
    ["Thu Feb 29 01:02:03 CET 2024 x", "2024-02-29T00:02:03.000000Z", "a zone before the year"],
    ["2024-02-29 01:02:03.004 UTC [7] x", "2024-02-29T01:02:03.004000Z", "UTC by name"],
    ["2024-07-29 01:02:03 CEST x", "2024-07-28T23:02:03.000000Z", "a zone by name"],
    ["2024-02-29 01:02:03 CST x", "2024-02-29T01:02:03.000000Z", "a name of several zones"],
    ["2024-02-29 01:02:03.004+01 x", "2024-02-29T00:02:03.004000Z", "a zone of two digits"],
    [
      "- 1709168523 2024.02.29 h Feb 29 02:02:03 h x",
      "2024-02-29T01:02:03.000000Z",
      "an epoch time before one without a year",
    ],
    [
      "- 1709168523 2024.02.29 h 2024-02-29-02.02.03.5 x",
      "2024-02-29T02:02:03.500000Z",
      "a whole time after an epoch time",
    ],
    ["4711 node-7 unix.hw state 1709168523 1 x", "2024-02-29T01:02:03.000000Z", "an epoch time in a line of columns"],
    ["4711 node-7 unix.hw state 1909168523 1 x", null, "a column in the future"],
    ["app-2024-02-29 01:02:03 x", null, "the rest of a name"],
    ["v1.2024-02-29 01:02:03 x", null, "the rest of a version"],
    ["1709168523 x", "2024-02-29T01:02:03.000000Z", "seconds"],
    ["1709168523.25 x", "2024-02-29T01:02:03.250000Z", "seconds with a fraction"],
    ["1709168523004 x", "2024-02-29T01:02:03.004000Z", "milliseconds"],
    ["1709168523004005 x", "2024-02-29T01:02:03.004005Z", "microseconds"],
    ["Nov 24 11:00:00 x", "2026-11-24T11:00:00.000000Z", "no year: this year"],
    ["Nov  4 11:00:00 x", "2026-11-04T11:00:00.000000Z", "a day of one digit"],
    ["Nov 26 11:00:00 x", "2025-11-26T11:00:00.000000Z", "no year, later than now: last year"],
    ["Feb 29 01:02:03 x", "2024-02-29T01:02:03.000000Z", "no year: the last leap year"],
    ["02-29 01:02:03.004 x", "2024-02-29T01:02:03.004000Z", "month and day in digits"],
    ["2026-02-30 01:02:03 x", null, "no such day"],
    ["2023-02-29 01:02:03 x", null, "no leap year"],
    ["1900-02-29 01:02:03 x", null, "no leap century"],
    ["2024-04-31 01:02:03 x", null, "a month of 30 days"],
    ["2024-13-01 01:02:03 x", null, "month 13"],
    ["2024-00-10 01:02:03 x", null, "month 0"],
    ["2024-01-01 24:00:00 x", null, "hour 24"],
    ["2024-01-01 23:59:60 x", null, "second 60"],
    ["Feb 30 01:02:03 x", null, "no such day in any year"],
    ["2024-02-29 x", null, "a day alone"],
    ["01:02:03 x", null, "a clock alone"],
    ["order 1709168523004 x", "2024-02-29T01:02:03.004000Z", "an epoch time as the second word"],
    ["the order 1709168523004 x", null, "a number as the third word"],
    ["1989-12-31T23:59:59Z x", null, "before 1990"],
    ["1990-01-01T00:00:00Z x", "1990-01-01T00:00:00.000000Z", "the first second of 1990"],
    ["2026-11-24T12:05:00Z x", "2026-11-24T12:05:00.000000Z", "five minutes after the append time"],
    ["2026-11-24T12:05:00.000001Z x", null, "a microsecond more"],
  ])("%j is at %j: %s", (line, time) => {
    expect(parsed(line).time).toBe(time);
  });
});
