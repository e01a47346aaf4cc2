import type { Incident as Alert } from "../../processors/model/incident.ts";
import { effectOf, NO_EFFECT } from "../../processors/simulate/effects.ts";
import type { Incident, IncidentKind } from "../../processors/simulate/incidents.ts";
import { SHOP_SERVICES } from "../../processors/simulate/services.ts";

const WEEK_SECONDS = 7 * 86_400;
/** After an incident its end is unusual as well. */
const AFTER_SECONDS = 900;

/** Signals that tell what happened. */
const CAUSES: Readonly<Record<IncidentKind, RegExp>> = {
  spike: /^(events|volume)/,
  dip: /^(events|volume)/,
  silence: /^(events|volume|silence)/,
  error_burst: /^(error_ratio|errors)/,
  slow: /^duration/,
  level_shift: /^(events|volume)/,
  new_template: /^new_templates/,
  bot_wave: /^(events|volume|bots|agent|country|client)/,
  drift: /^(events|volume)/,
};

export interface Judged {
  readonly incident: Incident;
  /** Of the service where the cause is. */
  readonly alert: Alert | null;
  /** Only another service that suffers was told of. */
  readonly isElsewhere: boolean;
  readonly isCauseRight: boolean;
  /** From its start to when the alert fired. */
  readonly delaySeconds: number | null;
}

export interface Verdict {
  readonly judged: readonly Judged[];
  /** Alerts of services that nothing happened to. */
  readonly false: readonly Alert[];
  readonly falsePerServiceWeek: number;
}

/**
 * Compares what was told with what happened. An alert belongs to an incident that it overlaps, or follows within a
 * quarter of an hour, where the incident changes lines of its service.
 */
export function judge(alerts: readonly Alert[], incidents: readonly Incident[], seconds: number): Verdict {
  const isOf = (alert: Alert, incident: Incident) => {
    const { start, end } = incident;
    const touches = effectOf(incident, alert.service, (start + end) / 2) !== NO_EFFECT;
    return touches && alert.firedAt > start && alert.openedAt < end + AFTER_SECONDS;
  };
  const judged = incidents.map((incident): Judged => {
    const inTime = (alert: Alert) => isOf(alert, incident) && alert.firedAt < incident.end + AFTER_SECONDS;
    const own = alerts.filter((alert) => alert.service === incident.service && inTime(alert));
    // One that was open already, or a bystander's, tells nothing of this one.
    const [alert = null] = own.filter(({ openedAt }) => openedAt >= incident.start - 300).sort(byTime);
    const names = own.flatMap(({ series }) => series);
    return {
      incident,
      alert,
      isElsewhere: alert === null && alerts.some(inTime),
      isCauseRight: alert !== null && names.some((name) => CAUSES[incident.kind].test(name)),
      delaySeconds: alert === null ? null : alert.firedAt - incident.start,
    };
  });
  const wrong = alerts.filter((alert) => !incidents.some((incident) => isOf(alert, incident)));
  return {
    judged,
    false: wrong,
    falsePerServiceWeek: wrong.length / SHOP_SERVICES.length / (seconds / WEEK_SECONDS),
  };
}

function byTime(a: Alert, b: Alert): number {
  return a.firedAt - b.firedAt;
}
