import type { Message } from "../../processors/model/incident.ts";

export function makeMessage(over: Partial<Message> = {}): Message {
  return {
    id: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    subject: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    kind: "opened",
    severity: "error",
    title: "opened: errors checkout",
    text: "spike",
    openedAt: Date.UTC(2026, 2, 2, 12) / 1000,
    at: Date.UTC(2026, 2, 2, 12, 1) / 1000,
    fields: { service: "checkout", tenant: "acme", kind: "errors" },
    series: ["errors acme checkout /pay (route_1m)"],
    ...over,
  };
}
