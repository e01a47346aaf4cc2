import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { WAVE_AGENTS } from "../../processors/simulate/agents.ts";
import {
  createIncidents,
  INCIDENT_KINDS,
  type Incident,
  type IncidentKind,
  servicesOf,
} from "../../processors/simulate/incidents.ts";
import { novelMessage } from "../../processors/simulate/novelty.ts";
import { foldSeed } from "../../processors/simulate/random.ts";
import { SHOP_SERVICES } from "../../processors/simulate/services.ts";
import { createShop } from "../../processors/simulate/shop.ts";
import { truthCsv } from "../../processors/simulate/truth.ts";

const MONDAY = 1_772_409_600;
const DAY = 86_400;
const SEED = 21;
const SECONDS = 90;

const shop = createShop({ seed: SEED, ratePerSecond: 150, startUs: 0 });
const quiet = createShop({ seed: SEED, ratePerSecond: 150, startUs: 0, incidentsPerDay: 0 });

/** The lines of an incident's service in `SECONDS` seconds from its middle on, as they are and as they would be. */
interface Sample {
  readonly incident: Incident;
  readonly actual: string[];
  readonly usual: string[];
}

function linesFrom(source: typeof shop, incident: Incident, from: number, seconds = SECONDS): string[] {
  const to = Math.min(from + seconds, incident.end);
  const texts: string[] = [];
  for (let second = from; second < to; second++) texts.push(source.lines(incident.service, second));
  return texts.filter((text) => text !== "").flatMap((text) => text.split("\n"));
}

const samples = new Map<IncidentKind, Sample[]>();

beforeAll(() => {
  const seen = new Set<string>();
  for (const incident of shop.incidents(MONDAY, MONDAY + 30 * DAY)) {
    const name = `${incident.kind} ${incident.service}`;
    if (seen.has(name)) continue;
    seen.add(name);
    const from = incident.start + Math.floor((incident.end - incident.start) / 2);
    const sample = { incident, actual: linesFrom(shop, incident, from), usual: linesFrom(quiet, incident, from) };
    samples.set(incident.kind, [...(samples.get(incident.kind) ?? []), sample]);
  }
});

/** Fails unless `actual` is `expected` but for chance: five standard deviations of a Poisson count on each side. */
function expectCount(actual: number, expected: number, usual: number): void {
  expect(Math.abs(actual - expected)).toBeLessThan(
    5 * Math.sqrt(expected + usual * Math.max(1, (expected / usual) ** 2)) + 1,
  );
}

function errorShare(lines: readonly string[]): number {
  const isError = (line: string) => /" 5\d\d \d+ "|"severity":"ERROR"| level=error /.test(line);
  return lines.filter(isError).length / lines.length;
}

function medianDuration(lines: readonly string[]): number {
  const durations = lines
    .flatMap((line) => /(?:duration_ms"?[=:]|" )(\d+(?:\.\d{3})?)(?:$|,| (?!\d+ "))/.exec(line)?.[1] ?? [])
    .map(Number);
  return durations.toSorted((a, b) => a - b)[Math.floor(durations.length / 2)];
}

function sampled(kind: IncidentKind): Sample[] {
  return samples.get(kind) ?? [];
}

/** Without background jobs, whose lines come in bursts. */
function steady(kind: IncidentKind): Sample[] {
  return sampled(kind).filter(({ incident }) => incident.service !== "shop-jobs");
}

describe("incidents of thirty days", () => {
  it("are of every kind, on every service where the kind can occur", () => {
    for (const kind of INCIDENT_KINDS) {
      const services = sampled(kind).map(({ incident }) => incident.service);
      expect([kind, services.toSorted()]).toEqual([kind, servicesOf(kind).toSorted()]);
    }
  });

  it.each(["spike", "dip", "level_shift"] as const)("of kind %s multiply the lines by the magnitude", (kind) => {
    for (const { incident, actual, usual } of sampled(kind)) {
      expectCount(actual.length, usual.length * incident.magnitude, usual.length);
      expect(Math.abs(incident.magnitude - 1)).toBeGreaterThan(0.3);
    }
  });

  it("of kind silence leave no line of the service, and go on without a trace when they end", () => {
    for (const { incident, actual, usual } of steady("silence")) {
      expect(usual.length).toBeGreaterThan(100);
      expect(actual).toEqual([]);
      expect(shop.lines(incident.service, incident.end)).toBe(quiet.lines(incident.service, incident.end));
      expect(shop.lines(incident.service, incident.start - 1)).toBe(quiet.lines(incident.service, incident.start - 1));
    }
  });

  it("of kind error_burst raise the share of errors by the magnitude", () => {
    for (const { incident, actual, usual } of steady("error_burst")) {
      expect(errorShare(usual)).toBeLessThan(0.02);
      expect(Math.abs(errorShare(actual) - incident.magnitude)).toBeLessThan(0.07);
    }
  });

  it("of kind slow multiply the median duration by the magnitude", () => {
    for (const { incident, actual, usual } of steady("slow")) {
      const factor = medianDuration(actual) / medianDuration(usual);
      expect(Math.abs(factor / incident.magnitude - 1)).toBeLessThan(0.25);
    }
  });

  it("of kind new_template add the magnitude's share of lines with a message that is in no usual line", () => {
    for (const { incident, actual, usual } of steady("new_template")) {
      const message = novelMessage(foldSeed(SEED), incident.start);
      expect(usual.filter((line) => line.includes(message))).toEqual([]);
      const share = actual.filter((line) => line.includes(message)).length / actual.length;
      expect(Math.abs(share - incident.magnitude)).toBeLessThan(0.05);
    }
  });

  it("of kind bot_wave add requests of one agent from at most twelve addresses", () => {
    for (const { incident, actual, usual } of sampled("bot_wave")) {
      const isWave = (line: string) => WAVE_AGENTS.some((agent) => line.includes(`"${agent}"`));
      expect(usual.filter(isWave)).toEqual([]);
      const wave = actual.filter(isWave);
      expectCount(
        wave.length,
        150 * 0.7 * Math.min(SECONDS, incident.end - incident.start) * incident.magnitude,
        usual.length,
      );
      expect(new Set(wave.map((line) => line.split('"')[5])).size).toBe(1);
      expect(new Set(wave.map((line) => line.split(" ")[0])).size).toBeLessThanOrEqual(12);
    }
  });

  it("of kind drift move the lines evenly from usual at the start to the magnitude at the end", () => {
    for (const { incident } of sampled("drift")) {
      const last = incident.end - SECONDS;
      const atStart = linesFrom(shop, incident, incident.start).length;
      const atEnd = linesFrom(shop, incident, last).length;
      const usualAtStart = linesFrom(quiet, incident, incident.start).length;
      const usualAtEnd = linesFrom(quiet, incident, last).length;
      const early = 1 + ((incident.magnitude - 1) * SECONDS) / 2 / (incident.end - incident.start);
      expectCount(atStart, usualAtStart * early, usualAtStart);
      expectCount(atEnd, usualAtEnd * (1 + incident.magnitude - early), usualAtEnd);
    }
  });
});

describe("the truth", () => {
  it("names every second whose lines are not as they would be without incidents: by the service that is the cause", () => {
    const causes: Readonly<Record<string, readonly string[]>> = {
      "shop-front": ["shop-front", "shop-orders"],
      "shop-orders": ["shop-orders", "shop-payments", "shop-front"],
      "shop-payments": ["shop-payments", "shop-orders", "shop-front"],
      "shop-jobs": ["shop-jobs"],
      "shop-admin": [],
    };
    const incidents = shop.incidents(MONDAY, MONDAY + DAY);
    let changed = 0;
    let suffered = 0;
    for (let second = MONDAY; second < MONDAY + DAY; second += 293) {
      for (const service of SHOP_SERVICES) {
        if (shop.lines(service, second) === quiet.lines(service, second)) continue;
        changed++;
        const now = incidents.filter(({ start, end }) => start <= second && second < end);
        const named = now.filter((row) => causes[service].includes(row.service));
        expect([second, service, named.length]).toEqual([second, service, 1]);
        if (named[0].service !== service) suffered++;
      }
    }
    expect(changed).toBeGreaterThan(10);
    expect(suffered).toBeGreaterThan(3);
  });

  it("names payments alone when orders fail because payments do", () => {
    const outage = shop
      .incidents(MONDAY, MONDAY + 30 * DAY)
      .find((row) => row.kind === "error_burst" && row.service === "shop-payments" && row.magnitude > 0.3)!;
    const orders = { ...outage, service: "shop-orders" } as const;
    const expected = errorShare(linesFrom(quiet, orders, outage.start)) + 0.4 * outage.magnitude;
    expect(Math.abs(errorShare(linesFrom(shop, orders, outage.start)) - expected)).toBeLessThan(0.06);
    const elsewhere = shop.incidents(outage.start, outage.end).filter((row) => row.service !== "shop-payments");
    expect(elsewhere).toEqual([]);
  });

  it("has 20 to 40 incidents in thirty days at one a day, from subtle to plain, of every kind", () => {
    for (const seed of [1, 2, 3]) {
      const month = createShop({ seed, ratePerSecond: 20, startUs: 0, incidentsPerDay: 1 }).incidents(
        MONDAY,
        MONDAY + 30 * DAY,
      );
      expect(month.length).toBeGreaterThanOrEqual(20);
      expect(month.length).toBeLessThanOrEqual(40);
      expect(new Set(month.map(({ kind }) => kind)).size).toBe(INCIDENT_KINDS.length);
    }
    const bursts = shop.incidents(MONDAY, MONDAY + 30 * DAY).filter(({ kind }) => kind === "error_burst");
    expect(Math.min(...bursts.map(({ magnitude }) => magnitude))).toBeLessThan(0.08);
    expect(Math.max(...bursts.map(({ magnitude }) => magnitude))).toBeGreaterThan(0.5);
  });

  it("begins an incident every 20 to 41 minutes by default", () => {
    const incidents = shop.incidents(MONDAY, MONDAY + 30 * DAY);
    const gaps = incidents.slice(1).map(({ start }, index) => (start - incidents[index].start) / 60);
    expect(Math.min(...gaps)).toBeGreaterThan(20);
    expect(Math.max(...gaps)).toBeLessThan(41);
  });

  it("as CSV has a header and ISO times", () => {
    const incident: Incident = {
      kind: "error_burst",
      service: "shop-orders",
      start: MONDAY,
      end: MONDAY + 90,
      magnitude: 0.5,
    };
    expect(truthCsv([incident])).toBe(
      "kind,service,start,end\nerror_burst,shop-orders,2026-03-02T00:00:00Z,2026-03-02T00:01:30Z\n",
    );
    expect(truthCsv([])).toBe("kind,service,start,end\n");
  });
});

describe("the schedule", () => {
  it("has incidents that never overlap, end after they start, and are found by every second in them alone", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 288 }), (seed, perDay) => {
        const schedule = createIncidents(seed, perDay);
        const incidents = schedule.between(MONDAY, MONDAY + 9 * DAY);
        for (const [index, incident] of incidents.entries()) {
          expect(incident.end).toBeGreaterThan(incident.start);
          if (index > 0) expect(incident.start).toBeGreaterThan(incidents[index - 1].end);
          expect(schedule.at(incident.start)).toEqual(incident);
          expect(schedule.at(incident.end - 1)).toEqual(incident);
          expect(schedule.at(incident.start - 1)).toBeNull();
          expect(schedule.at(incident.end)).toBeNull();
        }
      }),
      { numRuns: 8 },
    );
  });

  it("finds the same incidents in two halves of a range as in the whole, one across the border in both", () => {
    const schedule = createIncidents(5, 48);
    const whole = schedule.between(MONDAY, MONDAY + DAY);
    const { start } = whole[20];
    const halves = [...schedule.between(MONDAY, start + 1), ...schedule.between(start + 1, MONDAY + DAY)];
    expect(halves.length).toBe(whole.length + 1);
    expect(halves.filter((incident) => incident.start !== start)).toEqual(
      whole.filter((incident) => incident.start !== start),
    );
  });

  it("spreads few incidents over all hours of the day", () => {
    const incidents = createIncidents(5, 4).between(MONDAY, MONDAY + 60 * DAY);
    const hours = new Set(incidents.map(({ start }) => Math.floor((start % DAY) / 3600)));
    expect(hours.size).toBe(24);
  });

  it("holds nothing when no incidents are wanted", () => {
    const schedule = createIncidents(5, 0);
    expect(schedule.at(MONDAY)).toBeNull();
    expect(schedule.between(0, MONDAY)).toEqual([]);
  });

  it("lets incidents last hours when there are few of them", () => {
    const shifts = createIncidents(5, 2)
      .between(MONDAY, MONDAY + 90 * DAY)
      .filter(({ kind }) => kind === "level_shift");
    expect(Math.max(...shifts.map(({ start, end }) => end - start))).toBeGreaterThan(4 * 3600);
  });
});
