import { createHash } from "node:crypto";
import type { RollUp, Rule } from "../model/rule.ts";
import type { ConfigProblem } from "./config-problems.ts";
import { shown } from "./config-values.ts";

/** A rule of the file, be it counted from events or made from another rule. */
type Written =
  | { readonly kind: "base"; readonly rule: Omit<Rule, "version"> }
  | {
      readonly kind: "rollUp";
      readonly rule: Omit<RollUp, "version" | "fromVersion" | "indices">;
    };

export interface ResolvedRules {
  readonly rules: readonly Rule[];
  /** Each after the one that it is made from. */
  readonly rollUps: readonly RollUp[];
  readonly problems: readonly Pick<ConfigProblem, "path" | "what">[];
}

/**
 * Gives every rule its version, which follows from its meaning: a rule that is changed is another one, whose windows are
 * not added to the old ones. Finds what roll-ups are made from, and what is wrong with them.
 */
export function resolveRules(written: readonly Written[]): ResolvedRules {
  const rules: Rule[] = [];
  const rollUps: RollUp[] = [];
  const problems: Pick<ConfigProblem, "path" | "what">[] = [];
  const done = new Map<string, Rule | RollUp>();
  for (const { kind, rule } of written) {
    if (kind !== "base") continue;
    const versioned = { ...rule, version: versionOf([{ ...rule, name: "" }]) };
    rules.push(versioned);
    done.set(rule.name, versioned);
  }
  let waiting = [...written.entries()].filter(([, { kind }]) => kind === "rollUp");
  for (;;) {
    const ready = waiting.filter(([, { rule }]) => done.has((rule as RollUp).from));
    if (ready.length === 0) break;
    for (const [index, { rule }] of ready) {
      const rollUp = rule as RollUp;
      const base = done.get(rollUp.from)!;
      const indices = rollUp.groupBy.map((column) => base.groupBy.indexOf(column));
      for (const [place, at] of indices.entries())
        if (at < 0)
          problems.push({
            path: ["rules", index, "group_by", place],
            what: `${shown(rollUp.groupBy[place])} is not in the key of ${rollUp.from}`,
          });
      if (rollUp.windowSeconds % base.windowSeconds !== 0)
        problems.push({ path: ["rules", index, "window"], what: `is not a multiple of the window of ${rollUp.from}` });
      const version = versionOf([{ ...rollUp, name: "" }, base.version]);
      const versioned = { ...rollUp, version, fromVersion: base.version, indices };
      rollUps.push(versioned);
      done.set(rollUp.name, versioned);
    }
    waiting = waiting.filter((entry) => !ready.includes(entry));
  }
  for (const [index, { rule }] of waiting)
    problems.push({
      path: ["rules", index, "from"],
      what: `${shown((rule as RollUp).from)} is no rule that this one could be made from`,
    });
  return { rules, rollUps, problems };
}

/** 32 bits that stand for a meaning. */
function versionOf(meaning: unknown): number {
  return createHash("sha256").update(JSON.stringify(meaning)).digest().readUInt32BE();
}
