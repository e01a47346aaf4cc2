import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClickHouse } from "../model/ports.ts";

const SQL_DIR = fileURLToPath(new URL("../../sql/detect/", import.meta.url));

/** Pieces of the statement, in the order in which one reads from the other; sql/README.md says what each adds. */
const HISTORY = ["measure", "history-season", "compare", "history-extremes", "range", "history-tails", "score"];
const INCREMENT = [
  "increment",
  "measure",
  "increment-season",
  "compare",
  "increment-extremes",
  "range",
  "increment-tails",
  "score",
];

/** Scores all windows of the table `observations` by what was before each of them. Parameters: score, threshold. */
export function historyStatement(): Promise<string> {
  return statementOf([], HISTORY, "history");
}

export interface Scored {
  readonly rule: string;
  readonly signal: string;
  readonly key: readonly string[];
  readonly window_start: string;
  readonly value: number;
  readonly score: number;
  readonly expected: number;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly anomaly: number;
  readonly why: string;
  /** Windows of the series before this one. */
  readonly baseline_windows: number;
}

/** An anomaly without its explanation. */
export type Finding = Omit<Scored, "anomaly"> & {
  /** Absent: 300. */
  readonly window_seconds?: number;
  /** Messages that it is about, and when they were last written before that, epoch seconds. */
  readonly templates?: readonly string[];
  readonly since?: number;
};

/**
 * A relation of windows of 5 minutes with the columns rule, signal, key, window_start and value, windows of counts
 * without events included. Text of our own, never of a user.
 */
export type WindowRelation = string;

/** What the relation has besides `score`, `threshold` and `hour`. */
type Parameters = Readonly<Record<string, unknown>>;

/** The score at which a window is an anomaly: one false alarm per series and week. */
export const THRESHOLD = 3;
const SCORE_PARAMETERS = { score: "budget", threshold: THRESHOLD };

/** Scores of windows by all that is before them in the relation. Equal to `scoreHour`, hour after hour. */
export async function scoreHistory(
  store: ClickHouse,
  windows: WindowRelation,
  parameters: Parameters = {},
): Promise<Scored[]> {
  const statement = await statementOf([newWindows(windows), "windows"], HISTORY, "scores");
  return store.query(statement, { ...SCORE_PARAMETERS, ...parameters });
}

/** Fills `baselines` with the hours of a relation that begins where its series begin. */
export async function rollUpHistory(
  store: ClickHouse,
  windows: WindowRelation,
  parameters: Parameters = {},
): Promise<void> {
  const statement = await statementOf([newWindows(windows), "windows"], HISTORY, "roll-up");
  await store.command(insertOf("baselines", BASELINE_COLUMNS, statement), { ...SCORE_PARAMETERS, ...parameters });
}

/** Before the first window of an hour is scored: what is expected of it, out of the hours before. */
export async function rememberHour(store: ClickHouse, hour: string): Promise<void> {
  await store.command(insertOf("expectations", EXPECTATION_COLUMNS, await readPiece("remember")), { hour });
}

/** Scores of the windows of one hour that there are so far; the cost doesn't depend on how long the history is. */
export async function scoreHour(
  store: ClickHouse,
  windows: WindowRelation,
  hour: string,
  parameters: Parameters = {},
): Promise<Scored[]> {
  const statement = await statementOf([newWindows(windows)], INCREMENT, "scores");
  return store.query(statement, { ...SCORE_PARAMETERS, ...parameters, hour });
}

/** When all windows of an hour are there, or late ones changed it: its row in `baselines`. */
export async function rollUpHour(
  store: ClickHouse,
  windows: WindowRelation,
  hour: string,
  parameters: Parameters = {},
): Promise<void> {
  const statement = await statementOf([newWindows(windows)], INCREMENT, "roll-up");
  await store.command(insertOf("baselines", BASELINE_COLUMNS, statement), { ...SCORE_PARAMETERS, ...parameters, hour });
}

const BASELINE_COLUMNS = `rule, signal, key, hour, windows, weekend_windows, is_count, zeros, surprise, values, residuals,
  raw_levels, budget_levels, total, excess, square, after_zero, zero_after_zero, zero_after_other, step_max, value_min,
  value_max, residual_min, residual_max, unrest_min, unrest_max, zeros_max, silence_max, jump_max, has_jump, noise_min,
  noise_max, is_incident`;

const EXPECTATION_COLUMNS = `rule, signal, key, hour, windows_before, weekend_before, is_count_before, other_before,
  surprise_before, values_before, residuals_before, raw_before, budget_before, season_days, season_median, season_n,
  season_total, weekend_n, weekend_total, season_after_zero, season_zero_after_zero, season_zero_after_other, all_n,
  all_total, all_excess, all_square, all_after_zero, all_zero_after_zero, all_zero_after_other, step_q90,
  same_step_median, zeros_max, silence_second, value_min, value_max, residual_min, residual_max, unrest_min, unrest_max,
  jump_usual, jump_large, incident_blocks, noise_min, noise_max`;

function newWindows(windows: WindowRelation): string {
  return `new_windows AS (SELECT rule, signal, key, window_start, value FROM ${windows})`;
}

function insertOf(table: string, columns: string, statement: string): string {
  return `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM (${statement})`;
}

/** Pieces that are names are files; others stand for themselves. */
async function statementOf(first: readonly string[], pieces: readonly string[], end: string): Promise<string> {
  const texts = await Promise.all(
    [...first, ...pieces].map((piece) => (piece.includes(" ") ? piece : readPiece(piece))),
  );
  return `WITH\n${texts.join(",\n")}\n${await readPiece(end)}`;
}

function readPiece(name: string): Promise<string> {
  return readFile(join(SQL_DIR, `${name}.sql`), "utf8");
}
