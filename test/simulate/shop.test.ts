import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WeirError } from "../../processors/model/errors.ts";
import { SHOP_SERVICES, type ShopService } from "../../processors/simulate/services.ts";
import { createShop, type Shop, type ShopOptions } from "../../processors/simulate/shop.ts";

/** 2026-03-02T00:00:00Z, a Monday. */
const MONDAY = 1_772_409_600;
const HOUR = 3600;
const DAY = 86_400;

function makeShop(options: Partial<ShopOptions> = {}): Shop {
  return createShop({ seed: 7, ratePerSecond: 20, startUs: 0, ...options });
}

function countLines(text: string): number {
  return text === "" ? 0 : text.split("\n").length;
}

/** Lines per second and service, from every `stepSeconds`-th second. */
function rates(shop: Shop, from: number, to: number, stepSeconds: number): Record<ShopService, number> {
  const sums = { "shop-front": 0, "shop-orders": 0, "shop-payments": 0, "shop-jobs": 0, "shop-admin": 0 };
  let seconds = 0;
  for (let second = from; second < to; second += stepSeconds, seconds++) {
    const lines = shop.second(second);
    for (const service of SHOP_SERVICES) sums[service] += countLines(lines[service]);
  }
  for (const service of SHOP_SERVICES) sums[service] /= seconds;
  return sums;
}

describe("a second of the shop", () => {
  it("has the same bytes whichever seconds were asked before, in whatever order", () => {
    const second = fc.integer({ min: MONDAY, max: MONDAY + 2 * DAY });
    fc.assert(
      fc.property(fc.array(second, { minLength: 2, maxLength: 6 }), (seconds) => {
        const used = makeShop();
        const forwards = seconds.map((at) => used.second(at));
        const backwards = seconds.toReversed().map((at) => used.second(at));
        expect(backwards.toReversed()).toEqual(forwards);
        expect(makeShop().second(seconds.at(-1)!)).toEqual(forwards.at(-1));
      }),
      { numRuns: 25 },
    );
  });

  it("differs from seed to seed and from second to second", () => {
    const texts = [1, 2, 2 ** 40 + 1].flatMap((seed) =>
      [0, 1].map((delta) => JSON.stringify(makeShop({ seed }).second(MONDAY + 12 * HOUR + delta))),
    );
    expect(new Set(texts).size).toBe(texts.length);
  });

  it("holds for each service what `lines` gives", () => {
    const shop = makeShop();
    const second = shop.second(MONDAY);
    for (const service of SHOP_SERVICES) expect(shop.lines(service, MONDAY)).toBe(second[service]);
  });

  it("is empty before the shop opens, and as ever from then on", () => {
    const late = makeShop({ startUs: (MONDAY + 100) * 1e6 });
    expect(Object.values(late.second(MONDAY + 99))).toEqual(["", "", "", "", ""]);
    expect(late.second(MONDAY + 100)).toEqual(makeShop().second(MONDAY + 100));
    expect(makeShop({ startUs: (MONDAY + 100) * 1e6 + 1 }).second(MONDAY + 100)["shop-front"]).toBe("");
  });

  it("is byte text with valid UTF-8, some of it beyond ASCII", () => {
    const lines = makeShop({ ratePerSecond: 2000 }).second(MONDAY + 12 * HOUR);
    const bytes = Buffer.from(Object.values(lines).join("\n"), "latin1");
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).not.toThrow();
    expect(bytes.some((byte) => byte > 0x7f)).toBe(true);
  });

  it("never repeats a line's trace id among the orders of a day", () => {
    const seen = new Set<string>();
    let lines = 0;
    const shop = makeShop({ ratePerSecond: 200 });
    for (let second = MONDAY; second < MONDAY + DAY; second += 120) {
      for (const [, id] of shop.lines("shop-orders", second).matchAll(/"trace_id":"([0-9a-f]{32})"/g)) {
        seen.add(id);
        lines++;
      }
    }
    expect(lines).toBeGreaterThan(20_000);
    expect(seen.size).toBe(lines);
  });
});

describe("traffic", () => {
  it("has the given mean over a week, 68 % of it access lines, 20 % orders, 10 % payments and 2 % jobs", () => {
    const mean = rates(makeShop({ incidentsPerDay: 0 }), MONDAY, MONDAY + 7 * DAY, 97);
    const total = Object.values(mean).reduce((sum, rate) => sum + rate, 0);
    expect(Math.abs(total / 20 - 1)).toBeLessThan(0.03);
    expect(Math.abs(mean["shop-front"] / total - 0.68)).toBeLessThan(0.01);
    expect(Math.abs(mean["shop-orders"] / total - 0.2)).toBeLessThan(0.01);
    expect(Math.abs(mean["shop-payments"] / total - 0.1)).toBeLessThan(0.01);
    expect(Math.abs(mean["shop-jobs"] / total - 0.019)).toBeLessThan(0.004);
    expect(mean["shop-admin"]).toBeLessThan(0.02);
  });

  it("stays within a fifth of its mean over any one day of a week", () => {
    const shop = makeShop({ incidentsPerDay: 0 });
    for (let day = 0; day < 7; day++) {
      const mean = rates(shop, MONDAY + day * DAY, MONDAY + (day + 1) * DAY, 301);
      const total = mean["shop-front"] + mean["shop-orders"] + mean["shop-payments"];
      expect(Math.abs(total / 20 - 1)).toBeLessThan(0.2);
    }
  });

  it.each(["UTC", "America/Los_Angeles", "Asia/Kolkata"])("follows the local hour of %s", (timezone) => {
    const shop = makeShop({ timezone, incidentsPerDay: 0 });
    const shift = { UTC: 0, "America/Los_Angeles": -8, "Asia/Kolkata": 5.5 }[timezone]!;
    const rate = (hour: number, service: ShopService) => {
      const at = MONDAY + DAY + (hour - shift) * HOUR;
      return rates(shop, at - HOUR / 4, at + HOUR / 4, 5)[service];
    };
    expect(rate(20, "shop-orders")).toBeGreaterThan(4 * rate(3.5, "shop-orders"));
    expect(rate(20, "shop-front")).toBeGreaterThan(2 * rate(3.5, "shop-front"));
    expect(rate(12.5, "shop-orders")).toBeLessThan(0.85 * rate(10.5, "shop-orders"));
    expect(rate(12.5, "shop-front")).toBeGreaterThan(1.02 * rate(10.5, "shop-front"));
  });

  it("moves with the clocks in spring: what is at eight o'clock local time comes an hour earlier in UTC", () => {
    const shop = makeShop({ timezone: "Europe/Berlin", incidentsPerDay: 0 });
    const quiet = (day: string, clock: string) =>
      rates(shop, Date.parse(`${day}T${clock}Z`) / 1000, Date.parse(`${day}T${clock}Z`) / 1000 + HOUR / 2, 5)[
        "shop-orders"
      ];
    // The clocks changed on 2026-03-29.
    expect(quiet("2026-03-27", "07:00") / quiet("2026-03-30", "06:00")).toBeCloseTo(1, 0);
    expect(quiet("2026-03-27", "05:00") / quiet("2026-03-30", "05:00")).toBeLessThan(0.75);
  });

  it("has weekends that begin later and know no lunch dip", () => {
    const shop = makeShop({ incidentsPerDay: 0 });
    const rate = (day: number, hour: number) => {
      const at = MONDAY + day * DAY + hour * HOUR;
      return rates(shop, at - HOUR / 4, at + HOUR / 4, 5)["shop-orders"];
    };
    expect(rate(5, 7.5) / rate(5, 14)).toBeLessThan(0.8 * (rate(1, 7.5) / rate(1, 14)));
    expect(rate(5, 12.5) / rate(5, 14)).toBeGreaterThan(1.1 * (rate(1, 12.5) / rate(1, 14)));
  });

  it("has a higher share of robots at night", () => {
    const shop = makeShop({ ratePerSecond: 200, incidentsPerDay: 0 });
    const share = (from: number) => {
      let robots = 0;
      let all = 0;
      for (let second = from; second < from + HOUR; second += 60) {
        for (const line of shop.lines("shop-front", second).split("\n")) {
          all++;
          if (/bot|kube-probe|curl|Wget|python|Go-http/i.test(line)) robots++;
        }
      }
      return robots / all;
    };
    expect(share(MONDAY + 3 * HOUR)).toBeGreaterThan(1.5 * share(MONDAY + 20 * HOUR));
  });
});

describe("createShop", () => {
  it.each([
    ["seed", { seed: Number.NaN }],
    ["ratePerSecond", { ratePerSecond: -1 }],
    ["timezone", { timezone: "Middle/Earth" }],
    ["incidentsPerDay", { incidentsPerDay: 1000 }],
  ] as const)("refuses a %s out of range", (name, options) => {
    expect(() => makeShop(options)).toThrow(WeirError);
    expect(() => makeShop(options)).toThrow(name);
  });

  it("makes a shop that is as quiet as a rate of 0 says", () => {
    expect(Object.values(makeShop({ ratePerSecond: 0 }).second(MONDAY)).join("")).toBe("");
  });

  it("keeps two shops apart", () => {
    const one = makeShop({ seed: 1 });
    const hashOf = (shop: Shop) =>
      createHash("sha256")
        .update(JSON.stringify(shop.second(MONDAY)))
        .digest("hex");
    const before = hashOf(one);
    hashOf(makeShop({ seed: 2 }));
    expect(hashOf(one)).toBe(before);
  });
});
