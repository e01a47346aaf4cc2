import type { IncidentRules, Mark } from "../../processors/model/incident.ts";

export const MINUTE = 60;
export const START = Date.UTC(2026, 2, 2, 12) / 1000;

export const RULES: IncidentRules = {
  open: { windows: 1, of: 1, score: 3 },
  recover: { windows: 3, score: 3 },
  stormGroups: 5,
  revisedSeconds: 3600,
  lateSeconds: 900,
};

/** A mark of a service's route, `minute` minutes after the start. */
export function makeMark(minute: number, over: Partial<Mark> & { service?: string; route?: string } = {}): Mark {
  const { service = "checkout", route = "/pay", ...rest } = over;
  return {
    rule: "route_1m",
    signal: "errors",
    key: ["acme", service, route],
    names: ["tenant", "service_name", "http_route"],
    windowStart: START + minute * MINUTE,
    windowSeconds: MINUTE,
    revision: 1,
    score: 4.5,
    value: 12,
    expected: 0,
    why: "spike",
    ...rest,
  };
}
