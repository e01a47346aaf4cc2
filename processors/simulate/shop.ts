import { WeirError } from "../model/errors.ts";
import { createAccessLines } from "./access-lines.ts";
import { writeAdminLines } from "./admin-lines.ts";
import { createCatalog } from "./catalog.ts";
import { createDeploys, DEPLOYED_SERVICES, type Deploy } from "./deploys.ts";
import { createHex } from "./digits.ts";
import { effectOf } from "./effects.ts";
import { createIncidents, type Incident } from "./incidents.ts";
import { createJobLines } from "./job-lines.ts";
import { createOffsetAt, type OffsetAt } from "./local-time.ts";
import { createOrderLines } from "./order-lines.ts";
import { createOrders } from "./orders.ts";
import { createPaymentLines } from "./payment-lines.ts";
import { foldSeed, hash, poisson, Random, STREAM } from "./random.ts";
import { secondText } from "./second-text.ts";
import { SHOP_SERVICES, type ShopService } from "./services.ts";
import { createTraffic } from "./traffic.ts";
import { createVisitors } from "./visitors.ts";

export interface ShopOptions {
  /** Any integer. The same seed gives the same bytes. */
  readonly seed: number;
  /** Lines of all services per second, on average over weeks and without incidents. */
  readonly ratePerSecond: number;
  /** When the shop opens, microseconds since the epoch: seconds that began before it are empty. Nothing else depends on it. */
  readonly startUs: number;
  /** IANA name of the zone that the shop's customers and its front live in. @default "UTC" */
  readonly timezone?: string;
  /** About how many; 0 .. 288, 0 = none. @default 48 */
  readonly incidentsPerDay?: number;
}

/** Lines of one second per service, as byte text joined with "\n"; "" = no line. */
export type ShopSecond = Readonly<Record<ShopService, string>>;

/**
 * A web shop that logs: `shop-front` access lines (nginx combined), `shop-orders` JSON lines, `shop-payments` logfmt
 * lines, `shop-jobs` text lines of background jobs, `shop-admin` a few JSON lines an hour. A second's lines are a function of
 * the options and the second: the same whatever was asked before, so that a restart goes on where it was. An incident
 * changes lines in [start, end), those of its own service and of services that depend on it, and no others.
 */
export interface Shop {
  second(epochSecond: number): ShopSecond;
  /** The lines of one service: what `second` holds for it. */
  lines(service: ShopService, epochSecond: number): string;
  /** What really happened in [fromSecond, toSecond): incidents that overlap it, in order of time. */
  incidents(fromSecond: number, toSecond: number): Incident[];
  /** Versions that came out in [fromSecond, toSecond), in order of time. */
  deploys(fromSecond: number, toSecond: number): Deploy[];
}

const SHARES = {
  "shop-front": 0.68,
  "shop-orders": 0.2,
  "shop-payments": 0.1,
  "shop-jobs": 0.019,
  "shop-admin": 0.001,
} as const satisfies Record<ShopService, number>;
/** However busy the shop is, few people run it. */
const ADMIN_PER_SECOND_MAX = 0.002;
/** Robots never sleep: their share of the shop front's requests is this on average and higher at night. */
const ROBOT_SHARE = 0.07;

/** Throws WeirError CONFIG_INVALID for options out of range. */
export function createShop(options: ShopOptions): Shop {
  const { ratePerSecond, startUs, timezone = "UTC", incidentsPerDay = 48 } = options;
  requireRange("seed", options.seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  requireRange("ratePerSecond", ratePerSecond, 0, 1_000_000);
  requireRange("incidentsPerDay", incidentsPerDay, 0, 288);
  const offsetAt = requireTimezone(timezone);
  const seed = foldSeed(options.seed);
  const hex = createHex();
  const catalog = createCatalog(seed);
  const visitors = createVisitors(seed, ratePerSecond);
  const orderOf = createOrders(seed, catalog, visitors, hex);
  const traffic = createTraffic(seed, offsetAt);
  const schedule = createIncidents(seed, incidentsPerDay);
  const deploys = createDeploys(seed, offsetAt);
  const writeAccessLines = createAccessLines(seed, catalog, visitors);
  const writeOrderLines = createOrderLines(seed, orderOf, hex);
  const writePaymentLines = createPaymentLines(seed, orderOf);
  const writeJobLines = createJobLines(seed, offsetAt);
  const random = new Random(0);

  function lines(service: ShopService, epochSecond: number): string {
    if (epochSecond * 1e6 < startUs) return "";
    const stream = 1 + SHOP_SERVICES.indexOf(service);
    random.reseed(hash(seed, STREAM.lines, stream, epochSecond));
    const effect = effectOf(schedule.at(epochSecond), service, epochSecond);
    const mean = ratePerSecond * SHARES[service] * traffic.wobble(stream, epochSecond) * effect.rate;
    if (mean === 0) return "";
    // Texts of seconds are made where there are lines: most seconds of a quiet service have none.
    const timeOf = () => secondText(epochSecond, offsetAt(epochSecond));
    const activeOf = () => visitors.active(traffic.browsing(epochSecond));
    const out: string[] = [];
    switch (service) {
      case "shop-front": {
        const people = poisson(random, mean * (1 - ROBOT_SHARE) * traffic.browsing(epochSecond));
        const robots = poisson(random, mean * ROBOT_SHARE);
        const wave = poisson(random, mean * effect.wave);
        if (people + robots + wave === 0) return "";
        const build = hash(seed, STREAM.deploy, deploys.at(service, epochSecond).number);
        writeAccessLines(out, random, epochSecond, timeOf(), { people, robots, wave }, activeOf(), effect, build);
        break;
      }
      case "shop-orders":
      case "shop-payments": {
        const count = poisson(random, mean * traffic.buying(epochSecond));
        const deploy = deploys.at(service, epochSecond);
        if (count === 0 && deploy.start !== epochSecond) return "";
        const write = service === "shop-orders" ? writeOrderLines : writePaymentLines;
        write(out, random, epochSecond, timeOf(), count, activeOf(), effect, deploy);
        break;
      }
      case "shop-jobs":
        writeJobLines(out, random, epochSecond, timeOf, mean, effect);
        break;
      case "shop-admin": {
        const count = poisson(random, Math.min(mean, ADMIN_PER_SECOND_MAX) * traffic.office(epochSecond));
        const starting = DEPLOYED_SERVICES.map((name) => deploys.at(name, epochSecond));
        const began = starting.filter(({ start }) => start === epochSecond);
        if (count === 0 && began.length === 0) return "";
        writeAdminLines(out, random, timeOf(), count, began);
      }
    }
    return out.join("\n");
  }

  return {
    lines,
    second: (epochSecond) =>
      Object.fromEntries(SHOP_SERVICES.map((service) => [service, lines(service, epochSecond)])) as ShopSecond,
    incidents: schedule.between,
    deploys: deploys.between,
  };
}

function requireTimezone(timezone: string): OffsetAt {
  try {
    return createOffsetAt(timezone);
  } catch {
    const message = `The simulated shop's timezone is ${JSON.stringify(timezone)}; give an IANA name such as Europe/Berlin.`;
    throw new WeirError("CONFIG_INVALID", message);
  }
}

function requireRange(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new WeirError(
    "CONFIG_INVALID",
    `The simulated shop's ${name} is ${value}; give a number from ${least} to ${most}.`,
  );
}
