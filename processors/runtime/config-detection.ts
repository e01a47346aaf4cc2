import { z } from "zod";
import { SEVERITIES, type Severity } from "../model/incident.ts";
import type { RollUp, Rule } from "../model/rule.ts";
import type { ConfigProblem } from "./config-problems.ts";
import { writeSeconds } from "./config-units.ts";
import { name, seconds, shown, text } from "./config-values.ts";

/** How often a service may be told of for nothing, a signal. */
export interface DetectionBudget {
  /** null: any. */
  readonly tenant: string | null;
  readonly service: string | null;
  /** False alarms a week that are put up with, at most 1. */
  readonly perWeek: number;
}

/** Which share of a service's events may be errors. */
export interface Objective {
  readonly name: string;
  /** null: each tenant of its own. */
  readonly tenant: string | null;
  readonly service: string;
  /** Share of events without an error, in percent. */
  readonly objective: number;
  readonly windowSeconds: number;
  /** null: the rule that detection looks at. */
  readonly rule: string | null;
}

export const MEASURES = [
  "events",
  "errors",
  "error_ratio",
  "duration_us_avg",
  "duration_us_p50",
  "duration_us_p95",
  "duration_us_p99",
  "value_avg",
  "value_sum",
  "distinct_count",
] as const;
export type ThresholdMeasure = (typeof MEASURES)[number];

/** A bound that windows of a rule must keep. */
export interface Threshold {
  readonly name: string;
  readonly rule: string;
  readonly measure: ThresholdMeasure;
  readonly side: "above" | "below";
  readonly limit: number;
  /** So many windows in a row. */
  readonly windows: number;
  /** Columns of the key and the values that they must have. */
  readonly match: Readonly<Record<string, string>>;
  readonly severity: Severity;
}

export interface DetectionConfig {
  readonly budgets: readonly DetectionBudget[];
  readonly objectives: readonly Objective[];
  readonly thresholds: readonly Threshold[];
}

/** The section `detection`. */
export const detection = z
  .strictObject({
    budgets: z
      .array(
        z.strictObject({
          tenant: text(256).optional().describe("Tenant; absent: any."),
          service: text(256).optional().describe("Service; absent: any."),
          per_week: z.number().min(0.001).max(1).describe("False alarms a week and signal that are put up with."),
        }),
      )
      .max(10_000)
      .default([])
      .describe("How often services may be told of for nothing, by the first entry that fits; 1 a week without."),
    objectives: z
      .array(
        z.strictObject({
          name: name(64).describe("Name of the objective, unique."),
          tenant: text(256).optional().describe("Tenant; absent: each of its own."),
          service: text(256).describe("Service."),
          objective: z.number().min(50).max(99.9999).describe("Share of events that are no errors, in percent."),
          window: seconds(90).prefault("30d").describe("The time in which that is to hold, 6h to 90d."),
          rule: name(64).optional().describe("Rule that says what an error is; absent: the one detection looks at."),
        }),
      )
      .max(1000)
      .default([])
      .describe("Service level objectives: told when their error budget burns too fast."),
    thresholds: z
      .array(
        z.strictObject({
          name: name(64).describe("Name of the threshold, unique."),
          rule: name(64).describe("Rule whose windows are looked at; of 1s to 1h, a part of an hour."),
          measure: z.enum(MEASURES).describe("What of a window."),
          above: z.number().optional().describe("Unusual is what is more than this,"),
          below: z.number().optional().describe("or less than this; one of the two."),
          windows: z.int().min(1).max(1000).default(1).describe("So many windows in a row."),
          match: z
            .record(text(256), text(1024))
            .default({})
            .describe("Columns of the rule's key with the values that they must have."),
          severity: z.enum(SEVERITIES).default("error").describe("How bad that is: a score of 3, 4 or 6."),
        }),
      )
      .max(1000)
      .default([])
      .describe("Bounds that windows of rules must keep."),
  })
  .superRefine(({ objectives, thresholds }, context) => {
    const report = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message, input: undefined });
    for (const [section, entries] of Object.entries({ objectives, thresholds })) {
      const names = new Set<string>();
      for (const [i, { name }] of entries.entries()) {
        if (names.has(name)) report([section, i, "name"], `${shown(name)} is taken already`);
        names.add(name);
      }
    }
    for (const [i, { window }] of objectives.entries())
      if (window < 21_600) report(["objectives", i, "window"], "is shorter than 6h");
    for (const [i, { above, below }] of thresholds.entries())
      if ((above === undefined) === (below === undefined)) report(["thresholds", i], "needs either above or below");
  })
  .prefault({})
  .describe("What anomaly detection is told beside what it learns.");

type Written = z.output<typeof detection>;

export function toDetection({ budgets, objectives, thresholds }: Written): DetectionConfig {
  return {
    budgets: budgets.map(({ tenant, service, per_week }) => ({
      tenant: tenant ?? null,
      service: service ?? null,
      perWeek: per_week,
    })),
    objectives: objectives.map(({ name, tenant, service, objective, window, rule }) => ({
      name,
      tenant: tenant ?? null,
      service,
      objective,
      windowSeconds: window,
      rule: rule ?? null,
    })),
    thresholds: thresholds.map(({ above, below, ...rest }) => ({
      ...rest,
      side: above === undefined ? "below" : "above",
      limit: above ?? below ?? 0,
    })),
  };
}

/** The same in the words of the file. */
export function writtenDetection({ budgets, objectives, thresholds }: DetectionConfig): Record<string, unknown> {
  const given = (entries: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== null));
  return {
    budgets: budgets.map(({ tenant, service, perWeek }) => given({ tenant, service, per_week: perWeek })),
    objectives: objectives.map(({ name, tenant, service, objective, windowSeconds, rule }) =>
      given({ name, tenant, service, objective, window: writeSeconds(windowSeconds), rule }),
    ),
    thresholds: thresholds.map(({ name, rule, measure, side, limit, windows, match, severity }) => ({
      name,
      rule,
      measure,
      [side]: limit,
      windows,
      match: { ...match },
      severity,
    })),
  };
}

type Counted = Pick<Rule | RollUp, "name" | "windowSeconds" | "groupBy">;

/** What the section says of rules that there are not, or that don't fit. */
export function detectionProblems(
  { objectives, thresholds }: Written,
  rules: readonly Counted[],
): Pick<ConfigProblem, "path" | "what">[] {
  const problems: Pick<ConfigProblem, "path" | "what">[] = [];
  const report = (path: (string | number)[], what: string) => problems.push({ path: ["detection", ...path], what });
  const ruleOf = (wanted: string) => rules.find(({ name }) => name === wanted);
  for (const [i, { rule: wanted }] of objectives.entries()) {
    if (wanted === undefined) continue;
    const rule = ruleOf(wanted);
    if (rule === undefined) report(["objectives", i, "rule"], `${shown(wanted)} is no rule`);
    else if (!isOfServices(rule) || 300 % rule.windowSeconds !== 0)
      report(
        ["objectives", i, "rule"],
        "must be grouped by service_name, or it and tenant, in windows that make up 5 minutes",
      );
  }
  for (const [i, { rule: wanted, match }] of thresholds.entries()) {
    const rule = ruleOf(wanted);
    if (rule === undefined) {
      report(["thresholds", i, "rule"], `${shown(wanted)} is no rule`);
      continue;
    }
    if (3600 % rule.windowSeconds !== 0) report(["thresholds", i, "rule"], "has windows that don't make up an hour");
    for (const column of Object.keys(match))
      if (!(rule.groupBy as readonly string[]).includes(column))
        report(["thresholds", i, "match", column], `is not in the key of ${rule.name}`);
  }
  return problems;
}

function isOfServices({ groupBy }: Counted): boolean {
  return groupBy.includes("service_name") && groupBy.every((c) => c === "service_name" || c === "tenant");
}
