import { describe, expect, it } from "vitest";
import { messageOf } from "../../processors/incident/text.ts";
import { transitionLine } from "../../processors/incident/words.ts";
import type { Incident, IncidentDetails, TransitionKind } from "../../processors/model/incident.ts";

const NOON = Date.UTC(2026, 2, 2, 12) / 1000;

function makeIncident(over: Partial<Incident> = {}): Incident {
  return {
    id: "a".repeat(32),
    group: '["default","shop-payments"]',
    tenant: "default",
    service: "shop-payments",
    kind: "error_ratio",
    severity: "critical",
    openedAt: NOON,
    lastAt: NOON + 300,
    firedAt: NOON + 300,
    resolvedAt: null,
    score: 9.123_45,
    series: ["error_ratio default shop-payments (service_1m)", "events default shop-payments (service_1m)"],
    value: 0.124,
    expected: 0.0031,
    why: "more errors",
    ...over,
  };
}

const DETAILS: IncidentDetails = {
  lower: 0,
  upper: 0.021,
  contributors: [
    ["status", "503", 0.9],
    ["template", "Payment <*> failed", 0.85],
    ["http_route", "/pay", 0.7],
  ],
  samples: ["level=error msg=one", `level=error msg=${"x".repeat(400)}`],
  changes: ["2026-03-02T11:40:00Z shop-payments 2.3.1"],
};

function textOf(kind: TransitionKind, incident = makeIncident(), details: IncidentDetails | null = DETAILS) {
  return messageOf({ id: "t", kind, at: NOON + 300, incident }, undefined, details);
}

describe("what an alert says", () => {
  it("names service, what, since when, how much, where, what changed, lines, and what to ask", () => {
    const { title, text } = textOf("opened");
    expect(title).toBe("opened (critical): shop-payments: 12.4 % errors, expected 0.31 %: more errors");
    expect(text.split("\n")).toEqual([
      "12.4 % errors, expected 0.31 %: more errors (score 9.123).",
      "Since 2026-03-02T12:00:00Z.",
      "Usual: up to 2.1 %.",
      'Most of the difference: status 503 90 %, message "Payment <*> failed" 85 %, route /pay 70 %.',
      "Changes in the hour before: 2026-03-02T11:40:00Z shop-payments 2.3.1.",
      "Lines:",
      "  level=error msg=one",
      `  level=error msg=${"x".repeat(284)}…`,
      "Unusual as well: events default shop-payments (service_1m).",
      "SELECT timestamp, severity_text, line FROM events WHERE tenant = 'default' AND service_name = 'shop-payments' AND timestamp >= '2026-03-02 12:00:00' AND timestamp < '2026-03-02 12:05:00' ORDER BY severity_number DESC, timestamp LIMIT 50",
    ]);
  });

  it("says of an end how long it was, and nothing that is not known", () => {
    const over = makeIncident({ resolvedAt: NOON + 2400 });
    expect(textOf("resolved", over).text.split("\n").slice(1)).toEqual([
      "From 2026-03-02T12:00:00Z to 2026-03-02T12:40:00Z, 40 min.",
    ]);
    expect(textOf("opened", makeIncident({ series: [] }), null).text.split("\n")).toHaveLength(3);
    expect(textOf("withdrawn").text).toContain("Late lines show that there was nothing");
  });

  it.each([
    ["events", 322.4, 155, "322.4 events, expected 155: spike"],
    ["duration_us_p50", 3_303_358, 209_056, "median 3.303 s, expected 209.1 ms: spike"],
    ["new_templates", 2, 0.01, "2 new messages, spike"],
    ["rare_templates", 1, 0.01, "1 rare message, spike"],
    ["vanished_templates", 2, 0.01, "2 messages missing, spike"],
    ["errors", 12, 1, "12, expected 1: spike"],
    ["silence", 2100, 300, "no events for 35 min, usually some every 5 min"],
    ["silence", 9000, 0, "no events for 3 h"],
    ["threshold:busy", 101, 100, "spike: 101"],
    ["objective:ok", 17.25, 1, "burn rate 17.25, expected 1: spike"],
  ])("gives values of %s their unit", (kind, value, expected, what) => {
    expect(textOf("opened", makeIncident({ kind, value, expected, why: "spike" })).fields["what"]).toBe(what);
  });

  it("lets a service's name end neither a string of SQL nor a shell's quotes", () => {
    const { fields } = textOf("opened", makeIncident({ service: `x'" $(reboot) \`` }));
    expect(fields["query"]).toContain("service_name = unhex('7827222024287265626f6f742920");
    expect(fields["query"]).not.toContain("reboot");
  });

  it("has a title where its own template gives none", () => {
    const templates = { title: " {{service}}", text: "{{what}}" };
    const incident = makeIncident({ service: "" });
    const { title } = messageOf({ id: "t", kind: "opened", at: NOON, incident }, templates);
    expect(title).toBe("opened (critical): default: 12.4 % errors, expected 0.31 %: more errors");
  });

  it("keeps lines of a log on one line each", () => {
    const { text } = textOf("opened", makeIncident(), { ...DETAILS, samples: ["one\ntwo\u001b[2J\u202e"] });
    expect(text).toContain("  one\ufffdtwo\ufffd[2J\ufffd\n");
  });

  it("is a line on a screen", () => {
    const line = (kind: TransitionKind, over: Partial<Incident> = {}) =>
      transitionLine({ id: "t", kind, at: NOON + 2400, incident: makeIncident(over) });
    expect(line("opened")).toBe(
      "2026-03-02 12:00  opened     shop-payments   critical  12.4 % errors, expected 0.31 %: more errors",
    );
    expect(line("resolved", { resolvedAt: NOON + 2400 })).toBe(
      "2026-03-02 12:40  resolved   shop-payments   critical  over after 40 min",
    );
    expect(line("opened", { kind: "storm", service: "", tenant: "" })).toContain(
      "all services    critical  2 series at once",
    );
  });
});
