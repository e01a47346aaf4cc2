import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldIncidents, type IncidentState, isUnknown, NO_INCIDENTS } from "../../processors/incident/fold.ts";
import type { IncidentRules, Mark, Silence, Transition } from "../../processors/model/incident.ts";
import { MINUTE, makeMark, RULES, START } from "./make-marks.ts";

const at = (minute: number) => START + minute * MINUTE;

interface Step {
  readonly marks: readonly Mark[];
  readonly minute: number;
  readonly now?: number;
}

function foldAll(steps: readonly Step[], rules: IncidentRules = RULES, silences: readonly Silence[] = []) {
  let state: IncidentState = NO_INCIDENTS;
  const transitions: Transition[] = [];
  for (const { marks, minute, now = minute } of steps) {
    const input = { marks, watermark: at(minute), now: at(now) };
    const folded = foldIncidents(state, input, rules, silences);
    // What goes on must be what was stored.
    state = JSON.parse(JSON.stringify(folded.state));
    transitions.push(...folded.transitions);
  }
  return { state, transitions };
}

const told = (transitions: readonly Transition[]) =>
  transitions.map(({ kind, at, incident }) => `${kind} ${incident.service || incident.kind} ${(at - START) / MINUTE}`);

describe("incidents", () => {
  it("open with the first unusual window and close after three quiet ones, once each", () => {
    const marks = [0, 1, 2, 3].map((minute) => makeMark(minute));
    expect(told(foldAll([{ marks, minute: 10 }]).transitions)).toEqual(["opened checkout 1", "resolved checkout 7"]);
  });

  it("wait for the watermark", () => {
    expect(foldAll([{ marks: [makeMark(5)], minute: 5 }]).transitions).toEqual([]);
    expect(told(foldAll([{ marks: [makeMark(5)], minute: 6 }]).transitions)).toEqual(["opened checkout 6"]);
  });

  it("open only when N of M windows are unusual, if so configured", () => {
    const rules = { ...RULES, open: { windows: 2, of: 3, score: 3 } };
    expect(foldAll([{ marks: [makeMark(0), makeMark(3)], minute: 20 }], rules).transitions).toEqual([]);
    expect(told(foldAll([{ marks: [makeMark(0), makeMark(2)], minute: 3 }], rules).transitions)).toEqual([
      "opened checkout 3",
    ]);
  });

  it("have a recovery threshold of their own", () => {
    const rules = { ...RULES, recover: { windows: 3, score: 1 } };
    const marks = [makeMark(0), ...[2, 4, 6].map((minute) => makeMark(minute, { score: 1.5 }))];
    expect(told(foldAll([{ marks, minute: 20 }], rules).transitions)).toEqual([
      "opened checkout 1",
      "resolved checkout 10",
    ]);
  });

  it("are one for all series of a service, and for those of its tenant that name none", () => {
    const country = makeMark(1, { rule: "country_1m", key: ["acme", "DE"], names: ["tenant", "geo_country_iso_code"] });
    const marks = [makeMark(0), makeMark(0, { route: "/cart" }), makeMark(1, { signal: "latency" }), country];
    const { transitions, state } = foldAll([{ marks, minute: 2 }]);
    expect(told(transitions)).toEqual(["opened checkout 1"]);
    expect(Object.values(state.machine.open)[0].incident.series).toHaveLength(4);
  });

  it("of one service one after the other are two, also when both are looked at at once", () => {
    const { transitions } = foldAll([{ marks: [makeMark(0), makeMark(100)], minute: 200 }]);
    expect(told(transitions)).toEqual([
      "opened checkout 1",
      "resolved checkout 4",
      "opened checkout 101",
      "resolved checkout 104",
    ]);
    expect(new Set(transitions.map(({ incident }) => incident.id)).size).toBe(2);
  });

  it("of many services at once are one storm that names every series", () => {
    const marks = Array.from({ length: 10_000 }, (_, i) => makeMark(0, { service: `s${i % 50}`, route: `/r${i}` }));
    const { transitions } = foldAll([
      { marks, minute: 1 },
      { marks: [], minute: 20 },
    ]);
    expect(told(transitions)).toEqual(["opened storm 1", "resolved storm 4"]);
    expect(new Set(transitions[0].incident.series).size).toBe(10_000);
  });

  it("of 30 days are told once", () => {
    const steps = Array.from({ length: 720 }, (_, hour) => ({
      marks: Array.from({ length: 30 }, (_, i) => makeMark(hour * 60 + i * 2)),
      minute: hour * 60 + 60,
    }));
    const { transitions, state } = foldAll(steps);
    expect(told(transitions)).toEqual(["opened checkout 1"]);
    expect(Object.keys(state.marks).length).toBeLessThan(100);
  });

  it("of a silent service don't end before it was heard of again", () => {
    const silence = makeMark(0, { signal: "silence", why: "silence" });
    expect(told(foldAll([{ marks: [silence], minute: 10_000, now: 10_000 }]).transitions)).toEqual([
      "opened checkout 1",
    ]);
    const heard = makeMark(50, { signal: "silence", score: 0, revision: 0 });
    expect(told(foldAll([{ marks: [silence, heard], minute: 100 }]).transitions)).toEqual([
      "opened checkout 1",
      "resolved checkout 54",
    ]);
  });
});

describe("late data", () => {
  it("that shows there was nothing withdraws the incident", () => {
    const { transitions } = foldAll([
      { marks: [makeMark(0)], minute: 2 },
      { marks: [makeMark(0, { revision: 2, score: 0 })], minute: 3 },
      { marks: [], minute: 30 },
    ]);
    expect(told(transitions)).toEqual(["opened checkout 1", "withdrawn checkout 2"]);
    expect(transitions[0].incident.id).toBe(transitions[1].incident.id);
  });

  it("that makes the beginning less grave leaves the end where the beginning went", () => {
    const { transitions } = foldAll([
      { marks: [makeMark(0, { score: 7 })], minute: 2 },
      { marks: [makeMark(0, { revision: 2, score: 3.5 }), makeMark(0, { signal: "events", score: 3.7 })], minute: 3 },
      { marks: [], minute: 30 },
    ]);
    expect(told(transitions)).toEqual(["opened checkout 1", "resolved checkout 4"]);
    expect(transitions.map(({ incident: { kind, severity } }) => `${kind} ${severity}`)).toEqual([
      "errors critical",
      "errors critical",
    ]);
  });

  it("that moves the beginning opens nothing anew", () => {
    const { transitions } = foldAll([
      { marks: [makeMark(3), makeMark(4)], minute: 5 },
      { marks: [makeMark(2)], minute: 6 },
      { marks: [], minute: 30 },
    ]);
    expect(told(transitions)).toEqual(["opened checkout 4", "resolved checkout 8"]);
  });

  it("leaves open what is open while the pipeline is behind: unknown, told once, and over when it has caught up", () => {
    const steps = [
      { marks: [makeMark(0)], minute: 2 },
      { marks: [], minute: 2, now: 20 },
      { marks: [], minute: 2, now: 32 },
    ];
    const behind = foldAll(steps);
    expect(isUnknown(behind.state, at(32), RULES)).toBe(true);
    expect(told(behind.transitions)).toEqual(["opened checkout 1", "opened late 20"]);
    expect(told(foldAll([...steps, { marks: [], minute: 33, now: 34 }]).transitions)).toEqual([
      "opened checkout 1",
      "opened late 20",
      "resolved checkout 4",
      "resolved late 34",
    ]);
  });
});

describe("silences", () => {
  const silence = { match: { service: "checkout" }, from: at(0), to: at(10) };

  it("tell nothing of what is over when they end", () => {
    expect(foldAll([{ marks: [makeMark(0)], minute: 30 }], RULES, [silence]).transitions).toEqual([]);
    const other = { ...silence, match: { service: "search" } };
    expect(foldAll([{ marks: [makeMark(0)], minute: 30 }], RULES, [other]).transitions).toHaveLength(2);
  });

  it("tell what is still open when they end", () => {
    const marks = Array.from({ length: 12 }, (_, minute) => makeMark(minute));
    expect(told(foldAll([{ marks, minute: 30 }], RULES, [silence]).transitions)).toEqual([
      "opened checkout 10",
      "resolved checkout 15",
    ]);
  });
});

describe("the fold", () => {
  const anyMark = fc.record({
    minute: fc.integer({ min: 0, max: 60 }),
    service: fc.constantFrom("a", "b", "c", "d", "e", "f", "g"),
    score: fc.constantFrom(0, 2, 3.5, 6.5),
    signal: fc.constantFrom("errors", "volume", "silence"),
  });
  const silences = [{ match: { service: "b" }, from: at(10), to: at(35) }];
  const rules = { ...RULES, open: { windows: 2, of: 3, score: 3 }, recover: { windows: 2, score: 2 } };

  it("tells the same however the marks are dealt out", () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 79 }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(anyMark, { maxLength: 60 }), cuts, (many, minutes) => {
        const marks = many.map(({ minute, ...over }) => makeMark(minute, over));
        const all = foldAll([{ marks, minute: 80 }], rules, silences).transitions;
        const steps = [...minutes.sort((a, b) => a - b), 80].map((minute, i, ends) => ({
          minute,
          marks: marks.filter((mark) => {
            const end = (mark.windowStart - START) / MINUTE + 1;
            return end <= minute && end > (ends[i - 1] ?? 0);
          }),
        }));
        expect(foldAll(steps, rules, silences).transitions).toEqual(all);
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it("comes to the same incidents when revisions come late", () => {
    fc.assert(
      fc.property(fc.array(anyMark, { maxLength: 30 }), fc.integer({ min: 1, max: 60 }), (many, minute) => {
        const marks = many.map(({ minute, ...over }) => makeMark(minute, { ...over, signal: "errors" }));
        const last = new Map(marks.map((mark) => [JSON.stringify([mark.key, mark.windowStart]), mark]));
        const wrong = [...last.values()].map((mark) => ({ ...mark, score: 6.5 }));
        const right = [...last.values()].map((mark) => ({ ...mark, revision: 2 }));
        const incidents = ({ state }: { state: IncidentState }) =>
          [...state.machine.closed, ...Object.values(state.machine.open).map(({ incident }) => incident)]
            .map(({ group, openedAt, resolvedAt }) => `${group} ${openedAt} ${resolvedAt}`)
            .sort();
        const late = foldAll(
          [
            { marks: wrong, minute },
            { marks: right, minute: 70 },
          ],
          rules,
        );
        expect(incidents(late)).toEqual(incidents(foldAll([{ marks: right, minute: 70 }], rules)));
        const open = new Set<string>();
        for (const { kind, incident } of late.transitions) {
          if (kind === "opened") expect(open.has(incident.id)).toBe(false);
          else expect(open.has(incident.id)).toBe(true);
          if (kind === "opened") open.add(incident.id);
          else open.delete(incident.id);
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
