import { isIP } from "node:net";
import { z } from "zod";
import {
  type AlertMatch,
  type IncidentRules,
  RECEIVER_KINDS,
  type ReceiverKind,
  SEVERITIES,
  type Silence,
  TEMPLATE_FIELDS,
  TEMPLATE_PLACEHOLDER,
} from "../model/incident.ts";
import { writeSeconds } from "./config-units.ts";
import { name, says, seconds, shown, text } from "./config-values.ts";

/** Where alerts go. */
export interface AlertReceiver {
  readonly name: string;
  readonly kind: ReceiverKind;
  /** "": PagerDuty's own address; unused with slack. */
  readonly url: string;
  readonly secretFile: string | null;
  readonly secretVariable: string | null;
  /** Networks that are allowed though reserved. */
  readonly allowAddresses: readonly string[];
  /** null: the usual words. */
  readonly title: string | null;
  readonly text: string | null;
}

/** Every route that matches an incident sends it to its receiver. */
export interface AlertRoute {
  readonly match: AlertMatch;
  readonly receiver: string;
  /** Seconds that a message waits; what is over by then is not told. */
  readonly waitSeconds: number;
}

export interface AlertsConfig extends Omit<IncidentRules, "revisedSeconds"> {
  readonly messagesPerHour: number;
  readonly receivers: readonly AlertReceiver[];
  readonly routes: readonly AlertRoute[];
  readonly silences: readonly Silence[];
}

const match = z.strictObject({
  tenant: text(256).optional().describe("Tenant of the incident."),
  service: text(256).optional().describe("Service of the incident."),
  severity: z.enum(SEVERITIES).optional().describe("Severity with which it opened."),
  kind: text(64).optional().describe("Signal that opened it; storm: many services at once; late: Weir is behind."),
});

const networkError = says('is no network; write an address and bits, as in "10.1.0.0/16"');
const network = z.string({ error: networkError }).refine(isNetwork, { error: networkError });

const templateError = `names what there is not; {{…}} may hold ${TEMPLATE_FIELDS.join(", ")}`;
const template = (lengthMax: number) => text(lengthMax).refine(isTemplate, { error: templateError });

const urlError = says("is not a plain address; write it as in https://example.org/hook, without user and password");

const receiver = z.strictObject({
  name: name(64).describe("Name of the receiver, unique."),
  type: z.enum(RECEIVER_KINDS).describe("What it speaks."),
  url: text(2048)
    .refine(isUrl, { error: urlError })
    .optional()
    .describe("Its address; absent with slack, where the secret is the address, and usually with pagerduty."),
  secret_file: text(4096)
    .optional()
    .describe("File with the signing secret, routing key, bearer token or, with slack, the address."),
  secret_variable: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]{0,127}$/)
    .optional()
    .describe("Environment variable that holds it; instead of secret_file."),
  allow_addresses: z
    .array(network)
    .max(100)
    .default([])
    .describe("Private networks that messages may go to; all others are refused."),
  title: template(500).optional().describe("Template of the first line."),
  text: template(4000).optional().describe("Template of the rest."),
});

const instant = z.iso
  .datetime({ offset: true, error: says('is no time; write it as in "2026-03-02T22:00:00Z"') })
  .transform((value) => Date.parse(value) / 1000);

/** The section `alerts`. */
export const alerts = z
  .strictObject({
    open: z
      .strictObject({
        windows: z.int().min(1).max(100).default(1).describe("So many unusual windows of a series open an incident,"),
        of: z.int().min(1).max(100).default(1).describe("among the last so many."),
        score: z.number().min(0).max(100).default(3).describe("Score from which a window is unusual."),
      })
      .prefault({})
      .describe("When an incident opens."),
    recover: z
      .strictObject({
        windows: z.int().min(1).max(1000).default(3).describe("So many quiet windows in a row close it."),
        score: z.number().min(0).max(100).default(3).describe("Score below which a window is quiet."),
      })
      .prefault({})
      .describe("When it is over."),
    storm_groups: z
      .int()
      .min(2)
      .max(10_000)
      .default(5)
      .describe("So many services of a tenant that fail in the same window are one incident."),
    late: seconds(30)
      .prefault("15m")
      .describe("When event time is behind by so much, what is open is unknown, and that is an incident."),
    messages_per_hour: z
      .int()
      .min(2)
      .max(3600)
      .default(30)
      .describe("Most messages to a receiver within an hour; the last one of them tells of all the rest."),
    receivers: z.array(receiver).max(100).default([]).describe("Where messages go."),
    routes: z
      .array(
        z.strictObject({
          match: match.prefault({}).describe("Every condition must hold; absent: any incident."),
          receiver: name(64).describe("Name of the receiver."),
          group_wait: seconds(1).optional().describe("A message waits for so long; what is over by then is not told."),
        }),
      )
      .max(1000)
      .default([])
      .describe("Which incidents go where; every route that matches sends."),
    silences: z
      .array(
        z.strictObject({
          match: match.prefault({}).describe("Every condition must hold; absent: any incident."),
          from: instant.describe("Begin, in event time."),
          to: instant.describe("End; what is still open then is told."),
        }),
      )
      .max(1000)
      .default([])
      .describe("When what is not told."),
  })
  .superRefine(({ receivers, routes }, context) => {
    const report = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message, input: undefined });
    const names = new Set<string>();
    for (const [i, { name, type, url, secret_file, secret_variable }] of receivers.entries()) {
      if (names.has(name)) report(["receivers", i, "name"], `${shown(name)} is taken already`);
      names.add(name);
      if ((type === "webhook" || type === "alertmanager") && url === undefined)
        report(["receivers", i], `needs url: the address of the ${type}`);
      if (secret_file !== undefined && secret_variable !== undefined)
        report(["receivers", i, "secret_variable"], "stands beside secret_file; keep one of the two");
      const hasSecret = secret_file !== undefined || secret_variable !== undefined;
      if ((type === "slack" || type === "pagerduty") && !hasSecret)
        report(["receivers", i], "needs secret_file or secret_variable");
    }
    for (const [i, { receiver }] of routes.entries())
      if (!names.has(receiver)) report(["routes", i, "receiver"], `${shown(receiver)} is no receiver`);
  })
  .prefault({})
  .describe("Which anomalies are told to whom.");

function isUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return false;
  return url.username === "" && url.password === "";
}

function isNetwork(value: string): boolean {
  const match = /^(.+)\/([0-9]{1,3})$/.exec(value);
  const family = match === null ? 0 : isIP(match[1]);
  return match !== null && family !== 0 && Number(match[2]) <= (family === 4 ? 32 : 128);
}

function isTemplate(value: string): boolean {
  const names = [...value.matchAll(TEMPLATE_PLACEHOLDER)].map(([, name]) => name.trim());
  return names.every((name) => (TEMPLATE_FIELDS as readonly string[]).includes(name));
}

type WrittenMatch = z.output<typeof match>;

function toMatch(written: WrittenMatch): AlertMatch {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

export function toAlerts(file: z.output<typeof alerts>): AlertsConfig {
  return {
    open: file.open,
    recover: file.recover,
    stormGroups: file.storm_groups,
    lateSeconds: file.late,
    messagesPerHour: file.messages_per_hour,
    receivers: file.receivers.map((one) => ({
      name: one.name,
      kind: one.type,
      url: one.url ?? "",
      secretFile: one.secret_file ?? null,
      secretVariable: one.secret_variable ?? null,
      allowAddresses: one.allow_addresses,
      title: one.title ?? null,
      text: one.text ?? null,
    })),
    routes: file.routes.map(({ match, receiver, group_wait }) => ({
      match: toMatch(match),
      receiver,
      waitSeconds: group_wait ?? 0,
    })),
    silences: file.silences.map(({ match, from, to }) => ({ match: toMatch(match), from, to })),
  };
}

/** The same in the words of the file; secrets are not in it. */
export function writtenAlerts(alerts: AlertsConfig): Record<string, unknown> {
  const given = (entries: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== null && value !== ""));
  return {
    open: { ...alerts.open },
    recover: { ...alerts.recover },
    storm_groups: alerts.stormGroups,
    late: writeSeconds(alerts.lateSeconds),
    messages_per_hour: alerts.messagesPerHour,
    receivers: alerts.receivers.map(({ name, kind, url, secretFile, secretVariable, allowAddresses, title, text }) =>
      given({
        name,
        type: kind,
        url,
        secret_file: secretFile,
        secret_variable: secretVariable,
        allow_addresses: [...allowAddresses],
        title,
        text,
      }),
    ),
    routes: alerts.routes.map(({ match, receiver, waitSeconds }) =>
      given({ match: { ...match }, receiver, group_wait: waitSeconds === 0 ? null : writeSeconds(waitSeconds) }),
    ),
    silences: alerts.silences.map(({ match, from, to }) => ({
      match: { ...match },
      from: new Date(from * 1000).toISOString(),
      to: new Date(to * 1000).toISOString(),
    })),
  };
}
