import { createHmac } from "node:crypto";
import type { Message, Receiver } from "../model/incident.ts";
import { post } from "./post.ts";
import type { ReceiverOptions } from "./receiver.ts";

/** The `webhook-signature` of Standard Webhooks: HMAC-SHA256 of id, timestamp and body, keyed by the bytes of the secret. */
export function signatureOf(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

const SERIES_MAX = 20_000;

function bodyOf(message: Message): string {
  const { kind, subject, title, text, severity, openedAt, at, fields, series } = message;
  const data = {
    incident_id: subject,
    title,
    text,
    severity,
    opened_at: new Date(openedAt * 1000).toISOString(),
    at: new Date(at * 1000).toISOString(),
    fields,
    series: series.slice(0, SERIES_MAX),
  };
  return JSON.stringify({ type: `incident.${kind}`, timestamp: data.at, data });
}

/** A webhook as Standard Webhooks describes it, signed where there is a secret. */
export function createWebhook({ name, url, secret, isAllowed, nowMs, signal }: ReceiverOptions): Receiver {
  return {
    name,
    isIdempotent: false,
    repeatMs: null,
    send(message) {
      const body = bodyOf(message);
      const timestamp = Math.floor(nowMs() / 1000);
      const headers = {
        "webhook-id": message.id,
        "webhook-timestamp": String(timestamp),
        ...(secret === "" ? {} : { "webhook-signature": signatureOf(secret, message.id, timestamp, body) }),
      };
      return post({ url, headers, body, isAllowed, signal }, nowMs);
    },
  };
}
