import type { ClickHouse, Clock } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import { openCloser } from "./closer.ts";
import { withinBudgets } from "./detect-budgets.ts";
import { type DetectRange, declaredFindings } from "./detect-declared.ts";
import { DURATIONS, NOTE_DURATION_SPREADS } from "./detect-duration-statements.ts";
import { seriesRulesOf } from "./detect-rules.ts";
import { asSilences } from "./detect-silences.ts";
import * as statements from "./detect-statements.ts";
import { noteTemplates, templateFindings } from "./detect-templates.ts";
import { NOTE_SEASONS, NOTE_SPREADS, VOLUMES } from "./detect-volume-statements.ts";
import {
  type Finding,
  rememberHour,
  rollUpHistory,
  rollUpHour,
  type Scored,
  scoreHistory,
  scoreHour,
  THRESHOLD,
} from "./detector.ts";
import { idOf, type Kept, keepAnomalies } from "./keep-anomalies.ts";
import { publishAnomalies } from "./publish-anomalies.ts";
import { openWorkplace } from "./workplace.ts";

/** What a detection came to. */
export interface DetectSummary {
  /** ISO; windows before it were looked at. null: nothing was closed. */
  readonly until: string | null;
  /** Anomalies that are new, or that are no longer what they were. */
  readonly changed: number;
}

interface Standing {
  readonly cut: number;
  /** Seconds since the epoch. */
  readonly until: number;
}

interface Done extends Standing {
  readonly since: number;
  readonly rules: string;
}

const HOUR = 3600;
const DAY = 24 * HOUR;
const WINDOW = 300;
/** Older windows are not looked at, and what is before so long a stretch without any neither. */
const PAST_SECONDS = 35 * 86_400;
const GAP_SECONDS = 7 * 86_400;
/** Less tells nothing: no signal fires before. */
const LEARNING_SECONDS = 6 * HOUR;
/** More hours are scored at once, with all that was before. */
const HOURS_MAX = 48;

/**
 * Looks for anomalies in the windows that are closed and not looked at yet, and once more where late events changed them.
 * Doing it twice changes nothing: an anomaly has a next revision only where it says something else, and one that late events
 * took away has a score of 0. For the process that closes; not for two at a time. Ends early when the signal says so: the next
 * one goes on where this one was.
 */
export async function detect(store: ClickHouse, config: Config, signal?: AbortSignal): Promise<DetectSummary> {
  const rules = seriesRulesOf(config);
  const parameters = { rules: rules.map(({ name }) => name), versions: rules.map(({ version }) => version) };
  const [standing] = await store.query<Standing>(statements.STANDING, parameters);
  const [done] = await store.query<Done>(statements.DONE);
  const until = standing === undefined ? 0 : floor(standing.until, WINDOW);
  if (standing === undefined || until === 0) return { until: null, changed: 0 };
  const names = JSON.stringify(parameters);
  const isKnown = done?.rules === names;
  const hoursAfter = async (after: number) =>
    (
      await store.query<{ hour: number }>(statements.CHANGED_HOURS, {
        ...parameters,
        ...rangeOf(Math.max(0, until - PAST_SECONDS), until),
        after,
      })
    ).map(({ hour }) => hour);
  const changedHours = await hoursAfter(isKnown ? done.cut : 0);
  if (isKnown && done.until >= until && changedHours.length === 0) return summaryOf(until, 0);
  const hours = new Set(isKnown ? changedHours.filter((hour) => hour >= done.since) : []);
  if (isKnown) for (let hour = floor(done.until, HOUR); hour < until; hour += HOUR) hours.add(hour);
  let first = isKnown ? done.since : until;
  let isAnew = !isKnown || hours.size > HOURS_MAX;
  if (isAnew || (changedHours[0] ?? first) < first) {
    const begin = beginOf(await hoursAfter(0), until);
    isAnew ||= begin < first;
    if (isAnew) first = begin;
  }

  // What is declared needs no past.
  if (isAnew && until - first < LEARNING_SECONDS) {
    const range = rangeOf(first, until);
    const { changed } = await keepAnomalies(store, config, await declaredFindings(store, config, range), range, signal);
    return summaryOf(until, changed);
  }

  const note = (upTo: number) =>
    store.command(
      `INSERT INTO detections (cut_id, since, until, rules, number)
      SELECT {cut:UInt64}, toDateTime({since:UInt32}, 'UTC'), toDateTime({until:UInt32}, 'UTC'), {rules:String},
        (SELECT toUInt32(max(number) + 1) FROM detections)`,
      { cut: standing.cut, since: first, until: upTo, rules: names },
    );
  if (isAnew) {
    const { changed, isWhole } = await detectAnew(store, config, first, until, signal);
    if (isWhole) await note(until);
    return summaryOf(until, changed);
  }
  let changed = 0;
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const upTo = Math.min(hour + HOUR, until);
    const kept = await detectHour(store, config, hour, upTo, signal);
    changed += kept.changed;
    if (kept.isWhole && signal?.aborted !== true) continue;
    // Hours that late events changed are before the new ones: once one of these is done, all of those are.
    if (kept.isWhole && done !== undefined && upTo > done.until) await note(upTo);
    return summaryOf(upTo, changed);
  }
  await note(until);
  return summaryOf(until, changed);
}

/** The hour after the last long stretch without any window: what was before it is forgotten. */
function beginOf(hours: readonly number[], until: number): number {
  let begin = hours[0] ?? floor(until, HOUR);
  for (const [i, hour] of hours.entries()) if (i > 0 && hour - hours[i - 1] > GAP_SECONDS) begin = hour;
  return begin;
}

/** Everything from the first window on. */
async function detectAnew(
  store: ClickHouse,
  config: Config,
  from: number,
  until: number,
  signal?: AbortSignal,
): Promise<Kept> {
  for (const table of ["signals_5m", "baselines", "expectations", "seasons", "spreads", "template_hours"])
    await store.command(`TRUNCATE TABLE ${table}`);
  await fill(store, config, from, until);
  const parameters = { ...rangeOf(from, until), rules: namesOf(config) };
  const scored = await scoreHistory(store, statements.SCORED, parameters);
  // The last hour is remembered when it is whole.
  const whole = { ...parameters, ...rangeOf(from, floor(until, HOUR)) };
  await rollUpHistory(store, statements.REMEMBERED, whole);
  for (const rule of parameters.rules) {
    await store.command(NOTE_SEASONS, { ...rangeOf(from, until), rule });
    for (const note of [NOTE_SPREADS, NOTE_DURATION_SPREADS])
      await store.command(note, { ...rangeOf(from, floor(until, DAY)), rule });
  }
  return settle(store, config, scored, rangeOf(from, until), signal);
}

/** An hour of which there are windows up to `until`. */
async function detectHour(
  store: ClickHouse,
  config: Config,
  hour: number,
  until: number,
  signal?: AbortSignal,
): Promise<Kept> {
  const text = statements.timeText(hour);
  const parameters = { ...rangeOf(hour, until), rules: namesOf(config) };
  await fill(store, config, hour, until);
  await rememberHour(store, text);
  const scored = await scoreHour(store, statements.SCORED, text, parameters);
  if (until === hour + HOUR) await rollUpHour(store, statements.REMEMBERED, text, parameters);
  for (const rule of parameters.rules) {
    await store.command(NOTE_SEASONS, { ...rangeOf(hour, until), rule });
    if (hour % DAY > 0) continue;
    for (const note of [NOTE_SPREADS, NOTE_DURATION_SPREADS])
      await store.command(note, { ...rangeOf(hour - DAY, hour), rule });
  }
  return settle(store, config, scored, rangeOf(hour, until), signal);
}

async function fill(store: ClickHouse, config: Config, from: number, to: number): Promise<void> {
  const range = rangeOf(from, to);
  for (const { name, version } of seriesRulesOf(config))
    await store.command(statements.FILL_SIGNALS, { ...range, rule: name, version });
  await noteTemplates(store, config, range);
}

/** Adds what has no score of its own, and stores what differs from what is stored. */
async function settle(
  store: ClickHouse,
  config: Config,
  scored: readonly Scored[],
  range: DetectRange,
  signal?: AbortSignal,
): Promise<Kept> {
  const parameters = { ...range, threshold: THRESHOLD };
  const volumes: Finding[] = [];
  const further: Finding[] = [];
  for (const { name } of seriesRulesOf(config)) {
    volumes.push(...(await store.query<Finding>(VOLUMES, { ...parameters, rule: name })));
    for (const statement of [DURATIONS, statements.ERROR_RATIOS])
      further.push(...(await store.query<Finding>(statement, { ...parameters, rule: name })));
  }
  // Counts are judged by their own statement, which does not see that a series of few events a day fell silent.
  const known = new Set(volumes.map(idOf));
  const silent = scored.filter((row) => row.anomaly && row.why === "silence" && !known.has(idOf(row)));
  const findings: Finding[] = [...volumes, ...silent, ...further, ...(await templateFindings(store, config, range))];
  const all = [
    ...withinBudgets(config, await asSilences(store, findings)),
    ...(await declaredFindings(store, config, range)),
  ];
  return keepAnomalies(store, config, all, range, signal);
}

function namesOf(config: Config): string[] {
  return seriesRulesOf(config).map(({ name }) => name);
}

function rangeOf(from: number, to: number) {
  return { from: statements.timeText(from), to: statements.timeText(to) };
}

function floor(seconds: number, unit: number): number {
  return Math.floor(seconds / unit) * unit;
}

function summaryOf(until: number, changed: number): DetectSummary {
  return { until: new Date(until * 1000).toISOString(), changed };
}

/** Closes what is due, and looks for anomalies in it. Throws SOURCE_BUSY while another process closes. */
export async function detectOnce(config: Config, clock: Clock): Promise<DetectSummary> {
  const workplace = await openWorkplace(config, clock);
  try {
    const closer = await openCloser(workplace, { clock });
    try {
      await closer.tick(true);
      const summary = await detect(workplace.store, config);
      await publishAnomalies(workplace, clock);
      return summary;
    } finally {
      await closer.close();
    }
  } finally {
    await workplace.close();
  }
}

/** The summary for people. */
export function detectText({ until, changed }: DetectSummary): string {
  if (until === null) return "No windows are closed yet.";
  return `Windows up to ${until} were looked at; ${changed === 1 ? "one anomaly is" : `${changed} anomalies are`} new or changed.`;
}
