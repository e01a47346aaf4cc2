import type { Catalog, Product } from "./catalog.ts";
import { hash, Random, STREAM } from "./random.ts";
import type { Visitor, Visitors } from "./visitors.ts";

/** A customer's order under work, as the order and the payment service see it: the same trace id, id and total. */
export interface Order {
  /** 32 lowercase hex digits. */
  readonly traceId: string;
  /** `A-` and capital letters and digits, unlike every other order's. */
  readonly id: string;
  readonly visitor: Visitor;
  readonly product: Product;
  readonly items: number;
  readonly totalCents: number;
}

/** Order number `index` of a second, with `active` visits under way. A function of the seed and these three. */
export type OrderOf = (epochSecond: number, index: number, active: number) => Order;

export function createOrders(
  seed: number,
  catalog: Catalog,
  visitors: Visitors,
  hex: (value: number) => string,
): OrderOf {
  const random = new Random(0);
  let prefixSecond = Number.NaN;
  let prefix = "";

  return function orderOf(epochSecond, index, active) {
    if (epochSecond !== prefixSecond) {
      prefixSecond = epochSecond;
      prefix = `A-${epochSecond.toString(36).toUpperCase()}`;
    }
    random.reseed(hash(seed, STREAM.order, epochSecond, index), hash(seed, STREAM.order, epochSecond, -1 - index));
    const traceId = hex(random.next()) + hex(random.next()) + hex(random.next()) + hex(random.next());
    const visitor = visitors.buyer(random, active, epochSecond);
    const product = catalog.popular(random);
    const items = 1 + Math.floor(random.float() * random.float() * 5);
    const totalCents = product.priceCents + (items - 1) * (1500 + random.below(2500)) + (random.chance(0.5) ? 490 : 0);
    return {
      traceId,
      id: prefix + index.toString(36).toUpperCase().padStart(3, "0"),
      visitor,
      product,
      items,
      totalCents,
    };
  };
}

/** A number that passes for a payment card's (16 digits, valid check digit) in the range that gateways keep for tests. */
export function testCardNumber(random: Random): string {
  const digits = `400000${String(1_000_000_000 + random.below(1_000_000_000)).slice(1)}`;
  let sum = 0;
  // The Luhn check of ISO/IEC 7812-1: from the right, every other digit counts double, less 9 above 9.
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(i) - 48;
    const doubled = i % 2 === 0 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return digits + String((10 - (sum % 10)) % 10);
}
