/*
 * - mark:       an anomalous window of a series, as `anomalies` has it; a later revision replaces an earlier one
 * - group:      the series that are taken for one cause: those of a service, or of a tenant when many services fail at once
 * - incident:   marks of one group, opened once and closed once
 * - transition: what somebody is told of an incident: that it opened, was resolved, or never was
 */

/** A revision of a window of a series, scored. A score of 0 says that nothing was unusual. */
export interface Mark {
  readonly rule: string;
  readonly signal: string;
  /** Values of the rule's group_by, in the order of `names`. */
  readonly key: readonly string[];
  /** Names of the columns of the key. */
  readonly names: readonly string[];
  /** Seconds since the epoch. */
  readonly windowStart: number;
  readonly windowSeconds: number;
  readonly revision: number;
  readonly score: number;
  readonly value: number;
  readonly expected: number;
  readonly why: string;
}

/** Incidents that match are not told while the silence lasts: [from, to), seconds since the epoch. */
export interface Silence {
  /** Every one must hold; absent: any. */
  readonly match: AlertMatch;
  readonly from: number;
  readonly to: number;
}

/** The beginning of a text that goes to a receiver: not half of a character, which no receiver need take. */
export function cutText(text: string, lengthMax: number): string {
  return text.length > lengthMax ? text.slice(0, lengthMax).replace(/[\ud800-\udbff]$/, "") : text;
}

/** Conditions on an incident; every one that is there must hold. */
export interface AlertMatch {
  readonly tenant?: string;
  readonly service?: string;
  readonly severity?: Severity;
  readonly kind?: string;
}

export const SEVERITIES = ["warning", "error", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** When incidents open and close. */
export interface IncidentRules {
  /** So many windows of the last `of` must score at least `score` for a series to open an incident. */
  readonly open: { readonly windows: number; readonly of: number; readonly score: number };
  /** So many windows in a row below `score`, in all of its series, close it. */
  readonly recover: { readonly windows: number; readonly score: number };
  /** So many groups of a tenant that open together are one incident. */
  readonly stormGroups: number;
  /** Windows may be revised for so long. */
  readonly revisedSeconds: number;
  /** Without a watermark for so long, what is open is unknown, and that itself is an incident. */
  readonly lateSeconds: number;
}

export interface Incident {
  /** 32 hexadecimal digits: a hash of group and opening window. */
  readonly id: string;
  /** What its series have in common, as JSON. */
  readonly group: string;
  readonly tenant: string;
  /** "" for a storm, and where the series have no service. */
  readonly service: string;
  /** The signal that opened it, `storm` for many groups at once, `late` for a pipeline that is behind. */
  readonly kind: string;
  /** By the score that opened it; fixed, so that its end goes where its beginning went. */
  readonly severity: Severity;
  /** Start of the window that opened it, and end of the last one, seconds since the epoch. */
  readonly openedAt: number;
  readonly lastAt: number;
  /** End of the window with which it was enough. */
  readonly firedAt: number;
  /** null: open. */
  readonly resolvedAt: number | null;
  readonly score: number;
  /** What is unusual, the first first; readable. */
  readonly series: readonly string[];
  readonly value: number;
  readonly expected: number;
  readonly why: string;
}

/** What is known of the window that opened an incident. Lines and values are masked, as they are stored. */
export interface IncidentDetails {
  /** null: no bound. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** Dimension, value, and its share of the difference, the greatest first; templates as they read. */
  readonly contributors: readonly (readonly [string, string, number])[];
  readonly samples: readonly string[];
  /** Deploys: time, service, version. */
  readonly changes: readonly string[];
}

export type TransitionKind = "opened" | "resolved" | "withdrawn";

export interface Transition {
  /** Stable: the same incident and the same change have the same, whoever finds it. */
  readonly id: string;
  readonly kind: TransitionKind;
  /** Event time at which it became true, seconds since the epoch. */
  readonly at: number;
  readonly incident: Incident;
}

/** What a receiver is asked to deliver: one transition, or several in a digest. */
export interface Message {
  /** Idempotency key: stable over retries and crashes. At most 64 characters. */
  readonly id: string;
  /** Names what is opened and resolved: the incident, or the digest. At most 64 characters. */
  readonly subject: string;
  readonly kind: TransitionKind;
  readonly severity: Severity;
  readonly title: string;
  readonly text: string;
  /** Seconds since the epoch. */
  readonly openedAt: number;
  readonly at: number;
  /** Fields for programs. */
  readonly fields: Readonly<Record<string, string>>;
  readonly series: readonly string[];
}

/** What became of one attempt. `reason` holds no secret. */
export type Delivery =
  | { readonly kind: "sent" }
  | { readonly kind: "retry"; readonly reason: string; readonly afterMs: number | null }
  | { readonly kind: "refused"; readonly reason: string };

/** Where messages go. */
export interface Receiver {
  readonly name: string;
  /** It counts the same message once, however often it is sent. */
  readonly isIdempotent: boolean;
  /** What fires must be told again after so long; null: once is enough. */
  readonly repeatMs: number | null;
  /** Never throws for what the other side does. */
  send(message: Message): Promise<Delivery>;
}

/** What `{{…}}` may name in the templates of messages. */
export const TEMPLATE_FIELDS = [
  "id",
  "state",
  "tenant",
  "service",
  "kind",
  "severity",
  "score",
  "value",
  "expected",
  "why",
  "opened_at",
  "resolved_at",
  "series_count",
  "series",
  "about",
  "what",
  "period",
  "details",
  "query",
] as const;
export type TemplateField = (typeof TEMPLATE_FIELDS)[number];

/** `{{name}}` in a template. */
export const TEMPLATE_PLACEHOLDER: RegExp = /\{\{([^{}]*)\}\}/g;

export interface MessageTemplates {
  readonly title: string;
  readonly text: string;
}

export const RECEIVER_KINDS = ["webhook", "pagerduty", "alertmanager", "slack"] as const;
export type ReceiverKind = (typeof RECEIVER_KINDS)[number];
