import { describe, expect, it } from "vitest";
import { createDeploys, DEPLOYED_SERVICES, wordingOf } from "../../processors/simulate/deploys.ts";
import { createShop } from "../../processors/simulate/shop.ts";
import { deploysCsv } from "../../processors/simulate/truth.ts";

/** 2026-03-02T00:00:00Z, a Monday. */
const MONDAY = 1_772_409_600;
const DAY = 86_400;

const shop = createShop({ seed: 4, ratePerSecond: 60, startUs: 0, incidentsPerDay: 0 });
const month = shop.deploys(MONDAY, MONDAY + 30 * DAY);

function linesFrom(service: (typeof DEPLOYED_SERVICES)[number], from: number, seconds: number): string[] {
  return Array.from({ length: seconds }, (_, i) => shop.lines(service, from + i))
    .filter((text) => text !== "")
    .flatMap((text) => text.split("\n"));
}

/** Messages without what differs from line to line. */
function templatesOf(lines: readonly string[]): Set<string> {
  const messages = lines.flatMap((line) => /(?:"message":"|msg=")((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? []);
  return new Set(messages.map((text) => text.replaceAll(/A-\w+|\d+|first .*?(?=,|$)/g, "_")));
}

describe("deploys", () => {
  it("are about ten of each service in a month, on workdays between 9 and 16 local time", () => {
    for (const service of DEPLOYED_SERVICES) {
      const own = month.filter((deploy) => deploy.service === service);
      expect(own.length).toBeGreaterThanOrEqual(9);
      expect(own.length).toBeLessThanOrEqual(11);
      for (const [i, deploy] of own.entries()) {
        const at = new Date(deploy.start * 1000);
        expect(at.getUTCDay() % 6).not.toBe(0);
        expect(at.getUTCHours()).toBeGreaterThanOrEqual(9);
        expect(at.getUTCHours()).toBeLessThan(16);
        if (i > 0) expect(deploy.number).toBe(own[i - 1].number + 1);
      }
    }
  });

  it("are in force from their second on, whichever second is asked for", () => {
    const deploys = createDeploys(99, () => 3600);
    const all = deploys.between(MONDAY, MONDAY + 60 * DAY).filter(({ service }) => service === "shop-orders");
    for (const [i, deploy] of all.entries()) {
      expect(deploys.at("shop-orders", deploy.start)).toEqual(deploy);
      if (i > 0) expect(deploys.at("shop-orders", deploy.start - 1)).toEqual(all[i - 1]);
    }
  });

  it("are a line of the service and one of the back office, and the version in every line after them", () => {
    for (const service of ["shop-orders", "shop-payments"] as const) {
      const { start, version } = month.filter((deploy) => deploy.service === service)[3];
      const lines = linesFrom(service, start, 5);
      expect(lines[0]).toContain(`deploy: ${service} ${version} started`);
      const field = service === "shop-orders" ? `"service.version":"${version}"` : ` version=${version}`;
      expect(lines.filter((line) => !line.includes(field))).toEqual([]);
      expect(linesFrom(service, start - 5, 5).filter((line) => line.includes(field))).toEqual([]);
      expect(shop.lines("shop-admin", start)).toContain(`"msg":"deploy: ${service} ${version}"`);
    }
  });

  it("word one message anew", () => {
    const { start } = month.filter((deploy) => deploy.service === "shop-payments")[4];
    const before = templatesOf(linesFrom("shop-payments", start - 1500, 1500));
    const after = templatesOf(linesFrom("shop-payments", start + 1, 1500));
    const fresh = [...after].filter((text) => !before.has(text) && !/gateway|ledger/.test(text));
    expect(fresh.length).toBeLessThanOrEqual(1);
    let changes = 0;
    for (let step = 0; step < 12; step++) if (wordingOf(400, step, 12) !== wordingOf(401, step, 12)) changes++;
    expect(changes).toBe(1);
  });

  it("of the front rename the files that are built", () => {
    const { start } = month.filter((deploy) => deploy.service === "shop-front")[2];
    const built = (from: number) =>
      new Set(
        linesFrom("shop-front", from, 60).flatMap((line) => /\/static\/js\/app\.[0-9a-f]{8}\.js/.exec(line)?.[0] ?? []),
      );
    expect(built(start - 60).size).toBe(1);
    expect(built(start).size).toBe(1);
    expect(built(start - 60)).not.toEqual(built(start));
  });

  it("as CSV have a header and ISO times", () => {
    expect(deploysCsv([{ service: "shop-orders", start: MONDAY, version: "2.1.0", number: 1 }])).toBe(
      "time,service,version\n2026-03-02T00:00:00Z,shop-orders,2.1.0\n",
    );
  });
});
