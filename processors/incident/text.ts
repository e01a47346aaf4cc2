import {
  cutText,
  type Incident,
  type IncidentDetails,
  type Message,
  type MessageTemplates,
  TEMPLATE_PLACEHOLDER,
  type TemplateField,
  type Transition,
  type TransitionKind,
} from "../model/incident.ts";
import { detailLines, queryOf } from "./details.ts";
import { describeIncident, rounded, spanOf, subjectOf, timeOf } from "./words.ts";

export const TEMPLATE_DEFAULTS: MessageTemplates = {
  title: "{{state}} ({{severity}}): {{about}}: {{what}}",
  text: "{{what}} (score {{score}}).\n{{period}}\n{{details}}\n{{query}}",
};

const SERIES_SHOWN = 5;
const TITLE_MAX = 500;
const TEXT_MAX = 8000;

/** Values of what a template may name; text without control characters, as anything of a log may stand in it. */
export function fieldsOf(
  incident: Incident,
  kind: TransitionKind,
  details: IncidentDetails | null = null,
): Record<TemplateField, string> {
  const { series, resolvedAt } = incident;
  const more = series.length > SERIES_SHOWN ? `, and ${series.length - SERIES_SHOWN} more` : "";
  const fields = {
    id: incident.id,
    state: kind,
    tenant: incident.tenant,
    service: incident.service,
    kind: incident.kind,
    severity: incident.severity,
    score: rounded(incident.score),
    value: rounded(incident.value),
    expected: rounded(incident.expected),
    why: incident.why,
    opened_at: timeOf(incident.openedAt),
    resolved_at: resolvedAt === null ? "" : timeOf(resolvedAt),
    series_count: String(series.length),
    series: series.slice(0, SERIES_SHOWN).join(", ") + more,
    about: subjectOf(incident),
    what: describeIncident(incident),
    period: periodOf(incident, kind),
    query: kind === "opened" ? queryOf(incident) : "",
  };
  const shown = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));
  const lines = kind === "opened" ? detailLines(incident, details) : [];
  return { ...(shown as typeof fields), details: lines.map(plain).join("\n") };
}

function periodOf(incident: Incident, kind: TransitionKind): string {
  const { openedAt, resolvedAt, lastAt } = incident;
  if (kind === "opened") return `Since ${timeOf(openedAt)}.`;
  if (kind === "withdrawn") return `Late lines show that there was nothing at ${timeOf(openedAt)}.`;
  return `From ${timeOf(openedAt)} to ${timeOf(resolvedAt ?? lastAt)}, ${spanOf(incident)}.`;
}

/** One pass: what a value holds is never looked at as a template. */
export function fillTemplate(template: string, fields: Readonly<Record<string, string>>): string {
  return template.replace(TEMPLATE_PLACEHOLDER, (_, name: string) => fields[name.trim()] ?? "");
}

export function messageOf(
  { id, kind, at, incident }: Transition,
  { title, text }: MessageTemplates = TEMPLATE_DEFAULTS,
  details: IncidentDetails | null = null,
): Message {
  const fields = fieldsOf(incident, kind, details);
  return {
    id,
    subject: incident.id,
    kind,
    severity: incident.severity,
    // Receivers refuse what has no title.
    title: cutText(fillTemplate(title, fields).trim() || fillTemplate(TEMPLATE_DEFAULTS.title, fields), TITLE_MAX),
    text: cutText(withoutBlankLines(fillTemplate(text, fields)), TEXT_MAX),
    openedAt: incident.openedAt,
    at,
    fields,
    series: incident.series.map(plain),
  };
}

/** What is not known leaves no line behind. */
function withoutBlankLines(text: string): string {
  return text.replace(/\n(?:[ \t]*\n)+/g, "\n").trim();
}

/** Without control characters, and without those that turn or hide text. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\ufffd");
}
