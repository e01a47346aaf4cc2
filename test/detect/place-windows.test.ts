import { describe, expect, it } from "vitest";
import { placeWindows } from "../../processors/detect/place-windows.ts";
import type { SeriesTable } from "../../processors/model/series.ts";

interface Row {
  readonly series?: string;
  readonly seconds: number;
  readonly value: number;
}

function tableOf(rows: readonly Row[]): SeriesTable {
  const names = [...new Set(rows.map(({ series = "a" }) => series))];
  return {
    rows: rows.length,
    names,
    series: Uint32Array.from(rows, ({ series = "a" }) => names.indexOf(series)),
    times: rows.map(({ seconds }) => String(seconds)),
    seconds: Float64Array.from(rows, ({ seconds }) => seconds),
    values: Float64Array.from(rows, ({ value }) => value),
  };
}

/** Every 5 minutes from midnight on. */
function regular(values: readonly number[]): Row[] {
  return values.map((value, k) => ({ seconds: k * 300, value }));
}

const SIXTY = Array.from({ length: 60 }, (_, k) => 1 + (k % 5));

describe("placeWindows", () => {
  it("sorts by series and time and remembers the rows", () => {
    const windows = placeWindows(
      tableOf([
        { series: "b", seconds: 600, value: 1 },
        { series: "a", seconds: 900, value: 2 },
        { series: "b", seconds: 300, value: 3 },
        { series: "a", seconds: 0, value: 4 },
      ]),
    );
    expect([...windows.row]).toEqual([2, 0, 3, 1]);
    expect([...windows.i]).toEqual([0, 1, 0, 1]);
    expect([...windows.values]).toEqual([3, 1, 4, 2]);
  });

  it("makes blocks of the clock's hours of 5-minute windows, and of 12 windows otherwise", () => {
    const late = regular(SIXTY.slice(0, 14)).map(({ seconds, value }) => ({ seconds: seconds + 3000, value }));
    expect([...placeWindows(tableOf(late)).block]).toEqual([0, 0, ...Array<number>(12).fill(1)]);
    const slow = late.map(({ seconds, value }) => ({ seconds: 3000 + (seconds - 3000) * 6, value }));
    expect([...placeWindows(tableOf(slow)).block]).toEqual([...Array<number>(12).fill(0), 1, 1]);
  });

  it("leaves missing values out", () => {
    const rows = regular([1, Number.NaN, 3]);
    expect([...placeWindows(tableOf(rows)).row]).toEqual([0, 2]);
  });

  it("takes a gap in counts that never say zero for zeros", () => {
    const rows = regular(SIXTY).filter((_, k) => k < 40 || k > 42);
    const windows = placeWindows(tableOf(rows));
    expect(windows.count).toBe(60);
    expect([...windows.values.subarray(39, 44)]).toEqual([SIXTY[39], 0, 0, 0, SIXTY[43]]);
    expect([...windows.row.subarray(39, 44)]).toEqual([39, -1, -1, -1, 40]);
    expect([...windows.start.subarray(39, 44)]).toEqual([11_700, 12_000, 12_300, 12_600, 12_900]);
  });

  it.each<[string, (row: Row, k: number) => Row | null]>([
    ["of values that are no counts", (row) => ({ ...row, value: row.value + 0.5 })],
    ["of counts that write their zeros", (row, k) => (k === 20 ? { ...row, value: 0 } : row)],
    ["of windows that come when they like", (row, k) => ({ ...row, seconds: row.seconds + (k % 4) * 7 })],
    [
      "before the interval is known",
      (row, k) => (k === 15 ? null : { ...row, seconds: row.seconds - (k > 42 ? 900 : 0) }),
    ],
  ])("leaves gaps %s alone", (_, change) => {
    const rows = regular(SIXTY)
      .filter((__, k) => k < 40 || k > 42)
      .map((row) => change(row, row.seconds / 300))
      .filter((row) => row !== null);
    expect(placeWindows(tableOf(rows)).count).toBe(rows.length);
  });

  it("fills no more than detection remembers", () => {
    const rows = [...regular(SIXTY), { seconds: 300 * 100_000, value: 3 }];
    expect(placeWindows(tableOf(rows)).count).toBe(61 + 4032);
  });

  it("decides by earlier rows alone", () => {
    const rows = [...regular(SIXTY).filter((_, k) => k < 40 || k > 42), { seconds: 18_000, value: 0.5 }];
    const before = placeWindows(tableOf(rows.slice(0, 57)));
    const after = placeWindows(tableOf(rows));
    expect([...after.values.subarray(0, before.count)]).toEqual([...before.values]);
  });
});
