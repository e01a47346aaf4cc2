import { describe, expect, it } from "vitest";
import { createShop } from "../../processors/simulate/shop.ts";

/** 2026-03-02T00:00:00Z, a Monday. */
const MONDAY = 1_772_409_600;
const HOUR = 3600;
const DAY = 86_400;

const shop = createShop({ seed: 9, ratePerSecond: 100, startUs: 0, incidentsPerDay: 0 });

function linesOf(service: "shop-jobs" | "shop-admin", from: number, to: number): string[] {
  const texts: string[] = [];
  for (let second = from; second < to; second++) texts.push(shop.lines(service, second));
  return texts.filter((text) => text !== "").flatMap((text) => text.split("\n"));
}

describe("background jobs", () => {
  const hours = linesOf("shop-jobs", MONDAY + 9 * HOUR, MONDAY + 12 * HOUR);

  it("write a time, a level, a worker, a logger and a message", () => {
    const line = /^2026-03-02T\d\d:\d\d:\d\d\.\d{3}Z (INFO |ERROR) \[worker-\d\] jobs\.\w+ - run \d+\b/;
    expect(hours.filter((text) => !line.test(text))).toEqual([]);
    const times = hours.map((text) => text.slice(0, 19));
    expect(times).toEqual(times.toSorted());
  });

  it("import prices once an hour: from start to finish, and nothing between two runs", () => {
    const imports = hours.filter((text) => text.includes("jobs.PriceImport"));
    const marks = imports.flatMap((text) => /run (\d+) (started|finished)/.exec(text)?.slice(1).join(" ") ?? []);
    const ids = [...new Set(marks.map((mark) => mark.split(" ")[0]))];
    expect(ids.length).toBe(3);
    expect(marks).toEqual(ids.flatMap((id) => [`${id} started`, `${id} finished`]));
    expect(new Set(imports.map((text) => Number(text.slice(14, 16)))).size).toBeLessThan(16);
    expect(imports.length).toBeGreaterThan(1000);
  });

  it("sync stock every five minutes and report at half past two in the night", () => {
    const starts = hours.filter((text) => /jobs\.StockSync - run \d+ started/.test(text));
    expect(starts.length).toBe(36);
    const night = linesOf("shop-jobs", MONDAY, MONDAY + 4 * HOUR).filter((text) => text.includes("jobs.Report"));
    expect(night[0]).toMatch(/^2026-03-02T02:30:00\.000Z INFO {2}\[worker-4\] jobs\.Report - run \d+ started$/);
    expect(hours.filter((text) => text.includes("jobs.Report"))).toEqual([]);
  });
});

describe("the back office", () => {
  it("is busy in office hours, and nearly silent at night and at weekends", () => {
    const busy = linesOf("shop-admin", MONDAY + 9 * HOUR, MONDAY + 17 * HOUR).length;
    expect(busy).toBeGreaterThan(100);
    expect(linesOf("shop-admin", MONDAY, MONDAY + 6 * HOUR).length).toBeLessThan(busy / 10);
    expect(linesOf("shop-admin", MONDAY + 6 * DAY, MONDAY + 7 * DAY).length).toBeLessThan(busy / 2);
  });
});
