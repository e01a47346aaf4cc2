import type { Incident, Transition } from "../model/incident.ts";

/** A value in the unit of its signal, for people. */
export function describeValue(signal: string, value: number): string {
  switch (signal) {
    case "events":
      return value === 1 ? "1 event" : `${rounded(value)} events`;
    case "error_ratio":
      return `${rounded(value * 100)} % errors`;
    case "duration_us_p50":
      return `median ${describeDuration(value)}`;
    case "silence":
      return `no events for ${describeSeconds(value)}`;
    case "rare_templates":
      return value === 1 ? "1 rare message" : `${rounded(value)} rare messages`;
    case "vanished_templates":
      return value === 1 ? "1 message missing" : `${rounded(value)} messages missing`;
    case "new_templates":
      return value === 1 ? "1 new message" : `${rounded(value)} new messages`;
    default:
      return signal.startsWith("objective:") ? `burn rate ${rounded(value)}` : rounded(value);
  }
}

/** Microseconds in the unit that makes them readable. */
function describeDuration(us: number): string {
  if (us >= 1_000_000) return `${rounded(us / 1_000_000)} s`;
  return us >= 1000 ? `${rounded(us / 1000)} ms` : `${rounded(us)} us`;
}

/** What is unusual and what would have been usual: `12.4 % errors, expected 0.3 %: more errors`. */
export function describeIncident({ kind, value, expected, why, series }: Incident): string {
  if (kind === "late") return why;
  if (kind === "storm") return `${series.length} series at once`;
  if (kind.endsWith("_templates")) return `${describeValue(kind, value)}, ${why}`;
  if (kind === "silence")
    return expected > 0
      ? `${describeValue(kind, value)}, usually some every ${describeSeconds(expected)}`
      : describeValue(kind, value);
  if (kind.startsWith("threshold:")) return `${why}: ${rounded(value)}`;
  return `${describeValue(kind, value)}, expected ${describeBound(kind, expected)}: ${why}`;
}

/** A value beside another of its signal: without saying again what it counts. */
export function describeBound(signal: string, value: number): string {
  return describeValue(signal, value).replace(
    /^median |^no events for |^burn rate | (?:events?|errors|new messages?)$/g,
    "",
  );
}

/** Who or what an incident is about. */
export function subjectOf({ service, tenant, kind }: Incident): string {
  if (kind === "late") return "weir";
  return service || tenant || "all services";
}

/** Minutes, hours or days. */
function describeSeconds(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

/** A transition in one line: when, what became of which service, and why. Text of logs stands in it as it is. */
export function transitionLine({ kind, at, incident }: Transition): string {
  const words = {
    opened: `${incident.severity.padEnd(8)}  ${describeIncident(incident)}`,
    resolved: `${incident.severity.padEnd(8)}  over after ${spanOf(incident)}`,
    withdrawn: `${incident.severity.padEnd(8)}  late lines show that there was nothing`,
  };
  const time = timeOf(kind === "opened" ? incident.openedAt : at)
    .replace("T", " ")
    .slice(0, 16);
  return `${time}  ${kind.padEnd(9)}  ${subjectOf(incident).padEnd(14)}  ${words[kind]}`;
}

/** How long it lasted, in minutes, hours or days. */
export function spanOf({ openedAt, resolvedAt, lastAt }: Incident): string {
  return describeSeconds((resolvedAt ?? lastAt) - openedAt);
}

/** Four significant digits. */
export function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}

export function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
