import type { SeriesTable } from "../model/series.ts";
import { csvFields } from "./csv-fields.ts";
import { secondsOf } from "./instant.ts";

/** What is wrong with a file of series. */
export interface SeriesProblem {
  /** From 1. */
  readonly line: number;
  readonly what: string;
}

export interface ReadSeries {
  readonly table: SeriesTable;
  /** The first problems, at most `PROBLEMS_MAX`. */
  readonly problems: readonly SeriesProblem[];
  readonly problemCount: number;
}

const PROBLEMS_MAX = 10;
const SHOWN_MAX = 40;
/** ClickHouse's DateTime ends there. */
const SECONDS_MAX = 2 ** 32;
const SERIES = ["series", "key", "name", "metric"];
const TIME = ["timestamp", "ts", "time", "window_start"];
const VALUE = ["value", "count", "events"];
const MISSING = new Set(["", "nan", "null", "na", "\\n"]);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

interface Places {
  readonly series: number;
  readonly time: number;
  readonly value: number;
  readonly fields: number;
}

/**
 * Reads CSV with a header that names the columns series, timestamp (or ts, time, window_start) and value (or count,
 * events), in any order and among others. Without the column series the file is one series, called `name`. An empty
 * value is a missing one.
 */
export function readSeries(text: string, name: string): ReadSeries {
  const problems: SeriesProblem[] = [];
  let problemCount = 0;
  const lines = (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text).split("\n");
  const series = new Uint32Array(lines.length);
  const seconds = new Float64Array(lines.length);
  const values = new Float64Array(lines.length);
  const times: string[] = [];
  const names: string[] = [];
  const codes = new Map<string, number>();
  let rows = 0;

  function report(line: number, what: string): void {
    problemCount++;
    if (problems.length < PROBLEMS_MAX) problems.push({ line, what });
  }

  const places = findColumns(lines[0].trim());
  if (typeof places === "string") report(1, places);
  for (let k = 1; k < lines.length && typeof places !== "string"; k++) {
    const line = lines[k].endsWith("\r") ? lines[k].slice(0, -1) : lines[k];
    if (line === "") continue;
    const fields = csvFields(line);
    if (fields === null || fields.length !== places.fields) {
      report(
        k + 1,
        `has ${fields === null ? "a quote that is not closed" : fieldCount(fields)} instead of ${places.fields}`,
      );
      continue;
    }
    const time = fields[places.time].trim();
    const written = fields[places.value].trim();
    const at = secondsOf(time);
    const value = MISSING.has(written.toLowerCase()) ? Number.NaN : NUMBER.test(written) ? Number(written) : null;
    if (Number.isNaN(at)) report(k + 1, `has no time in ${shown(time)}`);
    else if (at < 0 || at >= SECONDS_MAX) report(k + 1, `has a time before 1970 or after 2105: ${shown(time)}`);
    else if (value === null || Math.abs(value) === Number.POSITIVE_INFINITY)
      report(k + 1, `has no number in ${shown(written)}`);
    else {
      const key = places.series < 0 ? name : fields[places.series];
      let code = codes.get(key);
      if (code === undefined) {
        code = names.push(key) - 1;
        codes.set(key, code);
      }
      series[rows] = code;
      seconds[rows] = at;
      values[rows] = value;
      times.push(time);
      rows++;
    }
  }
  return { table: { rows, names, series, times, seconds, values }, problems, problemCount };
}

/** Where the columns are, or what is wrong with the header. */
function findColumns(header: string): Places | string {
  const titles = (csvFields(header) ?? []).map((title) => title.trim().toLowerCase());
  const find = (names: readonly string[]) => titles.findIndex((title) => names.includes(title));
  const places = { series: find(SERIES), time: find(TIME), value: find(VALUE), fields: titles.length };
  if (places.time >= 0 && places.value >= 0) return places;
  return `must name the columns series, timestamp and value (series may be left out), but is ${shown(header)}`;
}

function fieldCount({ length }: readonly string[]): string {
  return length === 1 ? "1 field" : `${length} fields`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text);
}
