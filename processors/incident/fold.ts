import type { Incident, IncidentRules, Mark, Silence, Transition, TransitionKind } from "../model/incident.ts";
import { EMPTY_MACHINE, endOf, hashOf, type KnownIncident, type Machine, seriesOf, settle, step } from "./machine.ts";
import { firstUnsilenced } from "./silence.ts";

/** What was told of an incident. */
interface Told {
  readonly incident: Incident;
  readonly last: TransitionKind;
  /** How often it opened. */
  readonly times: number;
}

/**
 * Incidents of all anomalies so far. Plain data, which goes through JSON unchanged. Windows that may still be revised are kept, with
 * the machine as it was before them: a revision of one of them is folded in as if it had been there in time.
 */
export interface IncidentState {
  /** The machine before `marks`, and up to when nothing is revised any more. */
  readonly base: Machine;
  readonly baseAt: number;
  readonly marks: Readonly<Record<string, Mark>>;
  /** The machine up to the watermark. */
  readonly machine: Machine;
  readonly watermark: number;
  readonly told: Readonly<Record<string, Told>>;
  readonly late: Incident | null;
}

export const NO_INCIDENTS: IncidentState = {
  base: EMPTY_MACHINE,
  baseAt: 0,
  marks: {},
  machine: EMPTY_MACHINE,
  watermark: 0,
  told: {},
  late: null,
};

/** What is new: marks in any order, and how far event time is complete; all marks up to there have come. Seconds since the epoch. */
export interface IncidentInput {
  readonly marks: readonly Mark[];
  readonly watermark: number;
  readonly now: number;
}

/**
 * Folds what is new into the incidents. Windows are judged in the order of their ends and only up to the watermark, so that the
 * same marks give the same incidents and transitions however they are dealt out. Where a revision changes what was told before, the
 * difference is told: an incident that never was is withdrawn.
 */
export function foldIncidents(
  before: IncidentState,
  input: IncidentInput,
  rules: IncidentRules,
  silences: readonly Silence[],
): { readonly state: IncidentState; readonly transitions: readonly Transition[] } {
  const watermark = Math.max(before.watermark, input.watermark);
  const marks: Record<string, Mark> = { ...before.marks };
  let isRevised = false;
  for (const mark of input.marks) {
    const name = `${seriesOf(mark)} ${mark.windowStart} ${mark.windowSeconds}`;
    if (endOf(mark) <= before.baseAt || (marks[name]?.revision ?? -1) >= mark.revision) continue;
    marks[name] = mark;
    isRevised ||= endOf(mark) <= before.watermark;
  }
  const ordered = Object.values(marks).sort((a, b) => endOf(a) - endOf(b));
  const teller = createTeller(before.told, silences);

  let machine = before.machine;
  if (isRevised) {
    machine = settle(
      runSlots(before.base, ordered, before.baseAt, before.watermark, rules, teller.known()),
      before.watermark,
    );
    teller.tell(machine, before.watermark, true);
  }
  for (const end of slotsOf(ordered, silences, before.watermark, watermark)) {
    const ending = ordered.filter((mark) => endOf(mark) === end);
    // What was over before is told as over: the next incident of its group is another one.
    teller.tell(settle(machine, end - 1), end - 1, false);
    machine = ending.length === 0 ? settle(machine, end) : step(machine, end, ending, rules, teller.known());
    teller.tell(machine, end, false);
  }
  machine = settle(machine, watermark);
  teller.tell(machine, watermark, false);

  const baseAt = Math.max(before.baseAt, watermark - rules.revisedSeconds);
  const base = settle(runSlots(before.base, ordered, before.baseAt, baseAt, rules, teller.known()), baseAt);
  const late = foldLate(before.late, watermark, input.now, rules, teller.transitions);
  return {
    state: {
      base: withoutOld(base, baseAt),
      baseAt,
      marks: Object.fromEntries(Object.entries(marks).filter(([, mark]) => endOf(mark) > baseAt)),
      machine: withoutOld(machine, baseAt),
      watermark,
      told: teller.toldAfter(baseAt),
      late,
    },
    transitions: teller.transitions,
  };
}

/** While the pipeline is behind, what is open is not known to be over, nor what is quiet to be well. */
export function isUnknown({ watermark }: IncidentState, now: number, { lateSeconds }: IncidentRules): boolean {
  return watermark > 0 && now - watermark > lateSeconds;
}

/** Ends of windows, and of silences, in (after, upTo]. */
function slotsOf(ordered: readonly Mark[], silences: readonly Silence[], after: number, upTo: number): number[] {
  const ends = new Set([...ordered.map(endOf), ...silences.map(({ to }) => to)]);
  return [...ends].filter((end) => end > after && end <= upTo).sort((a, b) => a - b);
}

function runSlots(
  from: Machine,
  ordered: readonly Mark[],
  after: number,
  upTo: number,
  rules: IncidentRules,
  known: readonly KnownIncident[],
): Machine {
  let machine = from;
  for (let i = 0; i < ordered.length; ) {
    const end = endOf(ordered[i]);
    let next = i;
    while (next < ordered.length && endOf(ordered[next]) === end) next++;
    if (end > after && end <= upTo) machine = step(machine, end, ordered.slice(i, next), rules, known);
    i = next;
  }
  return machine;
}

function withoutOld(machine: Machine, baseAt: number): Machine {
  const closed = machine.closed.filter(({ resolvedAt }) => resolvedAt !== null && resolvedAt > baseAt);
  return { ...machine, closed };
}

/** Compares what is with what was told, and tells the difference. */
function createTeller(before: Readonly<Record<string, Told>>, silences: readonly Silence[]) {
  const told: Record<string, Told> = { ...before };
  const transitions: Transition[] = [];

  function add(kind: TransitionKind, at: number, is: Incident): void {
    const before = told[is.id];
    const times = (before?.times ?? 0) + (kind === "opened" ? 1 : 0);
    // Receivers and routes know it as it was told, whatever a revision makes of its first window.
    const { kind: signal, severity } = kind === "opened" || before === undefined ? is : before.incident;
    const incident = { ...is, kind: signal, severity };
    told[incident.id] = { incident, last: kind, times };
    transitions.push({ id: hashOf(incident.id, kind, times), kind, at, incident });
  }

  return {
    transitions,
    known: (): KnownIncident[] => Object.values(told).map(({ incident }) => incident),
    tell(machine: Machine, upTo: number, isRevised: boolean): void {
      const all = [...machine.closed, ...Object.values(machine.open).map(({ incident }) => incident)];
      const due: [TransitionKind, number, Incident][] = [];
      for (const incident of all) {
        const last = told[incident.id]?.last;
        const { resolvedAt } = incident;
        const tellAt = firstUnsilenced(incident, silences);
        if (tellAt > upTo || (resolvedAt !== null && tellAt >= resolvedAt)) continue;
        const isOpened = last === "opened";
        if (!isOpened && !(last === "resolved" && resolvedAt !== null))
          due.push(["opened", last === undefined ? tellAt : upTo, incident]);
        if (resolvedAt !== null && last !== "resolved") due.push(["resolved", resolvedAt, incident]);
      }
      if (isRevised) {
        const ids = new Set(all.map(({ id }) => id));
        for (const [id, { incident, last }] of Object.entries(told))
          if (last === "opened" && !ids.has(id)) due.push(["withdrawn", upTo, { ...incident, resolvedAt: upTo }]);
      }
      due.sort((a, b) => a[1] - b[1] || (a[2].id < b[2].id ? -1 : a[2].id > b[2].id ? 1 : 0));
      for (const [kind, at, incident] of due) add(kind, at, incident);
    },
    /** What is over and can't be revised is forgotten. */
    toldAfter(baseAt: number): Record<string, Told> {
      return Object.fromEntries(
        Object.entries(told).filter(
          ([, { incident, last }]) => last === "opened" || (incident.resolvedAt ?? Number.POSITIVE_INFINITY) > baseAt,
        ),
      );
    },
  };
}

function foldLate(
  before: Incident | null,
  watermark: number,
  now: number,
  { lateSeconds }: IncidentRules,
  transitions: Transition[],
): Incident | null {
  const isLate = watermark > 0 && now - watermark > lateSeconds;
  if (isLate === (before !== null)) return before;
  if (before !== null) {
    const over = { ...before, lastAt: watermark, resolvedAt: now };
    transitions.push({ id: hashOf(over.id, "resolved", 1), kind: "resolved", at: now, incident: over });
    return null;
  }
  const group = JSON.stringify(["", "", "late"]);
  const late: Incident = {
    id: hashOf(group, watermark),
    group,
    tenant: "",
    service: "",
    kind: "late",
    severity: "error",
    openedAt: watermark,
    firedAt: now,
    lastAt: now,
    resolvedAt: null,
    score: 0,
    series: [],
    value: now - watermark,
    expected: 0,
    why: "the pipeline is behind: nothing is known of what came since",
  };
  transitions.push({ id: hashOf(late.id, "opened", 1), kind: "opened", at: now, incident: late });
  return late;
}
