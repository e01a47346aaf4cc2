import { writeFile } from "node:fs/promises";
import { openExistingStore, type Store } from "../clickhouse/store.ts";
import { drawPlot } from "../detect/plot.ts";
import { WeirError } from "../model/errors.ts";
import type { Rule } from "../model/rule.ts";
import type { Config } from "../runtime/config.ts";
import { type BacktestSummary, createPanelPicker, type Firing, pointOf } from "./backtest-tally.ts";
import { DURATIONS } from "./detect-duration-statements.ts";
import { seriesRulesOf } from "./detect-rules.ts";
import { ERROR_RATIOS, signalsOf, timeText } from "./detect-statements.ts";
import { VOLUMES } from "./detect-volume-statements.ts";
import { type Scored, scoreHistory } from "./detector.ts";
import { idOf } from "./keep-anomalies.ts";
import { storeOptionsOf } from "./workplace.ts";

export interface RuleBacktestOptions {
  readonly config: Config;
  readonly rule: string;
  /** Seconds since the epoch: windows of [from, to) may fire; null: the first, and the last that is stored. */
  readonly from: number | null;
  readonly to: number | null;
  /** Where a picture goes (SVG); null: nowhere. */
  readonly svg: string | null;
  /** False alarms per week and series that are put up with. */
  readonly budget: number;
}

const SERIES_SECONDS = 300;
/** Windows before the range by which those in it are judged; detection looks back as far. */
const PAST_SECONDS = 35 * 86_400;
/** Windows that are scored at a time: memory grows with them. */
const WINDOWS_MAX = 64_000;
const WEEK_SECONDS = 604_800;

interface Range {
  readonly first: number;
  readonly end: number;
  readonly keys: number;
}

const RANGE = `SELECT toUnixTimestamp(min(window_start)) AS first, toUnixTimestamp(max(window_start)) + any(window_seconds) AS end,
  toUInt32(uniqExact(key)) AS keys
FROM windows WHERE rule = {rule:String} AND rule_version = {version:UInt32} AND window_start < toDateTime({before:UInt32}, 'UTC')`;

/** Of groups of series by a hash of their key: as many as fit into memory. */
const IN_GROUP = "cityHash64(CAST(key, 'Array(String)')) % {groups:UInt32} = {group:UInt32}";
const WINDOWS = `(SELECT rule, signal, key, window_start, value FROM (${signalsOf(IN_GROUP)}) WHERE signal != 'errors')`;

/**
 * What detection would have said of the stored windows of a rule. Throws USAGE for a rule that there isn't or that has
 * windows of another length than detection looks at, WINDOWS_NOT_FOUND where there are none in the range.
 */
export async function backtestRule(options: RuleBacktestOptions): Promise<BacktestSummary> {
  const { config } = options;
  const rule = ruleOf(config, options.rule);
  const store = await openExistingStore(storeOptionsOf(config));
  try {
    return await score(store, options, rule);
  } finally {
    await store.close();
  }
}

async function score(
  store: Store,
  { config, from, to, svg, budget }: RuleBacktestOptions,
  { name: rule, version, groupBy }: Pick<Rule, "name" | "version" | "groupBy">,
): Promise<BacktestSummary> {
  const nameOf = namer(groupBy);
  const [stored] = await store.query<Range>(RANGE, { rule, version, before: to ?? 2 ** 32 - 1 });
  const begin = floor(from ?? stored.first);
  const end = floor(to ?? stored.end);
  if (stored.keys === 0 || stored.end <= begin || end <= begin) throw nothingStored(rule, stored, from, to);
  const threshold = 3 - Math.log10(budget);
  const past = Math.max(floor(stored.first), begin - PAST_SECONDS);
  const groups = Math.max(1, Math.ceil((stored.keys * 2 * (end - past)) / SERIES_SECONDS / WINDOWS_MAX));
  const parameters = { rule, version, from: timeText(past), to: timeText(end), threshold, groups };
  const isDetected = seriesRulesOf(config).some(({ name }) => name === rule);
  const found = isDetected
    ? await findingsOf(store, { rule, from: timeText(begin), to: timeText(end), threshold })
    : null;
  const firings: Firing[] = [];
  const picker = createPanelPicker();
  let series = 0;
  let rows = 0;
  for (let group = 0; group < groups; group++) {
    const general = await scoreHistory(store, WINDOWS, { ...parameters, group });
    const scored = found === null ? general : general.map((one) => asDetected(one, found));
    for (const windows of bySeries(
      scored.filter((one) => secondsOf(one) >= begin),
      nameOf,
    )) {
      series++;
      rows += windows.length;
      const fired = windows.filter(({ anomaly }) => anomaly).map((one) => firingOf(one, nameOf(one)));
      firings.push(...fired);
      if (!picker.wants(fired.length)) continue;
      const points = windows.map((one) =>
        pointOf({ ...one, seconds: secondsOf(one), why: one.anomaly ? one.why : "" }),
      );
      picker.add({ name: nameOf(windows[0]), points }, fired.length);
    }
  }
  for (const one of found?.values() ?? []) if (one.signal === "error_ratio") firings.push(firingOf(one, nameOf(one)));
  firings.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : b.score - a.score));
  if (svg !== null) await writeFile(svg, drawPlot(picker.panels()));
  return { series, rows, filled: 0, weeks: (rows * SERIES_SECONDS) / WEEK_SECONDS, threshold, firings };
}

/** What detection finds in the windows of the rule that it looks at, by what it remembers of them. */
async function findingsOf(store: Store, parameters: Readonly<Record<string, unknown>>): Promise<Map<string, Scored>> {
  const found = new Map<string, Scored>();
  for (const statement of [VOLUMES, DURATIONS, ERROR_RATIOS])
    for (const one of await store.query<Scored>(statement, parameters)) found.set(idOf(one), one);
  return found;
}

/** A window as detection judges it, which does not go by the general score but for silences. */
function asDetected(scored: Scored, found: ReadonlyMap<string, Scored>): Scored {
  const one = found.get(idOf(scored));
  if (one !== undefined) return { ...scored, ...one, anomaly: 1 };
  return scored.why === "silence" ? scored : { ...scored, anomaly: 0 };
}

function ruleOf({ rules, rollUps }: Config, wanted: string) {
  const all = [...rules, ...rollUps];
  const rule = all.find(({ name }) => name === wanted);
  const fitting = all.filter(({ windowSeconds }) => SERIES_SECONDS % windowSeconds === 0).map(({ name }) => name);
  if (rule !== undefined && fitting.includes(wanted)) return rule;
  const what =
    rule === undefined
      ? `There is no rule ${JSON.stringify(wanted)}`
      : `The rule ${wanted} has windows of ${rule.windowSeconds} s, which don't add up to 5 minutes`;
  throw new WeirError("USAGE", `${what}; what can be looked at: ${fitting.join(", ") || "none"}.`);
}

function nothingStored(rule: string, stored: Range, from: number | null, to: number | null): WeirError {
  const range = [from === null ? "" : ` from ${iso(from)}`, to === null ? "" : ` up to ${iso(to)}`].join("");
  const there = stored.keys === 0 ? "" : `; there are some from ${iso(stored.first)} to ${iso(stored.end)}`;
  return new WeirError(
    "WINDOWS_NOT_FOUND",
    `No window of the rule ${rule}${range} is stored${there}; name another range, or close windows with weir close --once.`,
  );
}

/** Runs of one series, in the order of its windows. */
function bySeries(scored: readonly Scored[], nameOf: (one: Scored) => string): Scored[][] {
  const found = new Map<string, Scored[]>();
  for (const one of scored) {
    const name = nameOf(one);
    const windows = found.get(name);
    if (windows === undefined) found.set(name, [one]);
    else windows.push(one);
  }
  for (const windows of found.values()) windows.sort((a, b) => (a.window_start < b.window_start ? -1 : 1));
  return [...found.values()];
}

/** What the key says, and the signal; the tenant that everything has is left out. */
function namer(groupBy: readonly string[]): (one: Scored) => string {
  return ({ signal, key }) => {
    const parts = key.filter((value, i) => value !== "" && !(groupBy[i] === "tenant" && value === "default"));
    return [...parts, signal].join(" ");
  };
}

function firingOf(scored: Scored, series: string): Firing {
  const { value, score, expected, lower, upper, why, signal } = scored;
  const timestamp = iso(secondsOf(scored));
  return { series, timestamp, value, score, expected, lower, upper, why, signal };
}

function secondsOf({ window_start }: Scored): number {
  return Date.parse(`${window_start.replace(" ", "T")}Z`) / 1000;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

function floor(seconds: number): number {
  return Math.floor(seconds / SERIES_SECONDS) * SERIES_SECONDS;
}
