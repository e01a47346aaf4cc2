import { cutText, type Incident, type IncidentDetails } from "../model/incident.ts";
import { describeBound, timeOf } from "./words.ts";

const SAMPLE_MAX = 300;
const SERIES_MAX = 5;
/** Names that mean themselves in any shell and any SQL. */
const PLAIN_NAME = /^[\w.:/-]+$/;

/** What was found out about an incident, a line each; nothing is said of what is not known. */
export function detailLines(incident: Incident, details: IncidentDetails | null): string[] {
  const lines: string[] = [];
  if (details !== null) {
    const { lower, upper, contributors, samples, changes } = details;
    if ((upper ?? lower ?? 0) > 0) lines.push(usualOf(incident.kind, lower, upper));
    if (contributors.length > 0) lines.push(`Most of the difference: ${contributors.map(contributorText).join(", ")}.`);
    if (changes.length > 0) lines.push(`Changes in the hour before: ${changes.join(", ")}.`);
    if (samples.length > 0) lines.push("Lines:", ...samples.map((sample) => `  ${cut(sample)}`));
  }
  const others = incident.series.slice(1, SERIES_MAX + 1).join(", ");
  const more = incident.series.length > SERIES_MAX + 1 ? `, and ${incident.series.length - SERIES_MAX - 1} more` : "";
  if (others !== "") lines.push(`Unusual as well: ${others}${more}.`);
  return lines;
}

/** SQL that shows the events of an incident, the telling ones first; "" where it has no service. */
export function queryOf({ kind, service, tenant, openedAt, lastAt }: Incident): string {
  if (service === "") return "";
  const order =
    kind === "duration_us_p50"
      ? "duration_us DESC"
      : kind === "events" || kind === "silence"
        ? "timestamp"
        : "severity_number DESC, timestamp";
  const of = (column: string, value: string) => `${column} = ${literalOf(value)}`;
  const where = [
    ...(tenant === "" ? [] : [of("tenant", tenant)]),
    of("service_name", service),
    `timestamp >= '${sqlTime(openedAt)}'`,
    `timestamp < '${sqlTime(lastAt)}'`,
  ];
  return `SELECT timestamp, severity_text, line FROM events WHERE ${where.join(" AND ")} ORDER BY ${order} LIMIT 50`;
}

/** Whatever the text is, it ends neither the string nor the quotes around the query. */
function literalOf(text: string): string {
  return PLAIN_NAME.test(text) ? `'${text}'` : `unhex('${Buffer.from(text, "utf8").toString("hex")}')`;
}

function usualOf(signal: string, lower: number | null, upper: number | null): string {
  const bound = (value: number) => describeBound(signal, value);
  if (lower === null || lower <= 0) return `Usual: up to ${bound(upper!)}.`;
  return upper === null ? `Usual: from ${bound(lower)}.` : `Usual: ${bound(lower)} to ${bound(upper)}.`;
}

const DIMENSIONS: Readonly<Record<string, string>> = { http_route: "route", template: "message" };

function contributorText([dimension, value, share]: IncidentDetails["contributors"][number]): string {
  const shown = dimension === "template" ? JSON.stringify(cut(value)) : value;
  return `${DIMENSIONS[dimension] ?? dimension} ${shown} ${Math.round(share * 100)} %`;
}

function sqlTime(seconds: number): string {
  return timeOf(seconds).slice(0, 19).replace("T", " ");
}

function cut(text: string): string {
  return text.length > SAMPLE_MAX ? `${cutText(text, SAMPLE_MAX)}…` : text;
}
