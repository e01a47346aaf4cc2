import {
  type Incident,
  type Message,
  type MessageTemplates,
  TEMPLATE_PLACEHOLDER,
  type TemplateField,
  type Transition,
  type TransitionKind,
} from "../model/incident.ts";
import { rounded, timeOf } from "./words.ts";

export const TEMPLATE_DEFAULTS: MessageTemplates = {
  title: "{{state}}: {{kind}} {{service}} ({{severity}})",
  text: "{{why}}: {{value}}, expected {{expected}}, score {{score}}. Since {{opened_at}}. {{series_count}} series: {{series}}",
};

const SERIES_SHOWN = 5;
const TITLE_MAX = 500;
const TEXT_MAX = 8000;

/** Values of what a template may name; text without control characters, as anything of a log may stand in it. */
export function fieldsOf(incident: Incident, kind: TransitionKind): Record<TemplateField, string> {
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
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)])) as typeof fields;
}

/** One pass: what a value holds is never looked at as a template. */
export function fillTemplate(template: string, fields: Readonly<Record<string, string>>): string {
  return template.replace(TEMPLATE_PLACEHOLDER, (_, name: string) => fields[name.trim()] ?? "");
}

export function messageOf(
  { id, kind, at, incident }: Transition,
  { title, text }: MessageTemplates = TEMPLATE_DEFAULTS,
): Message {
  const fields = fieldsOf(incident, kind);
  return {
    id,
    subject: incident.id,
    kind,
    severity: incident.severity,
    title: fillTemplate(title, fields).slice(0, TITLE_MAX),
    text: fillTemplate(text, fields).slice(0, TEXT_MAX),
    openedAt: incident.openedAt,
    at,
    fields,
    series: incident.series.map(plain),
  };
}

/** Without control characters, and without those that turn or hide text. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\ufffd");
}
