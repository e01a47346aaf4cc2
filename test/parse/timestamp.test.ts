import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTimeFinder } from "../../processors/parse/time-finder.ts";
import { createClfTime, createIsoTime, daysSinceEpoch, type IsoTime } from "../../processors/parse/timestamp.ts";
import { isoOf } from "../support/make-records.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

describe("days since the epoch", () => {
  it("are those of the platform's calendar, and none where it has no such day", () => {
    const parts = [
      fc.integer({ min: 1, max: 9999 }),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
    ] as const;
    fc.assert(
      fc.property(...parts, (year, month, day) => {
        const date = new Date(0);
        date.setUTCFullYear(year, month - 1, day);
        const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
        expect(daysSinceEpoch(year, month, day)).toBe(exists ? date.getTime() / 86_400_000 : Number.NaN);
      }),
      { seed: 1, numRuns: 3000 },
    );
  });
});

describe("a time that was written", () => {
  const instant = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2090, 0, 1) });
  const zone = fc.integer({ min: -14 * 60, max: 14 * 60 });
  const zoneText = (minutes: number, colon: string) => {
    const size = Math.abs(minutes);
    const [hour, minute] = [Math.floor(size / 60), size % 60].map((n) => String(n).padStart(2, "0"));
    return (minutes < 0 ? "-" : "+") + hour + colon + minute;
  };

  it("is read again as the same instant from an access log", () => {
    const clfTime = createClfTime();
    fc.assert(
      fc.property(instant, zone, (ms, minutes) => {
        const second = Math.floor(ms / 1000) * 1000;
        const local = new Date(second + minutes * 60_000).toISOString();
        const text = `${local.slice(8, 10)}/${MONTHS[Number(local.slice(5, 7)) - 1]}/${local.slice(0, 4)}:${local.slice(11, 19)}`;
        expect(clfTime(`[${text} ${zoneText(minutes, "")}]`, 1)).toBe(second * 1000);
      }),
      { seed: 2 },
    );
  });

  it("is read again as the same instant from ISO, with how it was written", () => {
    const isoTime = createIsoTime();
    const out: IsoTime = { us: 0, end: 0, fractionDigits: 0, zone: "", hasZone: false };
    const fraction = fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 9 });
    fc.assert(
      fc.property(
        instant,
        zone,
        fraction,
        fc.constantFrom("T", " "),
        fc.constantFrom("", ":"),
        (ms, minutes, digits, between, colon) => {
          const second = Math.floor(ms / 1000) * 1000;
          const local = new Date(second + minutes * 60_000).toISOString();
          const written = zoneText(minutes, colon);
          const text =
            local.slice(0, 10) + between + local.slice(11, 19) + (digits === "" ? "" : `.${digits}`) + written;
          expect(isoTime(`${text} x`, 0, text.length + 2, out)).toBe(true);
          const us = second * 1000 + Number(digits.slice(0, 6).padEnd(6, "0"));
          expect(out).toEqual({ us, end: text.length, fractionDigits: digits.length, zone: written, hasZone: true });
        },
      ),
      { seed: 3 },
    );
  });
});

describe("a time without a year", () => {
  const find = createTimeFinder();
  const at = (line: string, append: string) => {
    const found = find(line, 0, line.length, Date.parse(append) * 1000);
    return found === null ? null : isoOf(found.us).slice(0, 19);
  };

  it.each<[string, string, string | null, string]>([
    ["Dec 31 23:59:59 x", "2026-01-01T00:00:05Z", "2025-12-31T23:59:59", "written before New Year, read after"],
    ["Jan  1 00:00:01 x", "2026-01-01T00:00:05Z", "2026-01-01T00:00:01", "written and read after"],
    ["Dec 31 23:59:59 x", "2025-12-31T23:59:59Z", "2025-12-31T23:59:59", "read at once"],
    ["Jan  1 00:00:01 x", "2025-12-31T23:59:59Z", "2026-01-01T00:00:01", "a clock that is ahead over New Year"],
    ["Jan  2 00:00:00 x", "2025-12-31T23:59:59Z", "2025-01-02T00:00:00", "more than a day ahead is last year's"],
    ["Feb 29 00:00:00 x", "2028-02-29T00:00:00Z", "2028-02-29T00:00:00", "this leap day"],
    ["Feb 29 00:00:00 x", "2027-12-31T00:00:00Z", "2024-02-29T00:00:00", "the leap day before"],
    ["Feb 29 00:00:00 x", "2103-01-01T00:00:00Z", "2096-02-29T00:00:00", "seven years before, over a leap century"],
    ["Feb 30 00:00:00 x", "2024-03-01T00:00:00Z", null, "in no year"],
  ])("%j appended at %s is at %s: %s", (line, append, expected) => {
    expect(at(line, append)).toBe(expected);
  });
});
