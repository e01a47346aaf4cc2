import type { ClickHouse } from "../../processors/model/ports.ts";
import { timeText } from "../../processors/services/detect-statements.ts";
import { MONDAY, WINDOW_SECONDS } from "./make-series.ts";

/** Stores a signal of the series [name] of the rule r, a value for each window from MONDAY on. */
export async function addSignal(
  store: ClickHouse,
  signal: string,
  name: string,
  values: readonly number[],
): Promise<void> {
  await store.command(
    `INSERT INTO signals_5m (rule, signal, key, window_start, value)
     SELECT 'r', {signal:String}, [{name:String}], toDateTime({monday:UInt32} + (number - 1) * 300, 'UTC'), list[number]
     FROM (SELECT {values:Array(Float64)} AS list, arrayJoin(arrayEnumerate(list)) AS number)`,
    { signal, name, monday: MONDAY, values },
  );
}

/** Parameters that mean the windows [from, to), counted from MONDAY on. */
export function rangeOf(from: number, to: number) {
  const text = (k: number) => timeText(MONDAY + k * WINDOW_SECONDS);
  return { rule: "r", threshold: 3, from: text(from), to: text(to) };
}

/** Windows of a series that are flagged, counted from `at` on, and why. */
export function flagsSince(
  at: number,
  findings: readonly { readonly key: readonly string[]; readonly window_start: string; readonly why: string }[],
  name: string,
): [number, string][] {
  return findings
    .filter(({ key }) => key[0] === name)
    .map(({ window_start, why }) => [(Date.parse(`${window_start}Z`) / 1000 - MONDAY) / WINDOW_SECONDS - at, why]);
}
