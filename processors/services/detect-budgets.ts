import type { Config } from "../runtime/config.ts";
import { columnsOf } from "./detect-rules.ts";
import { type Finding, THRESHOLD } from "./detector.ts";

/**
 * Scores by the budget of each service: where fewer false alarms are put up with, everything scores less. What does not reach the
 * score of an anomaly then is none.
 */
export function withinBudgets(config: Config, findings: readonly Finding[]): Finding[] {
  const { budgets } = config.detection;
  if (budgets.length === 0) return [...findings];
  return findings
    .map((finding) => {
      const columns = columnsOf(config, finding);
      const of = (column: string) => finding.key[columns.indexOf(column)] ?? "";
      const fits = (wanted: string | null, is: string) => wanted === null || wanted === is;
      const budget = budgets.find(
        ({ tenant, service }) => fits(tenant, of("tenant")) && fits(service, of("service_name")),
      );
      // What is only noted is that at any budget.
      if (budget === undefined || finding.score < THRESHOLD) return finding;
      const score = finding.score + Math.log10(budget.perWeek);
      return score < THRESHOLD ? null : { ...finding, score };
    })
    .filter((finding) => finding !== null);
}
