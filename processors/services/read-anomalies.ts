import type { IncidentState } from "../incident/fold.ts";
import { fallsSilent } from "../incident/machine.ts";
import type { Mark } from "../model/incident.ts";
import type { ClickHouse } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";

interface Heard {
  readonly rule: string;
  readonly key: readonly string[];
  readonly silent_at: number;
  readonly heard_at: number;
  readonly heard_seconds: number;
}

interface Row {
  readonly rule: string;
  readonly signal: string;
  readonly key: readonly string[];
  readonly window_start: number;
  readonly window_seconds: number;
  readonly revision: number;
  readonly score: number;
  readonly value: number;
  readonly expected: number;
  readonly why: string;
  readonly stored: number;
}

const COLUMNS = "rule, signal, key, toUnixTimestamp(window_start) AS window_start, window_seconds, revision";

const ANOMALIES = `SELECT ${COLUMNS}, score, value, expected, why, toUnixTimestamp(stored_at) AS stored
FROM anomalies WHERE stored_at >= toDateTime({from:UInt32}, 'UTC') ORDER BY stored_at, rule, signal, window_start, key, revision`;

const WATERMARK = `SELECT toUnixTimestamp(min(watermark)) AS at, count() AS partitions FROM watermarks
WHERE state NOT IN ('complete', 'loaded')`;

const COMPLETE = "SELECT toUnixTimestamp(max(watermark)) AS at FROM cuts";

/** The first windows with events after others. */
const HEARD = `SELECT rule, key, toUnixTimestamp(silent_at) AS silent_at, toUnixTimestamp(min(window_start)) AS heard_at,
  any(window_seconds) AS heard_seconds
FROM windows INNER JOIN
(
  SELECT s.1 AS rule, s.2 AS key, toDateTime(s.3, 'UTC') AS silent_at
  FROM (SELECT arrayJoin(arrayZip({rules:Array(String)}, {keys:Array(Array(String))}, {times:Array(UInt32)})) AS s)
) AS silent USING (rule, key)
WHERE rule IN {rules:Array(String)} AND key IN {keys:Array(Array(String))} AND events > 0
  AND window_start > toDateTime({from:UInt32}, 'UTC') AND window_start > silent_at
GROUP BY rule, key, silent_at`;

/** Where detection is used: how far it has come. */
const DETECTED = "SELECT toUnixTimestamp(until) AS at FROM detections ORDER BY stored_at DESC, cut_id DESC LIMIT 1";

/** Rows are looked at again for so long: inserts of one second may become visible one after the other. */
const OVERLAP_SECONDS = 120;
const HEARD_MAX = 1000;

export interface AnomaliesRead {
  readonly marks: readonly Mark[];
  /** Seconds since the epoch; where the next look begins. */
  readonly storedTo: number;
}

/** Names of the columns of a rule's key. */
export function namesOf({ rules, rollUps }: Config): ReadonlyMap<string, readonly string[]> {
  return new Map([...rules, ...rollUps].map(({ name, groupBy }) => [name, groupBy]));
}

/** Anomalies that were stored since; some of them may have been read before. */
export async function readAnomalies(
  store: ClickHouse,
  storedTo: number,
  names: ReadonlyMap<string, readonly string[]>,
): Promise<AnomaliesRead> {
  const rows = await store.query<Row>(ANOMALIES, { from: Math.max(0, storedTo - OVERLAP_SECONDS) });
  return {
    marks: rows.map((row) => markOf(row, names)),
    storedTo: rows.reduce((most, { stored }) => Math.max(most, stored), storedTo),
  };
}

/** How far event time has come. */
export interface WatermarkRead {
  /** Up to when windows are complete and looked at, seconds since the epoch; 0 before there is anything. */
  readonly watermark: number;
  /** Nothing more is to come: all that there is was loaded, or is complete. */
  readonly isDrained: boolean;
}

export async function readWatermark(store: ClickHouse): Promise<WatermarkRead> {
  const [detected] = await store.query<{ at: number }>(DETECTED);
  const [active] = await store.query<{ at: number; partitions: string }>(WATERMARK);
  if (Number(active?.partitions ?? 0) > 0)
    return { watermark: Math.min(active.at, detected?.at ?? active.at), isDrained: false };
  const [complete] = await store.query<{ at: number }>(COMPLETE);
  return { watermark: Math.min(complete?.at ?? 0, detected?.at ?? Number.POSITIVE_INFINITY), isDrained: true };
}

/**
 * Windows in which series that fell silent, before or by these marks, were heard of again: as windows in which nothing is unusual. Each
 * silence ends with the first of them, however much is looked at together.
 */
export async function readHeard(
  store: ClickHouse,
  marks: readonly Mark[],
  { machine }: IncidentState,
): Promise<Mark[]> {
  const open = Object.values(machine.series).filter(({ quietAt }) => quietAt === null);
  const silent = [...open.map(({ last }) => last), ...marks.filter(fallsSilent)];
  const heard: Mark[] = [];
  for (let at = 0; at < silent.length; at += HEARD_MAX) {
    const some = silent.slice(at, at + HEARD_MAX);
    const byWindow = new Map(some.map((mark) => [nameOf(mark.rule, mark.key, mark.windowStart), mark]));
    const rows = await store.query<Heard>(HEARD, {
      rules: some.map(({ rule }) => rule),
      keys: some.map(({ key }) => key),
      times: some.map(({ windowStart }) => windowStart),
      from: Math.min(...some.map(({ windowStart }) => windowStart)),
    });
    for (const { rule, key, silent_at, heard_at, heard_seconds } of rows) {
      const mark = byWindow.get(nameOf(rule, key, silent_at));
      if (mark !== undefined)
        heard.push({ ...mark, windowStart: heard_at, windowSeconds: heard_seconds, revision: 0, score: 0, why: "" });
    }
  }
  return heard;
}

function nameOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}

function markOf(row: Row, names: ReadonlyMap<string, readonly string[]>): Mark {
  const { rule, signal, key, window_start, window_seconds, revision, score, value, expected, why } = row;
  return {
    rule,
    signal,
    key,
    names: names.get(rule) ?? [],
    windowStart: window_start,
    windowSeconds: window_seconds,
    revision,
    score,
    value,
    expected,
    why,
  };
}
