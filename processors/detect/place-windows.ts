import type { SeriesTable, SeriesWindows } from "../model/series.ts";

/** From how many windows the interval of a series is taken; nothing is filled in before it is known. */
const LEARNING = 30;
const REGULAR_SHARE = 0.9;
/** 14 days of 5-minute windows: more than detection remembers. */
const FILL_MAX = 4032;
const BLOCK = 12;
const CLOCK_INTERVAL = 300;
const HOUR = 3600;

/**
 * Sorts rows by series and time, leaves missing values out, and puts zeros in where a count series means zero by saying
 * nothing: `GROUP BY` makes no row for a window without events. That is taken for so while all values so far are whole
 * numbers above zero, at least 9 of 10 steps so far are the series' interval, and the gap is a multiple of it. A series
 * that writes its zeros has gaps that are no zeros. Every decision rests on earlier rows alone, so that later rows
 * change nothing.
 */
export function placeWindows(table: SeriesTable): SeriesWindows {
  const { seconds, values } = table;
  const order = Array.from({ length: table.rows }, (_, row) => row).filter((row) => !Number.isNaN(values[row]));
  order.sort((a, b) => table.series[a] - table.series[b] || seconds[a] - seconds[b] || a - b);
  const list = { series: [] as number[], i: [] as number[], start: [] as number[], block: [] as number[] };
  const placed: number[] = [];
  const rows: number[] = [];
  for (let from = 0; from < order.length; ) {
    const code = table.series[order[from]];
    let to = from;
    while (to < order.length && table.series[order[to]] === code) to++;
    const interval = intervalOf(order.slice(from, Math.min(to, from + LEARNING + 1)), seconds);
    const begin = placed.length;
    let isCount = true;
    let regular = 0;
    const push = (start: number, value: number, row: number) => {
      const i = placed.length - begin;
      list.series.push(code);
      list.i.push(i);
      list.start.push(start);
      list.block.push(interval === CLOCK_INTERVAL ? Math.floor(start / HOUR) : Math.floor(i / BLOCK));
      placed.push(value);
      rows.push(row);
    };
    for (let k = from; k < to; k++) {
      const row = order[k];
      const step = k === from ? interval : seconds[row] - seconds[order[k - 1]];
      const steps = Math.round(step / interval);
      const isRegular = regular >= REGULAR_SHARE * (k - from);
      if (k - from >= LEARNING && isCount && isRegular && steps > 1 && step === steps * interval) {
        for (let n = Math.max(1, steps - FILL_MAX); n < steps; n++) push(seconds[order[k - 1]] + n * interval, 0, -1);
      }
      if (step === interval) regular++;
      if (!(values[row] > 0 && Number.isInteger(values[row]))) isCount = false;
      push(seconds[row], values[row], row);
    }
    from = to;
  }
  return {
    count: placed.length,
    series: Uint32Array.from(list.series),
    i: Uint32Array.from(list.i),
    start: Float64Array.from(list.start),
    block: Float64Array.from(list.block),
    values: Float64Array.from(placed),
    row: Int32Array.from(rows),
  };
}

/** Lower median of the first steps; 0 for a single row. */
function intervalOf(order: readonly number[], seconds: Float64Array): number {
  const steps = order.slice(1).map((row, k) => seconds[row] - seconds[order[k]]);
  steps.sort((a, b) => a - b);
  return steps[Math.floor((steps.length - 1) / 2)] ?? 0;
}
