import { cutText, type Message, type Receiver } from "../model/incident.ts";
import { post } from "./post.ts";
import type { ReceiverOptions } from "./receiver.ts";

/** Alertmanager takes for over what it has not heard of for so long; told every REPEAT_MS, twice may fail. */
const FIRING_MS = 900_000;
const REPEAT_MS = 240_000;
const ANNOTATION_MAX = 32_000;

export function alertmanagerBody(message: Message, nowMs: number): string {
  const { kind, subject, severity, title, text, openedAt, fields, series } = message;
  // An alert is known by its labels: what may change stands in annotations.
  const labels = {
    alertname: `weir_${fields["kind"] ?? "incident"}`,
    weir_incident: subject,
    severity,
    ...(fields["service"] ? { service: fields["service"] } : {}),
    ...(fields["tenant"] ? { tenant: fields["tenant"] } : {}),
  };
  const annotations = { summary: title, description: text, series: cutText(series.join("\n"), ANNOTATION_MAX) };
  // What ends before it starts is refused, and times of logs may be ahead of this clock.
  const startsAt = new Date(Math.min(openedAt * 1000, nowMs)).toISOString();
  const endsAt = new Date(kind === "opened" ? nowMs + FIRING_MS : nowMs).toISOString();
  return JSON.stringify([{ labels, annotations, startsAt, endsAt }]);
}

/** Alertmanager's API v2: what fires is told again and again, and its end by `endsAt`. */
export function createAlertmanager({ name, url, secret, isAllowed, nowMs, signal }: ReceiverOptions): Receiver {
  const address = `${url.replace(/\/+$/, "")}/api/v2/alerts`;
  const headers = secret === "" ? {} : { authorization: `Bearer ${secret}` };
  return {
    name,
    isIdempotent: true,
    repeatMs: REPEAT_MS,
    send: (message) =>
      post({ url: address, headers, body: alertmanagerBody(message, nowMs()), isAllowed, signal }, nowMs),
  };
}
