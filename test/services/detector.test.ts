import { beforeAll, describe, expect, it } from "vitest";
import {
  rememberHour,
  rollUpHistory,
  rollUpHour,
  type Scored,
  scoreHistory,
  scoreHour,
} from "../../processors/services/detector.ts";
import { MONDAY, makeCounts, makeGauge, WINDOW_SECONDS, WINDOWS_A_DAY } from "../support/make-series.ts";
import { useStore } from "../support/make-store.ts";

const DAYS = 17;
const COUNT = DAYS * WINDOWS_A_DAY;

/** Series that use every branch: a season, gaps, few counts, silences, spikes, late beginnings, no zeros at all. */
function makeAll(): Record<string, (number | null)[]> {
  const gauge: (number | null)[] = makeGauge(1, COUNT);
  const counts = makeCounts(2, COUNT, 2, 0.5);
  return {
    gauge: gauge.map((value, k) => (k % 700 === 650 ? value! * 3 : value)),
    gaps: gauge.map((value, k) => (k % 1000 > 940 || k % 37 === 5 ? null : value)),
    counts: counts.map((value, k) => (k % 1500 > 1460 ? 0 : value)),
    rare: counts.map((value) => (value > 6 ? 1 : 0)),
    late: counts.map((value, k) => (k < 14 * WINDOWS_A_DAY + 55 ? null : value * 10)),
    mixed: counts.map((value, k) => (k < 2000 ? value : value + 0.25)),
  };
}

function hourAt(hour: number): string {
  return new Date((MONDAY + hour * 3600) * 1000).toISOString().slice(0, 19).replace("T", " ");
}

/** Midnights, hours after gaps, the first hours, hours of spikes and in a silence; a weekend. */
const HOURS = [1, 13, 122, 145, 337, 341, 366, 399];

describe("scores of one hour, from what is remembered", () => {
  const store = useStore();

  beforeAll(async () => {
    await store().command(
      "CREATE TABLE five_minutes (rule String, signal String, key Array(String), window_start DateTime('UTC'), value Float64) ENGINE = MergeTree ORDER BY window_start",
    );
    for (const [name, values] of Object.entries(makeAll())) {
      await store().command(
        `INSERT INTO five_minutes SELECT 'route', 'events', ['acme', {name:String}], toDateTime({monday:UInt32} + (number - 1) * 300, 'UTC'), value
         FROM (SELECT arrayJoin(arrayEnumerate({values:Array(Nullable(Float64))} AS list)) AS number, list[number] AS value) WHERE value IS NOT NULL`,
        { name, monday: MONDAY, values },
      );
    }
    await rollUpHistory(store(), "five_minutes");
  });

  it("are those of the whole history, within 1e-9, and leave the same behind", async () => {
    const history = new Map((await scoreHistory(store(), "five_minutes")).map((row) => [nameOf(row), row]));
    const untouched = "SELECT * EXCEPT stored_at FROM baselines FINAL WHERE hour = {hour:DateTime('UTC')} ORDER BY key";
    let compared = 0;
    let fired = 0;
    for (const hour of HOURS.map(hourAt)) {
      const before = await store().query<Record<string, unknown>>(untouched, { hour });
      await rememberHour(store(), hour);
      const scored = await scoreHour(store(), "five_minutes", hour);
      expect(scored.length).toBeGreaterThan(20);
      for (const row of scored) {
        expectClose(row, history.get(nameOf(row))!, nameOf(row));
        if (row.score > 0) fired++;
        compared++;
      }
      await rollUpHour(store(), "five_minutes", hour);
      const after = await store().query<Record<string, unknown>>(untouched, { hour });
      expect(after.length).toBe(before.length);
      for (const [k, row] of after.entries()) expectClose(row, before[k], `${hour} ${String(row["key"])}`);
    }
    expect(compared).toBeGreaterThan(400);
    expect(fired).toBeGreaterThan(20);
  });

  it("of the windows so far are those that they stay", async () => {
    const hour = hourAt(366);
    await rememberHour(store(), hour);
    const whole = await scoreHour(store(), "five_minutes", hour);
    const early = `(SELECT * FROM five_minutes WHERE window_start < toDateTime('${hour}', 'UTC') + ${5 * WINDOW_SECONDS})`;
    const part = await scoreHour(store(), early, hour);
    const all = new Map(whole.map((row) => [nameOf(row), row]));
    expect(part.length).toBeGreaterThan(20);
    for (const row of part) expect(row).toEqual(all.get(nameOf(row)));
  });
});

function nameOf({ key, window_start }: Scored): string {
  return `${key.join("/")} ${window_start}`;
}

/** Numbers within 1e-9 of each other, of their size where that is more than 1; all else equal. */
function expectClose(actual: object, expected: object, where: string): void {
  expect(Object.keys(actual), where).toEqual(Object.keys(expected));
  for (const [column, value] of Object.entries(actual)) {
    const other = (expected as Record<string, unknown>)[column];
    const [ours, theirs] = [value, other].map((side) => (Array.isArray(side) ? side : [side]));
    expect(ours.length, `${where} ${column}`).toBe(theirs.length);
    for (const [k, one] of ours.entries()) {
      if (typeof one !== "number") expect(one, `${where} ${column}`).toEqual(theirs[k]);
      else
        expect(
          Math.abs(one - theirs[k]) / Math.max(1, Math.abs(one)),
          `${where} ${column}: ${one} and ${theirs[k]}`,
        ).toBeLessThan(1e-9);
    }
  }
}
