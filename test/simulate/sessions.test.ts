import { describe, expect, it } from "vitest";
import { foldSeed, Random } from "../../processors/simulate/random.ts";
import { createShop } from "../../processors/simulate/shop.ts";
import { createVisitors, stageOf, type Visitor } from "../../processors/simulate/visitors.ts";

/** 2026-03-02T19:00:00Z, a Monday. */
const EVENING = 1_772_409_600 + 19 * 3600;
const RATE = 60;

const visitors = createVisitors(foldSeed(6), RATE);

function visits(from: number, to: number): Visitor[] {
  const found = new Set<Visitor>();
  for (let place = 0; place < visitors.active(1.5); place++) {
    for (let second = from; second < to; second += 60) found.add(visitors.at(place, second));
  }
  return [...found];
}

describe("visits", () => {
  const all = visits(EVENING, EVENING + 4 * 3600);

  it("are looks, walks and purchases, in their stages one after the other", () => {
    for (const visitor of all.slice(0, 300)) {
      const stages: string[] = [];
      for (let second = visitor.start; second <= visitor.start + visitor.seconds; second++) {
        const stage = stageOf(visitor, second);
        if (stage !== stages.at(-1)) stages.push(stage);
      }
      expect(stages).toEqual(
        visitor.plan === "buy"
          ? ["arrive", "browse", "cart", "checkout", "pay", "after", "gone"]
          : ["arrive", "browse", "gone"],
      );
    }
    const buyers = all.filter(({ plan }) => plan === "buy").length / all.length;
    expect(Math.abs(buyers - 0.2)).toBeLessThan(0.03);
  });

  it("are by customers who come again under the same name, address and agent, and by guests who don't", () => {
    const customers = all.filter(({ isCustomer }) => isCustomer);
    const byUser = Map.groupBy(customers, ({ userId }) => userId);
    const returning = [...byUser.values()].filter((own) => own.length > 1);
    expect(returning.length).toBeGreaterThan(50);
    for (const own of returning) expect(new Set(own.map(({ address, agent }) => address + agent)).size).toBe(1);
    const guests = all.filter(({ isCustomer }) => !isCustomer);
    expect(new Set(guests.map(({ userId }) => userId)).size).toBe(guests.length);
  });

  it("hardly ever go on after they ended, and order with a cart as a rule", () => {
    const random = new Random(5);
    const active = visitors.active(1);
    const draws = Array.from({ length: 2000 }, (_, i) => EVENING + i);
    const gone = draws.filter((second) => stageOf(visitors.present(random, active, second), second) === "gone");
    expect(gone.length).toBeLessThan(4);
    const stages = draws.map((second) => stageOf(visitors.buyer(random, active, second), second));
    const late = stages.filter((stage) => ["cart", "checkout", "pay", "after"].includes(stage));
    expect(late.length / stages.length).toBeGreaterThan(0.8);
  });
});

describe("a customer's access lines", () => {
  it("arrive, fill a cart, check out and pay in this order", () => {
    const shop = createShop({ seed: 6, ratePerSecond: RATE, startUs: 0, incidentsPerDay: 0 });
    const byAddress = new Map<string, { second: number; request: string }[]>();
    for (let second = EVENING; second < EVENING + 900; second++) {
      for (const line of shop.lines("shop-front", second).split("\n")) {
        const [, address, request] = /^(\S+) .*?"(\w+ [^ ?]+)/.exec(line)!;
        const known = byAddress.get(address);
        if (known === undefined) byAddress.set(address, [{ second, request }]);
        else known.push({ second, request });
      }
    }
    const firstOf = (requests: { second: number; request: string }[], wanted: string) =>
      requests.find(({ request }) => request === wanted)?.second ?? null;
    let paid = 0;
    let ordered = 0;
    for (const requests of byAddress.values()) {
      const pay = firstOf(requests, "POST /checkout/confirm");
      const checkout = firstOf(requests, "GET /checkout");
      const cart = firstOf(requests, "POST /cart/items");
      if (pay === null || checkout === null || cart === null) continue;
      paid++;
      if (cart < checkout && checkout < pay) ordered++;
    }
    expect(paid).toBeGreaterThan(10);
    // Somebody who came back within the quarter of an hour may pay for the visit before.
    expect(ordered / paid).toBeGreaterThan(0.9);
  });
});
