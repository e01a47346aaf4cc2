import type { Severity } from "../model/incident.ts";
import type { ClickHouse } from "../model/ports.ts";
import type { RollUp, Rule } from "../model/rule.ts";
import type { Config } from "../runtime/config.ts";
import type { Objective, Threshold } from "../runtime/config-detection.ts";
import { type BurnSpan, burnStatement, thresholdStatement } from "./detect-declared-statements.ts";
import { seriesRulesOf } from "./detect-rules.ts";
import type { Finding } from "./detector.ts";

/** Windows that begin in [from, to) and end by then; text as `DateTime` reads it. */
export interface DetectRange {
  readonly from: string;
  readonly to: string;
}

const SCORES: Readonly<Record<Severity, number>> = { warning: 3, error: 4, critical: 6 };

/** Over these spans, so much of the budget may be used up: of the usual three, page, page and ticket. */
const SPANS: readonly (BurnSpan & { readonly words: string; readonly share: number; readonly severity: Severity })[] = [
  { long: 12, short: 1, words: "1 h and 5 min", share: 0.02, severity: "critical" },
  { long: 72, short: 6, words: "6 h and 30 min", share: 0.05, severity: "error" },
  { long: 864, short: 72, words: "3 days and 6 h", share: 0.1, severity: "warning" },
];
const BURN = burnStatement(SPANS);

/** Windows beyond a threshold, and those in which the error budget of an objective burns too fast. */
export async function declaredFindings(store: ClickHouse, config: Config, range: DetectRange): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const threshold of config.detection.thresholds)
    findings.push(...(await beyond(store, config, threshold, range)));
  for (const objective of config.detection.objectives)
    findings.push(...(await burning(store, config, objective, range)));
  return findings;
}

type Found = Pick<Finding, "rule" | "key" | "window_start" | "value">;

async function beyond(store: ClickHouse, config: Config, threshold: Threshold, range: DetectRange): Promise<Finding[]> {
  const { measure, side, limit, windows, match } = threshold;
  const rule = ruleOf(config, threshold.rule);
  if (rule === undefined) return [];
  const found = await store.query<Found>(thresholdStatement(measure, side), {
    ...range,
    rule: rule.name,
    version: rule.version,
    places: Object.keys(match).map((column) => (rule.groupBy as readonly string[]).indexOf(column) + 1),
    values: Object.values(match),
    limit,
    windows,
    seconds: rule.windowSeconds,
    reach: rule.windowSeconds * (windows - 1),
    scale: 10 ** decimalsOf(config, rule),
  });
  return found.map((one) => ({
    ...one,
    signal: `threshold:${threshold.name}`,
    window_seconds: rule.windowSeconds,
    score: SCORES[threshold.severity],
    expected: limit,
    lower: side === "below" ? limit : null,
    upper: side === "above" ? limit : null,
    why: `${measure} ${side} ${limit}${windows === 1 ? "" : `, ${windows} windows in a row`}`,
    baseline_windows: 0,
  }));
}

async function burning(
  store: ClickHouse,
  config: Config,
  objective: Objective,
  range: DetectRange,
): Promise<Finding[]> {
  const rule = objective.rule === null ? seriesRulesOf(config)[0] : ruleOf(config, objective.rule);
  if (rule === undefined) return [];
  const share = 1 - objective.objective / 100;
  const placeOf = (column: Rule["groupBy"][number]) => rule.groupBy.indexOf(column) + 1;
  // Where all events are errors, it burns 1 / share times as fast.
  const rates = SPANS.map((span) => Math.min((span.share * objective.windowSeconds) / (span.long * 300), 0.9 / share));
  const found = await store.query<Found & { span: number; baseline_windows: number }>(BURN, {
    ...range,
    rule: rule.name,
    version: rule.version,
    service_place: placeOf("service_name"),
    tenant_place: placeOf("tenant"),
    service: objective.service,
    tenant: placeOf("tenant") === 0 ? "" : (objective.tenant ?? ""),
    share,
    rates,
  });
  return found.map(({ span, ...one }) => ({
    ...one,
    signal: `objective:${objective.name}`,
    score: SCORES[SPANS[span - 1].severity],
    expected: 1,
    lower: null,
    upper: rates[span - 1],
    why: `error budget burns over ${SPANS[span - 1].words}`,
  }));
}

function ruleOf({ rules, rollUps }: Config, wanted: string): Rule | RollUp | undefined {
  return [...rules, ...rollUps].find(({ name }) => name === wanted);
}

/** Values are held in whole multiples of a power of ten, by the rule that counts events. */
function decimalsOf(config: Config, rule: Rule | RollUp): number {
  if (!("from" in rule)) return rule.valueDecimals ?? 0;
  const base = ruleOf(config, rule.from);
  return base === undefined ? 0 : decimalsOf(config, base);
}
