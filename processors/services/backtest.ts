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
import { type BacktestSummary, createPanelPicker, type Firing, pointOf } from "./backtest-tally.ts";
import { historyStatement } from "./detector.ts";

export interface BacktestOptions {
  /** CSV of `series,timestamp,value`, plain or gzip. */
  readonly file: string;
  /** Where the scores go, a row for each row of the file; null: nowhere. */
  readonly out: string | null;
  /** Where a picture goes (SVG); null: nowhere. */
  readonly svg: string | null;
  readonly score: "budget" | "raw";
  /** False alarms per week and series that are put up with. */
  readonly budget: number;
}

const BYTES_MAX = 1 << 28;
/** Of the raw score: finds what a person would call unusual, with some false alarms. */
const RAW_THRESHOLD = 4.2;
const OBSERVATIONS = "observations";
/** Windows that are scored at a time, unless one series has more: memory grows with them. */
const WINDOWS_MAX = 64_000;

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
  const firings: Firing[] = [];
  const picker = createPanelPicker();
  const outLines = options.out === null ? null : Array.from<string>({ length: table.rows });
  await score(windows, options.score, threshold, (from, lines) => {
    let fired = 0;
    for (const [n, scored] of lines.entries()) {
      const row = windows.row[from + n];
      if (outLines !== null && row >= 0) outLines[row] = scored.replaceAll("\t", ",").replace(/-?inf/g, "");
      if (scored.endsWith("\t")) continue;
      firings.push(firingOf(table, windows, from + n, scored));
      fired++;
    }
    if (options.svg !== null && picker.wants(fired)) picker.add(panelOf(table, windows, from, lines), fired);
  });
  if (options.out !== null && outLines !== null) await writeFile(options.out, scoresText(table, outLines));
  if (options.svg !== null) await writeFile(options.svg, drawPlot(picker.panels()));
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

/**
 * Scores groups of whole series, one after the other. `onSeries` gets of each series its first window and the result's lines,
 * one per window in their order, tab-separated: score, expected, lower, upper, anomaly, why.
 */
async function score(
  windows: SeriesWindows,
  kind: string,
  threshold: number,
  onSeries: (from: number, lines: readonly string[]) => void,
): Promise<void> {
  if (windows.count === 0) return;
  const folder = await mkdtemp(join(tmpdir(), "weir-backtest-"));
  try {
    const store = await openStore({ dataDir: folder });
    try {
      await store.command(
        `CREATE TABLE ${OBSERVATIONS} (series UInt32, i UInt32, window_start Int64, block Int64, value Float64,
          is_new UInt8 DEFAULT 1, counts_before UInt8 DEFAULT 1, weekend_before UInt32 DEFAULT 0)
        ENGINE = MergeTree ORDER BY (series, i)`,
      );
      const statement = await historyStatement();
      for (let from = 0; from < windows.count; ) {
        const to = endOfGroup(windows, from);
        await store.command(`TRUNCATE TABLE ${OBSERVATIONS}`);
        await store.insert(encodeSeries(OBSERVATIONS, sliceOf(windows, from, to)));
        const parameters = { score: kind, threshold };
        const result = await store.queryText(statement, "TabSeparated", { readonly: false, parameters });
        const lines = (await text(result)).split("\n");
        for (let at = from; at < to; ) {
          const end = endOfSeries(windows, at);
          onSeries(at, lines.slice(at - from, end - from));
          at = end;
        }
        from = to;
      }
    } finally {
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function endOfSeries({ series, count }: SeriesWindows, from: number): number {
  let end = from;
  while (end < count && series[end] === series[from]) end++;
  return end;
}

function endOfGroup(windows: SeriesWindows, from: number): number {
  let end = endOfSeries(windows, from);
  while (end < windows.count) {
    const next = endOfSeries(windows, end);
    if (next - from > WINDOWS_MAX) break;
    end = next;
  }
  return end;
}

function sliceOf(windows: SeriesWindows, from: number, to: number): SeriesWindows {
  const { series, i, start, block, values, row } = windows;
  return {
    count: to - from,
    series: series.subarray(from, to),
    i: i.subarray(from, to),
    start: start.subarray(from, to),
    block: block.subarray(from, to),
    values: values.subarray(from, to),
    row: row.subarray(from, to),
  };
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

function panelOf(table: SeriesTable, windows: SeriesWindows, from: number, lines: readonly string[]): PlotPanel {
  const points = lines.map((line, n) => {
    const [score, , lower, upper, , why] = line.split("\t");
    return pointOf({
      seconds: windows.start[from + n],
      value: windows.values[from + n],
      lower: boundOf(lower),
      upper: boundOf(upper),
      score: Number(score),
      why,
    });
  });
  return { name: table.names[windows.series[from]], points };
}

function boundOf(text: string): number | null {
  const bound = Number(text);
  return text.endsWith("inf") || Number.isNaN(bound) ? null : bound;
}
