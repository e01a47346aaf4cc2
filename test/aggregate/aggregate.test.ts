import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAggregate } from "../../processors/aggregate/aggregate.ts";
import { bucketOf } from "../../processors/aggregate/histogram.ts";
import { EventBatch } from "../../processors/model/event-batch.ts";
import type { GroupBy, Rule } from "../../processors/model/rule.ts";
import { fillEvents, type MadeEvent, makeEvents } from "./make-events.ts";
import { mergePartials, type Share } from "./merge-partials.ts";

const makeRule = (over: Partial<Rule> = {}): Rule => ({
  name: "made",
  version: 1,
  windowSeconds: 10,
  groupBy: ["service_name"],
  distinct: null,
  where: "all",
  ...over,
});

const RULES: readonly Rule[] = [
  makeRule(),
  makeRule({
    name: "routes",
    windowSeconds: 60,
    groupBy: ["service_name", "http_route", "status_class"],
    distinct: "client_address",
    where: "http",
  }),
  makeRule({ name: "whole", windowSeconds: 86_400, groupBy: [], distinct: "body" }),
  makeRule({
    name: "templates",
    version: 7,
    windowSeconds: 1,
    groupBy: ["template", "attributes.zone"],
    where: "body",
  }),
];

function keyOf(event: MadeEvent, groupBy: GroupBy): string {
  const half = (n: number) => n.toString(16).padStart(8, "0");
  if (groupBy === "status_class") return event.status === undefined ? "" : `${Math.floor(event.status / 100)}xx`;
  if (groupBy === "template") return (event.template ?? [0, 0]).map(half).join("");
  if (groupBy === "attributes.zone") return event.attributes?.["zone"] ?? "";
  return (groupBy === "service_name" ? event.service : event.route) ?? "";
}

/** The shares of events, counted one by one. */
function counted(events: readonly MadeEvent[], rules: readonly Rule[]): Record<string, Share> {
  const shares: Record<string, Share> = {};
  for (const rule of rules)
    for (const event of events) {
      if (rule.where === "http" && event.status === undefined) continue;
      if (rule.where === "body" && (event.body ?? "") === "") continue;
      const start = Math.floor(event.us / 1e6 / rule.windowSeconds) * rule.windowSeconds;
      const keys = rule.groupBy.map((name) => keyOf(event, name));
      const id = JSON.stringify([rule.name, rule.version, rule.windowSeconds, start, ...keys]);
      const share = (shares[id] ??= {
        events: 0,
        errors: 0,
        bodySize: 0,
        durations: 0,
        durationSum: 0,
        durationMin: 0,
        durationMax: 0,
        buckets: {},
        distinct: [],
      });
      share.events++;
      if ((event.severity ?? 0) >= 17 || (event.status ?? 0) >= 500) share.errors++;
      share.bodySize += event.size ?? 0;
      const us = event.durationUs ?? 0;
      if (us > 0) {
        share.durationMin = share.durations === 0 ? us : Math.min(share.durationMin, us);
        share.durationMax = Math.max(share.durationMax, us);
        share.durations++;
        share.durationSum += us;
        share.buckets[bucketOf(us)] = (share.buckets[bucketOf(us)] ?? 0) + 1;
      }
      const value = rule.distinct === "body" ? event.body : rule.distinct === null ? "" : event.client;
      if (value && !share.distinct.includes(value)) share.distinct.push(value);
    }
  for (const share of Object.values(shares)) share.distinct.sort();
  return shares;
}

const few = (values: string[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const event = fc.record(
  {
    // Around a day's end, in no order, and some before the first.
    us: fc.integer({ min: 1_700_000_000_000_000 - 70_000_000, max: 1_700_000_000_000_000 + 70_000_000 }),
    service: fc.constantFrom("", "cart", "pay", "shop"),
    route: fc.constantFrom("/", "/{id}"),
    client: fc.constantFrom("", "198.51.100.7", "198.51.100.8", "198.51.100.9"),
    body: fc.constantFrom("", "a", "b"),
    status: fc.constantFrom(100, 200, 404, 499, 500, 599),
    severity: fc.constantFrom(0, 16, 17, 24),
    size: fc.integer({ min: 0, max: 1e9 }),
    durationUs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1e10 })),
    template: fc.tuple(fc.constantFrom(0, 1, 0xffffffff), fc.constantFrom(0, 1, 0xfffffffe)),
    attributes: few(["n", "s"]).map((zone) => ({ other: "x", ...(zone === undefined ? {} : { zone }) })),
  },
  { requiredKeys: ["us"] },
);
const events = fc.array(event as fc.Arbitrary<MadeEvent>, { maxLength: 60 });

describe("aggregate", () => {
  it("counts a batch's events as counting one by one does", () => {
    const batch = new EventBatch(1);
    const aggregate = createAggregate(RULES);
    fc.assert(
      fc.property(events, (list) => {
        expect(mergePartials([aggregate(fillEvents(batch, list))])).toEqual(counted(list, RULES));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("gives the same sums for the same events in any order and any split into batches", () => {
    const batch = new EventBatch(1);
    const aggregate = createAggregate(RULES);
    const cutAt = fc.array(fc.nat(60), { maxLength: 4 });
    fc.assert(
      fc.property(events, fc.infiniteStream(fc.nat()), cutAt, (list, order, cuts) => {
        const shuffled = list.map((made) => ({ made, at: order.next().value as number })).sort((a, b) => a.at - b.at);
        const edges = [0, ...[...cuts].sort((a, b) => a - b), list.length];
        const shares = edges.slice(1).map((end, i) =>
          aggregate(
            fillEvents(
              batch,
              shuffled.slice(Math.min(edges[i], end), end).map(({ made }) => made),
            ),
          ),
        );
        expect(mergePartials(shares)).toEqual(mergePartials([aggregate(makeEvents(list))]));
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it("has one element per rule, window and key", () => {
    const list = Array.from({ length: 3000 }, (_, i) => ({ us: 1e15 + (i % 7) * 1e7, service: `s${i % 300}` }));
    const { rule, windowStart, key } = createAggregate([makeRule(), makeRule({ name: "b" })])(makeEvents(list));
    const ids = rule.map((number, i) => [number, windowStart[i], ...key[i]].join());
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(2 * 2100);
  });

  it("lists a histogram's buckets in ascending order", () => {
    const batch = makeEvents([900, 5, 70_000, 5, 1].map((durationUs) => ({ us: 1, durationUs })));
    const [histogram] = createAggregate([makeRule()])(batch).duration_histogram;
    expect(histogram.map(([, count]) => count)).toEqual([1, 2, 1, 1]);
    expect(histogram.map(([bucket]) => bucket)).toEqual([1, 5, 900, 70_000].map((us) => bucketOf(us) + 0));
  });

  it("has nothing for a batch without events, and nothing for a rule that no event is for", () => {
    const aggregate = createAggregate([makeRule({ where: "http" })]);
    expect(aggregate(makeEvents([])).rule).toEqual([]);
    expect(aggregate(makeEvents([{ us: 1 }])).rule).toEqual([]);
  });

  it("does not count none as a distinct value", () => {
    const partials = createAggregate([makeRule({ distinct: "client_address" })])(
      makeEvents([{ us: 1 }, { us: 1, client: "a" }, { us: 1 }]),
    );
    expect(partials.distinct_values).toEqual([["a"]]);
  });

  it("takes the last of an attribute's values where a line has several", () => {
    const batch = makeEvents([{ us: 1, attributes: { zone: "n", other: "s" } }]);
    batch.attributes.keyIds[1] = batch.attributes.keyIds[0];
    expect(createAggregate([makeRule({ groupBy: ["attributes.zone"] })])(batch).key).toEqual([["s"]]);
  });
});
