import type { AlertMatch, Incident, Silence } from "../model/incident.ts";

/** Whether every condition that is there holds. */
export function matches(match: AlertMatch, { tenant, service, severity, kind }: Incident): boolean {
  const fits = (wanted: string | undefined, is: string) => wanted === undefined || wanted === is;
  return (
    fits(match.tenant, tenant) &&
    fits(match.service, service) &&
    fits(match.severity, severity) &&
    fits(match.kind, kind)
  );
}

/** The first event time, from its opening on, at which no silence holds an incident back. */
export function firstUnsilenced(incident: Incident, silences: readonly Silence[]): number {
  const holding = silences.filter(({ match }) => matches(match, incident));
  let at = incident.firedAt;
  // Each pass leaves one silence behind at least.
  for (const _ of holding) {
    const now = at;
    for (const { from, to } of holding) if (from <= at && at < to) at = to;
    if (at === now) break;
  }
  return at;
}
