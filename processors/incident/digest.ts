import { cutText, type Message, SEVERITIES } from "../model/incident.ts";
import { hashOf } from "./machine.ts";

const TEXT_MAX = 8000;

/** Many messages as one, which names every incident and every series. The same messages make the same digest. */
export function digestOf(messages: readonly Message[]): Message {
  const ids = messages.map(({ id }) => id);
  const id = hashOf("digest", ...ids);
  const kind = messages.some((message) => message.kind === "opened") ? "opened" : "resolved";
  const severity = SEVERITIES[Math.max(...messages.map((message) => SEVERITIES.indexOf(message.severity)))];
  const opened = messages.filter((message) => message.kind === "opened").length;
  const times = messages.map(({ openedAt }) => openedAt).sort((a, b) => a - b);
  return {
    id,
    subject: id,
    kind,
    severity,
    title: `${messages.length} alerts in one: ${opened} opened, ${messages.length - opened} over`,
    text: cutText(messages.map(({ title }) => title).join("\n"), TEXT_MAX),
    openedAt: times[0],
    at: Math.max(...messages.map(({ at }) => at)),
    fields: { id, state: kind, kind: "digest", severity, service: "", tenant: "", incidents: String(messages.length) },
    series: messages.flatMap(({ title, series }) => [title, ...series]),
  };
}
