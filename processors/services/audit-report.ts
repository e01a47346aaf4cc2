import type { PartitionAccount } from "../audit/judge.ts";
import { table } from "../runtime/table.ts";
import { formatCount, printable } from "../runtime/terminal.ts";
import type { AuditReport } from "./audit.ts";

/** Partitions that are shown; all of those with findings come first. */
const PARTITIONS_MAX = 40;

/** An audit for people: at most 100 columns, but for what is found. */
export function auditText({ partitions, findings, retention, notRead }: AuditReport): string {
  if (partitions.length === 0 && findings.length === 0) return "The ledger is empty: there is nothing to audit.";
  const sorted = [...partitions].sort((a, b) => b.findings - a.findings || b.records - a.records);
  const shown = sorted.slice(0, PARTITIONS_MAX);
  const sum = (of: (one: PartitionAccount) => number): number => partitions.reduce((total, one) => total + of(one), 0);
  const lines = [
    table(shown, [
      { title: "partition", value: ({ topic, partition }) => `${topic}/${partition}` },
      { title: "records", value: (one) => one.records },
      { title: "dropped", value: (one) => one.dropped },
      { title: "dead letters", value: (one) => one.deadLetters },
      { title: "events", value: (one) => one.events },
      { title: "in table", value: (one) => one.eventsFound },
      { title: "expired", value: (one) => one.expired },
      { title: "erased", value: (one) => one.erased },
      { title: "found", value: (one) => (one.findings === 0 ? "ok" : `${one.findings} wrong`) },
    ]),
  ];
  const more = partitions.length - shown.length;
  if (more > 0) lines.push(`and ${formatCount(more)} more.`);
  lines.push("");
  if (findings.length === 0)
    lines.push(
      `${formatCount(sum((one) => one.records))} records of ${formatCount(partitions.length)} partitions are accounted for, each once.`,
    );
  else
    for (const { code, topic, partition, text } of findings)
      lines.push(printable(`${topic}/${partition}: ${text} [${code}]`));
  if (notRead !== undefined) lines.push(printable(`Commits in Kafka were not compared: ${notRead}`));
  const { eventsDays, eventsDaysLeft } = retention;
  if (eventsDaysLeft !== null)
    lines.push(`Events are kept for ${eventsDays} days; the first go in ${eventsDaysLeft} days.`);
  return lines.join("\n");
}

/** An audit for programs: one JSON object. Offsets are text, as they may be larger than numbers can be. */
export function auditJson(report: AuditReport): string {
  return JSON.stringify({ isRight: report.findings.length === 0, ...report }, (_, value) =>
    typeof value === "bigint" ? String(value) : value,
  );
}
