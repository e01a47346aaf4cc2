import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { openStore } from "../clickhouse/store.ts";
import { csvField } from "../detect/csv-fields.ts";
import { placeWindows } from "../detect/place-windows.ts";
import { drawPlot, type PlotPanel } from "../detect/plot.ts";
import { readSeries, type SeriesProblem } from "../detect/series-file.ts";
import { encodeSeries } from "../encode/series.ts";
import { WeirError } from "../model/errors.ts";
import type { SeriesTable, SeriesWindows } from "../model/series.ts";
import { historyStatement } from "./detector.ts";

export interface BacktestOptions {
  /** CSV of `series,timestamp,value`, plain or gzip. */
  readonly file: string;
  /** Where the scores go, a row for each row of the file; null: nowhere. */
  readonly out: string | null;
  /** Where a picture goes (SVG); null: nowhere. */
  readonly plot: string | null;
  readonly score: "budget" | "raw";
  /** False alarms per week and series that are put up with. */
  readonly budget: number;
}

export interface Firing {
  readonly series: string;
  /** As it was written. */
  readonly timestamp: string;
  readonly value: number;
  readonly score: number;
  readonly expected: number;
  /** null: no bound. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly why: string;
}

export interface BacktestSummary {
  readonly series: number;
  readonly rows: number;
  /** Windows without a row that were taken for zero. */
  readonly filled: number;
  /** Weeks of all series together. */
  readonly weeks: number;
  readonly threshold: number;
  readonly firings: readonly Firing[];
}

const BYTES_MAX = 1 << 28;
const PANELS_MAX = 6;
/** Of the raw score: finds what a person would call unusual, with some false alarms. */
const RAW_THRESHOLD = 4.2;
const OBSERVATIONS = "observations";

/**
 * Scores the series of a file with the shipped detector, in an engine of its own that is thrown away. Throws
 * SOURCE_NOT_FOUND, SOURCE_UNREADABLE or SOURCE_CORRUPT for the file, SERIES_INVALID for what is in it.
 */
export async function backtest(options: BacktestOptions): Promise<BacktestSummary> {
  const { table, problems, problemCount } = readSeries(
    await readText(options.file),
    basename(options.file)
      .replace(/\.gz$/, "")
      .replace(/\.csv$/, ""),
  );
  if (problemCount > 0) throw invalid(options.file, problems, problemCount);
  const windows = placeWindows(table);
  const threshold = options.score === "raw" ? RAW_THRESHOLD : 3 - Math.log10(options.budget);
  const lines = windows.count === 0 ? [] : await score(windows, options.score, threshold);
  const firings: Firing[] = [];
  const outLines = options.out === null ? null : Array.from<string>({ length: table.rows });
  for (let k = 0; k < windows.count; k++) {
    const row = windows.row[k];
    const scored = lines[k];
    if (outLines !== null && row >= 0) outLines[row] = scored.replaceAll("\t", ",").replace(/-?inf/g, "");
    if (scored.endsWith("\t")) continue;
    firings.push(firingOf(table, windows, k, scored));
  }
  if (options.out !== null && outLines !== null) await writeFile(options.out, scoresText(table, outLines));
  if (options.plot !== null) await writeFile(options.plot, drawPlot(panelsOf(table, windows, lines)));
  return {
    series: table.names.length,
    rows: table.rows,
    filled: windows.row.reduce((filled, row) => filled + (row < 0 ? 1 : 0), 0),
    weeks: weeksOf(windows),
    threshold,
    firings,
  };
}

async function readText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new WeirError("SOURCE_NOT_FOUND", `There is no file ${path}; check the name.`);
    throw new WeirError(
      "SOURCE_UNREADABLE",
      `The file ${path} can't be read: ${String(error)}; check its permissions.`,
    );
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes, { maxOutputLength: BYTES_MAX });
    } catch (error) {
      throw new WeirError("SOURCE_CORRUPT", `The file ${path} can't be unpacked: ${String(error)}; get it again.`);
    }
  }
  if (bytes.length > BYTES_MAX)
    throw new WeirError("SOURCE_UNREADABLE", `The file ${path} has more than ${BYTES_MAX} bytes; split it by series.`);
  return bytes.toString("utf8");
}

function invalid(path: string, problems: readonly SeriesProblem[], count: number): WeirError {
  const list = problems.map(({ line, what }) => `line ${line} ${what}`);
  if (count > problems.length) list.push(`and ${count - problems.length} more`);
  return new WeirError(
    "SERIES_INVALID",
    `The file ${path} is no table of series, times and values:\n  ${list.join("\n  ")}\nCorrect these lines.`,
  );
}

/** The result's lines, tab-separated: score, expected, lower, upper, anomaly, why. One per window, in their order. */
async function score(windows: SeriesWindows, kind: string, threshold: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "weir-backtest-"));
  try {
    const store = await openStore({ dataDir: folder });
    try {
      await store.command(
        `CREATE TABLE ${OBSERVATIONS} (series UInt32, i UInt32, window_start Int64, block Int64, value Float64,
          is_new UInt8 DEFAULT 1, counts_before UInt8 DEFAULT 1, weekend_before UInt32 DEFAULT 0)
        ENGINE = MergeTree ORDER BY (series, i)`,
      );
      await store.insert(encodeSeries(OBSERVATIONS, windows));
      const result = await store.queryText(await historyStatement(), "TabSeparated", {
        readonly: false,
        parameters: { score: kind, threshold },
      });
      return (await text(result)).split("\n");
    } finally {
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function firingOf(table: SeriesTable, windows: SeriesWindows, k: number, scored: string): Firing {
  const [score, expected, lower, upper, , why] = scored.split("\t");
  const row = windows.row[k];
  return {
    series: table.names[windows.series[k]],
    timestamp: row < 0 ? new Date(windows.start[k] * 1000).toISOString() : table.times[row],
    value: windows.values[k],
    score: Number(score),
    expected: Number(expected),
    lower: boundOf(lower),
    upper: boundOf(upper),
    why,
  };
}

/** A row whose value is missing has the score 0 and nothing else. */
function scoresText(table: SeriesTable, outLines: readonly (string | undefined)[]): string {
  const names = table.names.map(csvField);
  const lines = ["series,timestamp,score,expected,lower,upper,anomaly,why"];
  for (let row = 0; row < table.rows; row++)
    lines.push(`${names[table.series[row]]},${csvField(table.times[row])},${outLines[row] ?? "0,,,,0,"}`);
  return `${lines.join("\n")}\n`;
}

function weeksOf({ count, series, start }: SeriesWindows): number {
  let seconds = 0;
  for (let k = 1; k < count; k++) if (series[k] === series[k - 1]) seconds += start[k] - start[k - 1];
  return seconds / 604_800;
}

/** The series that fired most often, most first. */
function panelsOf(table: SeriesTable, windows: SeriesWindows, lines: readonly string[]): PlotPanel[] {
  const panels: (PlotPanel & { fired: number })[] = [];
  for (let from = 0; from < windows.count; ) {
    const code = windows.series[from];
    const panel = { name: table.names[code], points: [] as PlotPanel["points"][number][], fired: 0 };
    for (; from < windows.count && windows.series[from] === code; from++) {
      const [score, , lower, upper, , why] = lines[from].split("\t");
      if (why !== "") panel.fired++;
      panel.points.push({
        seconds: windows.start[from],
        value: windows.values[from],
        lower: boundOf(lower),
        upper: boundOf(upper),
        mark: why === "" ? null : `${why}, score ${Number(score).toFixed(2)}`,
      });
    }
    panels.push(panel);
  }
  return panels.toSorted((a, b) => b.fired - a.fired).slice(0, PANELS_MAX);
}

function boundOf(text: string): number | null {
  const bound = Number(text);
  return text.endsWith("inf") || Number.isNaN(bound) ? null : bound;
}
