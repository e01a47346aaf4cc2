import { cutText, type Delivery, type Message, type Receiver } from "../model/incident.ts";
import { post } from "./post.ts";
import type { ReceiverOptions } from "./receiver.ts";

const EVENT_BYTES_MAX = 512 * 1024;
const SUMMARY_MAX = 1024;
const DEDUP_KEY_MAX = 255;
/** Of one event, so that with the rest of it there is room below EVENT_BYTES_MAX. */
const SERIES_BYTES = 400 * 1024;
const PARTS_MAX = 100;

/** Stretches of the series, each small enough for one event; one at least. */
function partsOf(series: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  let bytes = 0;
  for (const name of series) {
    const size = Buffer.byteLength(JSON.stringify(name)) + 1;
    if (bytes + size > SERIES_BYTES && parts.length < PARTS_MAX) {
      parts.push([]);
      bytes = 0;
    }
    bytes += size;
    if (bytes <= SERIES_BYTES) parts[parts.length - 1].push(name);
  }
  return parts;
}

/** The events of a message: one, or several where one can't name all series. */
export function pagerdutyEvents(message: Message, routingKey: string): string[] {
  const { kind, subject, severity, title, text, openedAt, fields } = message;
  const parts = partsOf(message.series);
  return parts.map((series, i) => {
    const suffix = i === 0 ? "" : `/${i + 1}`;
    const event = {
      routing_key: routingKey,
      event_action: kind === "opened" ? "trigger" : "resolve",
      dedup_key: `${subject.slice(0, DEDUP_KEY_MAX - suffix.length)}${suffix}`,
    };
    if (kind !== "opened") return JSON.stringify(event);
    const part = parts.length === 1 ? "" : ` (${i + 1} of ${parts.length})`;
    const payload = {
      summary: `${cutText(title, SUMMARY_MAX - part.length)}${part}`,
      source: fields["service"] || fields["tenant"] || "weir",
      severity,
      timestamp: new Date(openedAt * 1000).toISOString(),
      class: fields["kind"] ?? "",
      custom_details: { text, ...fields, series },
    };
    const whole = JSON.stringify({ ...event, payload });
    if (Buffer.byteLength(whole) <= EVENT_BYTES_MAX) return whole;
    return JSON.stringify({ ...event, payload: { ...payload, custom_details: { series } } });
  });
}

/** PagerDuty's Events API v2. The same message makes the same events with the same dedup_key, which it counts once. */
export function createPagerduty({ name, url, secret, isAllowed, nowMs, signal }: ReceiverOptions): Receiver {
  return {
    name,
    isIdempotent: true,
    repeatMs: null,
    async send(message) {
      let delivery: Delivery = { kind: "sent" };
      for (const body of pagerdutyEvents(message, secret)) {
        delivery = await post({ url, headers: {}, body, isAllowed, signal }, nowMs);
        if (delivery.kind !== "sent") return delivery;
      }
      return delivery;
    },
  };
}
