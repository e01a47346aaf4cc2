import type { RollUp, Rule } from "../model/rule.ts";
import type { Config } from "../runtime/config.ts";

type Counted = Pick<Rule | RollUp, "name" | "version" | "windowSeconds" | "groupBy">;

/** Series have windows of so many seconds. */
const SERIES_SECONDS = 300;

/**
 * The rules whose windows are series: those that are grouped by the service, alone or with its tenant, of the longest windows
 * that fit into five minutes.
 */
export function seriesRulesOf(config: Config): readonly Counted[] {
  const fitting = fittingOf(config).filter(
    ({ groupBy }) => groupBy.includes("service_name") && groupBy.every((c) => c === "service_name" || c === "tenant"),
  );
  return longest(fitting).slice(0, 1);
}

/** The rule that tells which templates there are, with the places of its columns, from 1 on; 0 is none. */
export function templateRuleOf(
  config: Config,
): (Counted & { readonly places: { tenant: number; service: number; template: number } }) | null {
  const fitting = fittingOf(config).filter(
    ({ groupBy }) => groupBy.includes("service_name") && groupBy.includes("template"),
  );
  const [rule] = longest(fitting);
  if (rule === undefined) return null;
  const placeOf = (column: Rule["groupBy"][number]) => rule.groupBy.indexOf(column) + 1;
  return {
    ...rule,
    places: { tenant: placeOf("tenant"), service: placeOf("service_name"), template: placeOf("template") },
  };
}

function fittingOf({ rules, rollUps }: Config): Counted[] {
  return [...rules, ...rollUps].filter(
    (rule) => SERIES_SECONDS % rule.windowSeconds === 0 && !("filter" in rule && rule.filter !== undefined),
  );
}

function longest(rules: readonly Counted[]): Counted[] {
  return rules.toSorted((a, b) => b.windowSeconds - a.windowSeconds || (a.name < b.name ? -1 : 1));
}

/** What the values of an anomaly's key are. */
export function columnsOf(
  config: Config,
  { rule, signal }: { readonly rule: string; readonly signal: string },
): readonly string[] {
  if (signal.endsWith("_templates"))
    return templateRuleOf(config)?.places.tenant === 0 ? ["service_name"] : ["tenant", "service_name"];
  return [...config.rules, ...config.rollUps].find(({ name }) => name === rule)?.groupBy ?? ["service_name"];
}
