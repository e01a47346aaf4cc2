import { beforeEach, describe, expect, it } from "vitest";
import { withinBudgets } from "../../processors/services/detect-budgets.ts";
import { declaredFindings } from "../../processors/services/detect-declared.ts";
import { asSilences } from "../../processors/services/detect-silences.ts";
import type { Finding } from "../../processors/services/detector.ts";
import { configOf } from "../support/config-of.ts";
import { MONDAY } from "../support/make-series.ts";
import { useStore } from "../support/make-store.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

const store = useStore();

interface Counted {
  readonly events: number;
  readonly errors?: number;
  /** Durations, all in one bucket. */
  readonly durationUs?: number;
}

/** Windows of a rule, one after the other from a second on; null leaves one out. */
async function addWindows(
  yaml: string,
  rule: string,
  key: readonly string[],
  from: number,
  windows: readonly (Counted | null)[],
): Promise<void> {
  const { rules, rollUps } = configOf(yaml);
  const { version, windowSeconds } = [...rules, ...rollUps].find(({ name }) => name === rule)!;
  const rows = windows.flatMap((window, k) =>
    window === null ? [] : [{ ...window, start: from + k * windowSeconds }],
  );
  await store().command(
    `INSERT INTO windows (rule, rule_version, window_start, window_seconds, key, revision, events, errors, duration_count, duration_histogram)
     SELECT {rule:String}, {version:UInt32}, toDateTime(r.1, 'UTC'), {seconds:UInt32}, {key:Array(String)}, 1, r.2, r.3,
       if(r.4 = 0, 0, r.2), if(r.4 = 0, map(), map(toInt16(ceil(log(r.4) / log(1.01 / 0.99))), toUInt64(r.2)))
     FROM (SELECT arrayJoin(arrayZip({starts:Array(UInt32)}, {events:Array(UInt64)}, {errors:Array(UInt64)}, {durations:Array(Float64)})) AS r)`,
    {
      rule,
      version,
      seconds: windowSeconds,
      key,
      starts: rows.map(({ start }) => start),
      events: rows.map(({ events }) => events),
      errors: rows.map(({ errors }) => errors ?? 0),
      durations: rows.map(({ durationUs }) => durationUs ?? 0),
    },
  );
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}

/** What was found in [from, to) seconds since Monday: minute since Monday, signal and more. */
async function find(yaml: string, from: number, to: number) {
  const range = { from: timeText(MONDAY + from), to: timeText(MONDAY + to) };
  return (await declaredFindings(store(), configOf(yaml), range)).map((one) => ({
    ...one,
    minute: (Date.parse(`${one.window_start}Z`) / 1000 - MONDAY) / 60,
  }));
}

const many = (count: number, window: Counted | null) => Array.from({ length: count }, () => window);

beforeEach(async () => {
  for (const table of ["windows", "signals_5m"]) await store().command(`TRUNCATE TABLE ${table}`);
});

describe("thresholds", () => {
  const above = `detection: {thresholds: [{name: busy, rule: service_1m, measure: events, above: 100, windows: 3, match: {service_name: shop}, severity: critical}]}`;

  it("are told from the last of so many windows in a row that are beyond them, of the keys that match", async () => {
    const busy = { events: 101 };
    const windows = [{ events: 100 }, busy, busy, { events: 100 }, busy, busy, null, busy, busy, busy, busy];
    await addWindows(above, "service_1m", ["acme", "shop"], MONDAY + HOUR, windows);
    await addWindows(above, "service_1m", ["acme", "other"], MONDAY + HOUR, many(10, busy));
    const found = await find(above, HOUR, 2 * HOUR);
    expect(found.map(({ minute }) => minute)).toEqual([69, 70]);
    expect(found[0]).toMatchObject({
      rule: "service_1m",
      signal: "threshold:busy",
      key: ["acme", "shop"],
      window_seconds: 60,
      value: 101,
      score: 6,
      expected: 100,
      lower: null,
      upper: 100,
      why: "events above 100, 3 windows in a row",
    });
    // In parts as at once: what is before a stretch counts.
    const parts = [...(await find(above, HOUR, HOUR + 600)), ...(await find(above, HOUR + 600, 2 * HOUR))];
    expect(parts).toEqual(found);
  });

  it("count windows without events as 0 for a day, for what must not be below", async () => {
    const yaml = "detection: {thresholds: [{name: few, rule: service_1m, measure: events, below: 2, windows: 2}]}";
    await addWindows(yaml, "service_1m", ["acme", "shop"], MONDAY, [...many(5, { events: 2 }), null, null, null]);
    expect((await find(yaml, 0, 480)).map(({ minute, value }) => [minute, value])).toEqual([
      [6, 0],
      [7, 0],
    ]);
    const minutes = (await find(yaml, DAY - 600, DAY + HOUR)).map(({ minute }) => minute);
    expect([minutes[0], minutes.at(-1)]).toEqual([DAY / 60 - 10, DAY / 60 + 4]);
    expect(await find(yaml, DAY + HOUR, DAY + 2 * HOUR)).toEqual([]);
  });

  it("are there for shares and durations, and only where there is something to measure", async () => {
    const yaml = `detection:
  thresholds:
    - {name: slow, rule: service_1m, measure: duration_us_p95, above: 500000}
    - {name: failing, rule: service_1m, measure: error_ratio, above: 0.1, severity: warning}
    - {name: hourly, rule: service_1h, measure: errors, above: 1}`;
    await addWindows(yaml, "service_1m", ["acme", "shop"], MONDAY, [
      { events: 10, errors: 1, durationUs: 400_000 },
      { events: 10, errors: 2, durationUs: 600_000 },
      { events: 10 },
    ]);
    await addWindows(yaml, "service_1h", ["acme", "shop"], MONDAY, [{ events: 30, errors: 3 }]);
    const found = await find(yaml, 0, HOUR);
    expect(found.map(({ signal, minute, score }) => [signal, minute, score])).toEqual([
      ["threshold:slow", 1, 4],
      ["threshold:failing", 1, 3],
      ["threshold:hourly", 0, 4],
    ]);
    expect(found[0].value / 600_000).toBeCloseTo(1, 1);
    // An hour that is not over says nothing yet.
    expect((await find(yaml, 0, HOUR - 300)).map(({ signal }) => signal)).not.toContain("threshold:hourly");
  });
});

describe("objectives", () => {
  const yaml = "detection: {objectives: [{name: shop-ok, service: shop, objective: 99.9}]}";
  const add = (from: number, windows: readonly (Counted | null)[], key = ["acme", "shop"]) =>
    addWindows(yaml, "service_1m", key, MONDAY + from, windows);

  it("are told when their budget burns fast, over a long and still over a short time", async () => {
    const calm = { events: 100 };
    await add(0, [...many(180, calm), ...many(20, { events: 100, errors: 6 }), ...many(60, calm)]);
    await add(0, many(240, { events: 100, errors: 50 }), ["acme", "other"]);
    const found = await find(yaml, 0, 5 * HOUR);
    expect(found[0]).toMatchObject({
      signal: "objective:shop-ok",
      key: ["acme", "shop"],
      score: 6,
      expected: 1,
      why: "error budget burns over 1 h and 5 min",
    });
    // 6 % of 15 of 60 minutes are 15 times as many as 0.1 %; after the errors the short time is calm at once.
    expect(found.map(({ minute }) => minute)).toEqual([190, 195]);
    expect(found[0].value).toBeCloseTo(15, 6);
    expect(found[0].upper).toBeCloseTo(14.4, 6);
  });

  it("are told more quietly when it burns slowly for long, and not for what it allows", async () => {
    await add(0, many((2 * DAY) / 60, { events: 1000, errors: 1 }));
    expect(await find(yaml, 0, 2 * DAY)).toEqual([]);
    await add(2 * DAY, many(DAY / 60, { events: 1000, errors: 4 }));
    const found = await find(yaml, 2 * DAY, 3 * DAY);
    expect(new Set(found.map(({ score }) => score))).toEqual(new Set([3]));
    expect(new Set(found.map(({ why }) => why))).toEqual(new Set(["error budget burns over 3 days and 6 h"]));
  });

  it("may be for a rule with errors of its own, and let few errors pass", async () => {
    const own = `rules:
  - {name: slow_1m, window: 1m, group_by: [service_name], errors: [{column: duration_us, min: 500000}]}
detection: {objectives: [{name: fast, service: shop, objective: 99, rule: slow_1m, window: 7d}]}`;
    await addWindows(own, "slow_1m", ["shop"], MONDAY, [...many(40, { events: 1 }), { events: 2, errors: 2 }]);
    expect(await find(own, 0, 2 * HOUR)).toEqual([]);
    await addWindows(own, "slow_1m", ["shop"], MONDAY + 62 * 60, many(5, { events: 10, errors: 9 }));
    expect((await find(own, 0, 2 * HOUR)).map(({ signal }) => signal)).toContain("objective:fast");
  });
});

function makeFinding(over: Partial<Finding> = {}): Finding {
  return {
    rule: "service_1m",
    signal: "events",
    key: ["acme", "shop"],
    window_start: timeText(MONDAY + 3 * DAY),
    value: 0,
    score: 3.5,
    expected: 4,
    lower: null,
    upper: null,
    why: "spike",
    baseline_windows: 900,
    ...over,
  };
}

describe("budgets", () => {
  it("make services score less that are to be told of less often", () => {
    const config = configOf(
      "detection: {budgets: [{service: shop, tenant: other, per_week: 0.01}, {service: shop, per_week: 0.5}]}",
    );
    const found = withinBudgets(config, [
      makeFinding(),
      makeFinding({ score: 3.2 }),
      makeFinding({ key: ["acme", "other"], score: 3.2 }),
      makeFinding({ key: ["other", "shop"], score: 4.9 }),
      makeFinding({ rule: "template_10s", signal: "new_templates", score: 4 }),
    ]);
    expect(found.map(({ key, score }) => [...key, score.toFixed(2)])).toEqual([
      ["acme", "shop", "3.20"],
      ["acme", "other", "3.20"],
      ["acme", "shop", "3.70"],
    ]);
  });
});

describe("silences", () => {
  it("say how long, and how far apart events are at that time of day", async () => {
    const add = (name: string, starts: readonly number[]) =>
      store().command(
        `INSERT INTO signals_5m (rule, signal, key, window_start, value)
         SELECT 'service_1m', 'events', ['acme', {name:String}], toDateTime(arrayJoin({starts:Array(UInt32)}), 'UTC'), 1`,
        { name, starts: starts.map((start) => MONDAY + start) },
      );
    const every = (from: number, to: number, step: number) =>
      Array.from({ length: Math.ceil((to - from) / step) }, (_, k) => from + k * step);
    const end = 3 * DAY + 12 * HOUR;
    await add("busy", every(0, end, 300));
    // Once an hour, but for the nights.
    await add(
      "hourly",
      [0, 1, 2, 3].flatMap((day) => every(day * DAY + 8 * HOUR, Math.min(end, day * DAY + 20 * HOUR), HOUR)),
    );
    const at = (name: string, seconds: number) =>
      makeFinding({ key: ["acme", name], window_start: timeText(MONDAY + seconds), why: "silence" });
    const spike = makeFinding();
    const found = await asSilences(store(), [
      spike,
      at("busy", end + 1200),
      at("hourly", end + 3 * HOUR),
      at("hourly", 2 * DAY + 2 * HOUR),
      at("unknown", end),
    ]);
    expect(found.map(({ signal, key, value, expected, upper }) => [signal, key[1], value, expected, upper])).toEqual([
      ["events", "shop", 0, 4, null],
      ["silence", "busy", 1500, 300, 300],
      ["silence", "hourly", 4 * HOUR, HOUR, HOUR],
      ["silence", "hourly", 7 * HOUR, 13 * HOUR, 13 * HOUR],
      ["events", "unknown", 0, 4, null],
    ]);
  });
});
