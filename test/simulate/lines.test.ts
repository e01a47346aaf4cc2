import { createRequire } from "node:module";
import { open, type Response } from "maxmind";
import { beforeAll, describe, expect, it } from "vitest";
import { createShop } from "../../processors/simulate/shop.ts";

/** 2026-03-02T12:00:00Z, a Monday. */
const NOON = 1_772_452_800;

const COMBINED =
  /^(\S+) - - \[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "(GET|POST) (\/[!-~]*) HTTP\/[123]\.[01]" (\d{3}) (\d+) "([^"\\]*)" "([^"\\]*)"( \d+\.\d{3})?$/;

const FIELDS = [
  ...["timestamp", "severity", "service.name", "host.name", "trace_id", "span_id", "message", "http.request.method"],
  ...[
    "http.route",
    "url.path",
    "http.response.status_code",
    "duration_ms",
    "user.id",
    "order.total",
    "service.version",
  ],
];

interface OrderFields {
  readonly timestamp: string;
  readonly severity: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly "url.path": string;
  readonly "http.response.status_code": number;
  readonly duration_ms: number;
  readonly "user.id": string;
  readonly "order.total": number;
}

const shop = createShop({ seed: 3, ratePerSecond: 2000, startUs: 0, incidentsPerDay: 0 });
let access: string[];
let orders: string[];
let payments: string[];
/** The same lines, parsed. */
let orderFields: OrderFields[];
let paymentFields: Map<string, string>[];

beforeAll(() => {
  const texts = (["shop-front", "shop-orders", "shop-payments"] as const).map((service) =>
    Array.from({ length: 60 }, (_, index) => shop.lines(service, NOON + index)).flatMap((text) => text.split("\n")),
  );
  [access, orders, payments] = texts;
  orderFields = orders.map((line) => JSON.parse(line));
  paymentFields = payments.map(parseLogfmt);
});

/** Pairs of a logfmt line; a value is bare or in quotes. */
function parseLogfmt(line: string): Map<string, string> {
  const pairs = new Map<string, string>();
  let rest = line;
  while (rest !== "") {
    const match = /^([a-z_0-9]+)=(?:"([^"\\]*)"|([^\s"=]+))(?: |$)/.exec(rest);
    if (match === null) throw new Error(`not logfmt: ${rest}`);
    if (pairs.has(match[1])) throw new Error(`twice in a line: ${match[1]}`);
    pairs.set(match[1], match[2] ?? match[3]);
    rest = rest.slice(match[0].length);
  }
  return pairs;
}

function passesLuhn(digits: string): boolean {
  const sum = [...digits].toReversed().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

function share<T>(values: readonly T[], isCounted: (value: T) => boolean): number {
  return values.filter(isCounted).length / values.length;
}

describe("access lines", () => {
  it("are in nginx's combined format, some with the request time", () => {
    expect(access.filter((line) => !COMBINED.test(line))).toEqual([]);
    const timed = share(access, (line) => COMBINED.exec(line)![9] !== undefined);
    expect(timed).toBeGreaterThan(0.3);
    expect(timed).toBeLessThan(0.7);
  });

  it("carry their second in local time", () => {
    const east = createShop({ seed: 3, ratePerSecond: 20, startUs: 0, timezone: "Asia/Kolkata" });
    expect(COMBINED.exec(east.lines("shop-front", NOON).split("\n")[0])![2]).toBe("02/Mar/2026:17:30:00 +0530");
    const west = createShop({ seed: 3, ratePerSecond: 20, startUs: 0, timezone: "Pacific/Marquesas" });
    expect(COMBINED.exec(west.lines("shop-front", NOON).split("\n")[0])![2]).toBe("02/Mar/2026:02:30:00 -0930");
  });

  it("have the statuses of a healthy shop: below 1 % server errors, some redirects, not-modifieds and not-founds", () => {
    const statusShare = (status: RegExp) => share(access, (line) => status.test(COMBINED.exec(line)![5]));
    expect(statusShare(/5../)).toBeGreaterThan(0);
    expect(statusShare(/5../)).toBeLessThan(0.01);
    expect(statusShare(/301/)).toBeGreaterThan(0);
    expect(statusShare(/304/)).toBeGreaterThan(0.05);
    expect(statusShare(/404/)).toBeGreaterThan(0);
    expect(statusShare(/200/)).toBeGreaterThan(0.7);
  });

  it("come from at least fifteen countries, some over IPv6", async () => {
    const path = createRequire(import.meta.url).resolve(
      "@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb",
    );
    const lookup = await open<Response & { country_code: string }>(path);
    const addresses = new Set(access.map((line) => COMBINED.exec(line)![1]));
    const countries = new Set([...addresses].map((address) => lookup.get(address)?.country_code));
    countries.delete(undefined);
    expect(countries.size).toBeGreaterThanOrEqual(15);
    expect([...addresses].some((address) => address.includes(":"))).toBe(true);
  });

  it("come from at least fifty user agents", () => {
    expect(new Set(access.map((line) => COMBINED.exec(line)![8])).size).toBeGreaterThanOrEqual(50);
  });

  it("ask for a few products most of the time and for most products now and then", () => {
    const counts = new Map<string, number>();
    for (const line of access) {
      const product = /"GET (\/products\/\d+) /.exec(line)?.[1];
      if (product !== undefined) counts.set(product, (counts.get(product) ?? 0) + 1);
    }
    const sorted = [...counts.values()].sort((a, b) => b - a);
    const total = sorted.reduce((sum, count) => sum + count, 0);
    const top = sorted.slice(0, 100).reduce((sum, count) => sum + count, 0);
    expect(sorted.length).toBeGreaterThan(1500);
    expect(top / total).toBeGreaterThan(0.3);
  });

  it("hold an e-mail address or a password in a query now and then", () => {
    const emails = share(access, (line) => /\?email=[a-z0-9.]+%40/.test(line));
    expect(emails).toBeGreaterThan(0);
    expect(emails).toBeLessThan(0.01);
    const passwords = share(access, (line) => /[?&]password=/.test(line));
    expect(passwords).toBeGreaterThan(0);
    expect(passwords).toBeLessThan(0.001);
  });
});

describe("order lines", () => {
  it("are JSON with the same fifteen fields, 455 to 485 bytes on average", () => {
    expect(new Set(orderFields.map((order) => Object.keys(order).join()))).toEqual(new Set([FIELDS.join()]));
    const bytes = orders.reduce((sum, line) => sum + line.length + 1, 0) / orders.length;
    expect(bytes).toBeGreaterThan(455);
    expect(bytes).toBeLessThan(485);
  });

  it("have values of one type per field, and ids in OpenTelemetry's form", () => {
    const isSound = (order: OrderFields) =>
      /^2026-03-02T12:0\d:\d\d\.\d{3}Z$/.test(order.timestamp) &&
      /^[0-9a-f]{32}$/.test(order.trace_id) &&
      /^[0-9a-f]{16}$/.test(order.span_id) &&
      ["INFO", "WARN", "ERROR"].includes(order.severity) &&
      Number.isInteger(order["http.response.status_code"]) &&
      order.duration_ms > 0 &&
      order["order.total"] > 0;
    expect(orderFields.filter((order) => !isSound(order))).toEqual([]);
  });

  it("are in order of time within their second", () => {
    const times = orders.map((line) => line.slice(14, 38));
    expect(times).toEqual(times.toSorted());
  });

  it("fail rarely, with severity ERROR and a status of 500 or more together", () => {
    const isMixed = (order: OrderFields) => (order.severity === "ERROR") !== order["http.response.status_code"] >= 500;
    expect(orderFields.filter(isMixed)).toEqual([]);
    const failed = share(orders, (line) => line.includes('"severity":"ERROR"'));
    expect(failed).toBeGreaterThan(0.001);
    expect(failed).toBeLessThan(0.01);
  });

  it("hold an e-mail address in a few messages and a card number in hardly any", () => {
    const emails = share(orders, (line) => line.includes("@"));
    expect(emails).toBeGreaterThan(0.01);
    expect(emails).toBeLessThan(0.06);
    const cards = orders.flatMap((line) => /card=(\d+)/.exec(line)?.[1] ?? []);
    expect(cards.length).toBeGreaterThan(0);
    expect(cards.length / orders.length).toBeLessThan(0.001);
    for (const card of cards) expect(card.length === 16 && passesLuhn(card)).toBe(true);
  });
});

describe("payment lines", () => {
  it("are logfmt with the same fields, but for those of cards and receipts", () => {
    const common = "ts level msg trace_id order amount currency method status duration_ms";
    const isSound = (pairs: Map<string, string>) =>
      [...pairs.keys()].slice(0, 10).join(" ") === common &&
      pairs.has("user") &&
      pairs.has("card_brand") === (pairs.get("method") === "card") &&
      pairs.has("email") === (pairs.get("status") === "receipted") &&
      /^\d+\.\d\d$/.test(pairs.get("amount")!);
    expect(paymentFields.filter((pairs) => !isSound(pairs))).toEqual([]);
  });

  it("show four digits of a card, and a full card number in hardly any line", () => {
    const cards = paymentFields.flatMap((pairs) => pairs.get("card") ?? []);
    expect(cards.length).toBeGreaterThan(1000);
    expect(cards.filter((card) => !/^\*{4} \d{4}$/.test(card))).toEqual([]);
    const leaks = payments.flatMap((line) => /number=(\d+)/.exec(line)?.[1] ?? []);
    expect(leaks.length).toBeGreaterThan(0);
    expect(leaks.length / payments.length).toBeLessThan(0.002);
    for (const leak of leaks) expect(passesLuhn(leak)).toBe(true);
  });

  it("are declined in about 3 % of all cases", () => {
    const declined = share(payments, (line) => line.includes("status=declined"));
    expect(Math.abs(declined - 0.03)).toBeLessThan(0.008);
  });

  it("pay for orders of the same second, under the same trace id, id and total", () => {
    const known = new Map(orderFields.map((order) => [order.trace_id, order]));
    const paid = paymentFields.filter((pairs) => known.has(pairs.get("trace_id")!));
    expect(paid.length / payments.length).toBeGreaterThan(0.9);
    const isOther = (pairs: Map<string, string>) => {
      const order = known.get(pairs.get("trace_id")!)!;
      return (
        Number(pairs.get("amount")) !== order["order.total"] ||
        pairs.get("user") !== order["user.id"] ||
        pairs.get("ts")!.slice(0, 19) !== order.timestamp.slice(0, 19) ||
        (order["url.path"] !== "/orders" && !order["url.path"].includes(pairs.get("order")!))
      );
    };
    expect(paid.filter(isOther)).toEqual([]);
  });
});
