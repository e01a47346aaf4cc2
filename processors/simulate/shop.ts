import { WeirError } from "../model/errors.ts";
import { createAccessLines } from "./access-lines.ts";
import { createCatalog } from "./catalog.ts";
import { createHex } from "./digits.ts";
import { createIncidents, effectOf, type Incident, SHOP_SERVICES, type ShopService } from "./incidents.ts";
import { createOrderLines } from "./order-lines.ts";
import { createOrders } from "./orders.ts";
import { createPaymentLines } from "./payment-lines.ts";
import { foldSeed, hash, poisson, Random, STREAM } from "./random.ts";
import { secondText } from "./second-text.ts";
import { createTraffic } from "./traffic.ts";
import { createVisitors } from "./visitors.ts";

export interface ShopOptions {
  /** Any integer. The same seed gives the same bytes. */
  readonly seed: number;
  /** Lines of all services per second, on average over weeks and without incidents. */
  readonly ratePerSecond: number;
  /** When the shop opens, microseconds since the epoch: seconds that began before it are empty. Nothing else depends on it. */
  readonly startUs: number;
  /** Local time minus UTC, minutes. @default 0 */
  readonly zoneOffsetMinutes?: number;
  /** About how many; 0 .. 288, 0 = none. @default 48 */
  readonly incidentsPerDay?: number;
}

/** Lines of one second per service, as byte text joined with "\n"; "" = no line. */
export type ShopSecond = Readonly<Record<ShopService, string>>;

/**
 * A web shop that logs: `shop-front` access lines (nginx combined), `shop-orders` JSON lines, `shop-payments` logfmt
 * lines. A second's lines are a function of the options and the second: the same whatever was asked before, so
 * that a restart goes on where it was. An incident changes the lines of its own service, in [start, end), and no others.
 */
export interface Shop {
  second(epochSecond: number): ShopSecond;
  /** The lines of one service: what `second` holds for it. */
  lines(service: ShopService, epochSecond: number): string;
  /** What really happened in [fromSecond, toSecond): incidents that overlap it, in order of time. */
  incidents(fromSecond: number, toSecond: number): Incident[];
}

const SHARES = { "shop-front": 0.7, "shop-orders": 0.2, "shop-payments": 0.1 } as const satisfies Record<
  ShopService,
  number
>;
/** Robots never sleep: their share of the shop front's requests is this on average and higher at night. */
const ROBOT_SHARE = 0.07;

/** Throws WeirError CONFIG_INVALID for options out of range. */
export function createShop(options: ShopOptions): Shop {
  const { ratePerSecond, startUs, zoneOffsetMinutes = 0, incidentsPerDay = 48 } = options;
  requireRange("seed", options.seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  requireRange("ratePerSecond", ratePerSecond, 0, 1_000_000);
  requireRange("zoneOffsetMinutes", zoneOffsetMinutes, -14 * 60, 14 * 60);
  requireRange("incidentsPerDay", incidentsPerDay, 0, 288);
  const seed = foldSeed(options.seed);
  const hex = createHex();
  const catalog = createCatalog(seed);
  const visitors = createVisitors(seed, ratePerSecond);
  const orderOf = createOrders(seed, catalog, visitors, hex);
  const traffic = createTraffic(seed, zoneOffsetMinutes);
  const schedule = createIncidents(seed, incidentsPerDay);
  const writeAccessLines = createAccessLines(seed, catalog, visitors);
  const writeOrderLines = createOrderLines(seed, orderOf, hex);
  const writePaymentLines = createPaymentLines(seed, orderOf);
  const random = new Random(0);

  function lines(service: ShopService, epochSecond: number): string {
    if (epochSecond * 1e6 < startUs) return "";
    const stream = 1 + SHOP_SERVICES.indexOf(service);
    random.reseed(hash(seed, STREAM.lines, stream, epochSecond));
    const effect = effectOf(schedule.at(epochSecond), service, epochSecond);
    const level = traffic.level(epochSecond);
    const active = visitors.active(level);
    const mean = ratePerSecond * SHARES[service] * traffic.wobble(stream, epochSecond) * effect.rate;
    const time = secondText(epochSecond, zoneOffsetMinutes);
    const out: string[] = [];
    if (service === "shop-front") {
      const people = poisson(random, mean * (1 - ROBOT_SHARE) * level);
      const robots = poisson(random, mean * ROBOT_SHARE);
      const wave = poisson(random, mean * effect.wave);
      writeAccessLines(out, random, epochSecond, time, { people, robots, wave }, active, effect);
    } else {
      const count = poisson(random, mean * level);
      const write = service === "shop-orders" ? writeOrderLines : writePaymentLines;
      write(out, random, epochSecond, time, count, active, effect);
    }
    return out.join("\n");
  }

  return {
    lines,
    second: (epochSecond) => ({
      "shop-front": lines("shop-front", epochSecond),
      "shop-orders": lines("shop-orders", epochSecond),
      "shop-payments": lines("shop-payments", epochSecond),
    }),
    incidents: schedule.between,
  };
}

function requireRange(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new WeirError(
    "CONFIG_INVALID",
    `The simulated shop's ${name} is ${value}; give a number from ${least} to ${most}.`,
  );
}
