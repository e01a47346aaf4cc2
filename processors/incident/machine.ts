import { createHash } from "node:crypto";
import type { Incident, IncidentRules, Mark, Severity } from "../model/incident.ts";

/** What the machine knows of a series that is or lately was unusual. */
interface SeriesState {
  /** Ends of its windows that count towards opening, newest last, with their scores. */
  readonly hits: readonly { readonly end: number; readonly score: number }[];
  readonly last: Mark;
  /** Quiet from here on, it no longer holds its incident open; null: it fell silent and was not heard of since. */
  readonly quietAt: number | null;
}

/** Incidents up to an event time. Plain data: it goes through JSON unchanged. */
export interface Machine {
  readonly series: Readonly<Record<string, SeriesState>>;
  /** Open ones, by group. */
  readonly open: Readonly<Record<string, OpenIncident>>;
  readonly closed: readonly Incident[];
}

interface OpenIncident {
  readonly incident: Incident;
  /** Names of its series, as keys of `series`. */
  readonly members: readonly string[];
}

export const EMPTY_MACHINE: Machine = { series: {}, open: {}, closed: [] };

/** Series that an incident names; of further ones it is only known that there are more. */
const SERIES_MAX = 20_000;
const STORM = "*";

/** The series of a mark, the same for all its windows. */
export function seriesOf({ rule, signal, key }: Pick<Mark, "rule" | "signal" | "key">): string {
  return JSON.stringify([rule, signal, ...key]);
}

export function endOf({ windowStart, windowSeconds }: Pick<Mark, "windowStart" | "windowSeconds">): number {
  return windowStart + windowSeconds;
}

export function severityOf(score: number): Severity {
  return score >= 6 ? "critical" : score >= 4 ? "error" : "warning";
}

/** A series that is unusual by being silent is not well again before it was heard of. */
export function fallsSilent({ signal, why }: Mark): boolean {
  return signal === "silence" || why === "silence";
}

function keyPart(mark: Mark, name: string): string {
  const at = mark.names.indexOf(name);
  return at < 0 ? "" : (mark.key[at] ?? "");
}

/** Tenant and service, or what else the key says where there is no service. */
function groupOf(mark: Mark): { readonly tenant: string; readonly service: string; readonly group: string } {
  const tenant = keyPart(mark, "tenant");
  const service = keyPart(mark, "service_name");
  const rest = service === "" ? mark.key.filter((_, i) => mark.names[i] !== "tenant") : [];
  return { tenant, service, group: JSON.stringify([tenant, service, ...rest]) };
}

function stormOf(tenant: string): string {
  return JSON.stringify([tenant, STORM, STORM]);
}

/** Signal, key and rule of a series, for people. */
export function describeMark(mark: Mark): string {
  const names = mark.key.filter((value) => value !== "").join(" ");
  return `${mark.signal} ${names} (${mark.rule})`;
}

/** What was told before: an incident keeps its name when late data moves its beginning. */
export type KnownIncident = Pick<Incident, "group" | "id" | "openedAt" | "resolvedAt">;

/** Closes what has been quiet for long enough at an event time; `isBefore`: strictly before it. */
function closeQuiet(machine: Machine, at: number, isBefore: boolean): Machine {
  const open: Record<string, OpenIncident> = {};
  const closed = [...machine.closed];
  for (const [group, entry] of Object.entries(machine.open)) {
    const quietAt = quietOf(machine, entry);
    if (quietAt === null || quietAt > at || (isBefore && quietAt === at)) open[group] = entry;
    else closed.push({ ...entry.incident, resolvedAt: quietAt });
  }
  return closed.length === machine.closed.length ? machine : { ...machine, open, closed };
}

function quietOf(machine: Machine, { members }: OpenIncident): number | null {
  let quietAt = 0;
  for (const name of members) {
    const at = machine.series[name].quietAt;
    if (at === null) return null;
    quietAt = Math.max(quietAt, at);
  }
  return quietAt;
}

/** Goes on to the end of windows: marks that all end there, one per series. Marks must come in the order of their ends. */
export function step(
  before: Machine,
  end: number,
  marks: readonly Mark[],
  rules: IncidentRules,
  known: readonly KnownIncident[],
): Machine {
  const quiet = closeQuiet(before, end, true);
  const series: Record<string, SeriesState> = { ...quiet.series };
  const candidates = new Map<string, { tenant: string; service: string; marks: Mark[] }>();
  const inGroup = new Map<string, Mark[]>();
  const ordered = marks.map((mark) => [seriesOf(mark), mark] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  for (const [name, mark] of ordered) {
    const { tenant, service, group } = groupOf(mark);
    const was = series[name];
    const reach = end - rules.open.of * mark.windowSeconds;
    const hits = (was?.hits ?? []).filter((hit) => hit.end > reach);
    if (mark.score >= rules.open.score) hits.push({ end, score: mark.score });
    const isUnusual = mark.score >= rules.recover.score;
    const wellAt = end + rules.recover.windows * mark.windowSeconds;
    // A quiet window ends a silence, and says nothing new of a series that is quiet already.
    const quietAt = isUnusual ? (fallsSilent(mark) ? null : wellAt) : was?.quietAt === null ? wellAt : was?.quietAt;
    if (quietAt === undefined) continue;
    series[name] = { hits, last: isUnusual ? mark : was.last, quietAt };
    if (!isUnusual) continue;
    inGroup.set(group, [...(inGroup.get(group) ?? []), mark]);
    if (hits.length < rules.open.windows) continue;
    const candidate = candidates.get(group) ?? { tenant, service, marks: [] };
    candidate.marks.push(mark);
    candidates.set(group, candidate);
  }

  const open: Record<string, OpenIncident> = { ...quiet.open };
  const join = (group: string, joining: readonly Mark[]) => {
    open[group] = withMarks(open[group], joining, end);
  };
  // What belongs to an open incident joins it: its own first, then the storm of its tenant.
  for (const [group, joining] of inGroup) {
    const storm = stormOf(JSON.parse(group)[0]);
    const home = open[group] !== undefined ? group : open[storm] !== undefined ? storm : null;
    if (home === null) continue;
    join(home, joining);
    candidates.delete(group);
  }
  const byTenant = new Map<string, [string, { tenant: string; service: string; marks: Mark[] }][]>();
  for (const entry of candidates) {
    const { tenant } = entry[1];
    byTenant.set(tenant, [...(byTenant.get(tenant) ?? []), entry]);
  }
  for (const [tenant, opening] of byTenant) {
    if (opening.length >= rules.stormGroups) {
      const all = opening.flatMap(([group]) => inGroup.get(group) ?? []);
      open[stormOf(tenant)] = opened(stormOf(tenant), tenant, "", all, end, known, "storm");
      continue;
    }
    for (const [group, { service, marks: first }] of opening) {
      const host = service === "" ? hostOf(open, tenant, end, first[0].windowSeconds) : null;
      if (host !== null) join(host, inGroup.get(group) ?? []);
      else open[group] = opened(group, tenant, service, inGroup.get(group) ?? [], end, known, null);
    }
  }
  return { series: forget(series, open, end), open, closed: quiet.closed };
}

/** Series without a service (countries, tenants) belong to what is open in their tenant: one cause, not two. */
function hostOf(
  open: Readonly<Record<string, OpenIncident>>,
  tenant: string,
  end: number,
  windowSeconds: number,
): string | null {
  const near = Object.values(open)
    .filter(({ incident }) => incident.tenant === tenant && incident.lastAt >= end - 2 * windowSeconds)
    .sort((a, b) => a.incident.openedAt - b.incident.openedAt || (a.incident.group < b.incident.group ? -1 : 1));
  return near[0]?.incident.group ?? null;
}

function opened(
  group: string,
  tenant: string,
  service: string,
  marks: readonly Mark[],
  end: number,
  known: readonly KnownIncident[],
  kind: string | null,
): OpenIncident {
  const worst = marks.reduce((most, mark) => (mark.score > most.score ? mark : most));
  const openedAt = Math.min(...marks.map(({ windowStart }) => windowStart));
  const slack = 5 * worst.windowSeconds;
  const same = known.find(
    (one) =>
      one.group === group &&
      openedAt >= one.openedAt - slack &&
      (one.resolvedAt === null || openedAt <= one.resolvedAt),
  );
  const incident: Incident = {
    id: same?.id ?? hashOf(group, openedAt),
    group,
    tenant,
    service,
    kind: kind ?? worst.signal,
    severity: severityOf(worst.score),
    openedAt,
    lastAt: end,
    firedAt: end,
    resolvedAt: null,
    score: worst.score,
    series: [],
    value: worst.value,
    expected: worst.expected,
    why: worst.why,
  };
  return withMarks({ incident, members: [] }, [worst, ...marks], end);
}

function withMarks({ incident, members }: OpenIncident, marks: readonly Mark[], end: number): OpenIncident {
  const names = new Set(members);
  const series = [...incident.series];
  for (const mark of marks) {
    const name = seriesOf(mark);
    if (names.has(name)) continue;
    names.add(name);
    if (series.length < SERIES_MAX) series.push(describeMark(mark));
  }
  const score = marks.reduce((most, mark) => Math.max(most, mark.score), incident.score);
  return { members: [...names], incident: { ...incident, series, score, lastAt: end } };
}

/** Series that hold nothing open and whose hits are over. */
function forget(
  series: Record<string, SeriesState>,
  open: Readonly<Record<string, OpenIncident>>,
  end: number,
): Record<string, SeriesState> {
  const held = new Set(Object.values(open).flatMap(({ members }) => members));
  return Object.fromEntries(
    Object.entries(series).filter(
      ([name, { quietAt, hits }]) =>
        held.has(name) ||
        (quietAt !== null && quietAt > end) ||
        (hits.length > 0 && hits[hits.length - 1].end > end - 86_400),
    ),
  );
}

/** Closes what is quiet at the watermark. */
export function settle(machine: Machine, watermark: number): Machine {
  return closeQuiet(machine, watermark, false);
}

export function hashOf(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
