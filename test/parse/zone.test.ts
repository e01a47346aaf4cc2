import { describe, expect, it } from "vitest";
import { abbreviatedZoneUs, createZone, UTC } from "../../processors/parse/zone.ts";
import { isoOf, makeParser, rowsOf } from "../support/make-records.ts";

/** The instant of a wall-clock time as ISO text. */
function instantOf(zone: string, local: string): string {
  return isoOf(createZone(zone).utcUs(Date.parse(`${local}Z`) * 1000)).slice(0, 19);
}

describe("a wall-clock time", () => {
  it.each([
    ["UTC", "2026-03-29T02:30:00", "2026-03-29T02:30:00", "is the instant"],
    ["Europe/Berlin", "2026-01-15T12:00:00", "2026-01-15T11:00:00", "in winter"],
    ["Europe/Berlin", "2026-07-15T12:00:00", "2026-07-15T10:00:00", "in summer"],
    ["Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59", "before the gap"],
    ["Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00", "in the gap, counted on from before it"],
    ["Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00", "after the gap"],
    ["Europe/Berlin", "2026-10-25T01:59:59", "2026-10-24T23:59:59", "before the hour that comes twice"],
    ["Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00", "in it: the first"],
    ["Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00", "after it"],
    ["America/New_York", "2026-03-08T02:15:00", "2026-03-08T07:15:00", "in a gap west of Greenwich"],
    ["America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00", "twice, west of Greenwich"],
    ["Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00", "half an hour that comes twice"],
    ["Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:45:00", "half an hour that is left out"],
    ["Asia/Kathmandu", "2026-01-01T00:00:00", "2025-12-31T18:15:00", "a quarter of an hour"],
    ["Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00", "a day that was left out"],
    ["America/Sao_Paulo", "2018-11-04T00:30:00", "2018-11-04T03:30:00", "a gap at midnight"],
  ])("of %s, %s, is %s: %s", (zone, local, instant) => {
    expect(instantOf(zone, local)).toBe(instant);
  });

  it("is the same whatever was asked before, and agrees with the platform in every quarter of a year", () => {
    const zone = createZone("Europe/Berlin");
    const shown = new Intl.DateTimeFormat("sv-SE", {
      timeZone: "Europe/Berlin",
      dateStyle: "short",
      timeStyle: "medium",
    });
    for (let ms = Date.UTC(2025, 11, 31); ms < Date.UTC(2027, 0, 2); ms += 900_000) {
      const local = Date.parse(`${shown.format(ms).replace(" ", "T")}Z`);
      const found = zone.utcUs(local * 1000) / 1000;
      // Only of the hour that comes twice the second one is not found.
      expect(found === ms || (found === ms - 3_600_000 && ms < Date.UTC(2026, 9, 25, 2))).toBe(true);
      if (ms % 7_200_000 === 0) expect(createZone("Europe/Berlin").utcUs(local * 1000)).toBe(found * 1000);
    }
  });

  it("that is none or beyond every calendar is none", () => {
    for (const us of [Number.NaN, Infinity, -9e18]) expect(createZone("Europe/Berlin").utcUs(us)).toBeNaN();
  });
});

describe("a zone's abbreviation", () => {
  it("counts where it means one zone", () => {
    expect(abbreviatedZoneUs("CEST")).toBe(7_200_000_000);
    expect(abbreviatedZoneUs("UTC")).toBe(0);
    for (const several of ["CST", "IST", "BST", "", "XYZ", "constructor"]) expect(abbreviatedZoneUs(several)).toBeNaN();
  });

  it("throws for a name that is no zone", () => {
    expect(() => createZone("Europe/Nowhere")).toThrow(RangeError);
    expect(createZone("UTC")).toBe(UTC);
  });
});

describe("a source's zone", () => {
  const timeOf = (format: string, line: string) =>
    rowsOf(makeParser({ format, timezone: "Europe/Berlin" })([line]))[0]["timestamp"];

  it.each([
    ["json", '{"time":"2026-07-15T12:00:00.5","n":1}', "2026-07-15T10:00:00.500000Z"],
    ["json", '{"time":"2026-07-15T12:00:00Z","n":1}', "2026-07-15T12:00:00.000000Z"],
    ["json", '{"time":1784116800,"n":1}', "2026-07-15T12:00:00.000000Z"],
    ["logfmt", "time=2026-07-15T12:00:00 n=1", "2026-07-15T10:00:00.000000Z"],
    ["text", "2026-07-15 12:00:00 x", "2026-07-15T10:00:00.000000Z"],
    ["text", "2026-07-15 12:00:00 +0100 x", "2026-07-15T11:00:00.000000Z"],
    ["syslog", "Jul 15 12:00:00 h app[7]: x", "2026-07-15T10:00:00.000000Z"],
    ["nginx_error", "2026/07/15 12:00:00 [error] 7#7: x", "2026-07-15T10:00:00.000000Z"],
    ["text", "1784116800 x", "2026-07-15T12:00:00.000000Z"],
    ["text", "Jul 15 12:00:00 x", "2026-07-15T10:00:00.000000Z"],
    ["common", '198.51.100.7 - - [15/Jul/2026:12:00:00 +0000] "GET /a HTTP/1.1" 200 23', "2026-07-15T12:00:00.000000Z"],
  ])("counts for %s %j only where the line names none", (format, line, time) => {
    expect(timeOf(format, line)).toBe(time);
  });
});
