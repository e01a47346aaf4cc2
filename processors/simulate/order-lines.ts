import { createWordings, type Deploy } from "./deploys.ts";
import { amountText, fractionText, thousandthsText } from "./digits.ts";
import type { Effect } from "./effects.ts";
import { novelMessage } from "./novelty.ts";
import { type Order, type OrderOf, testCardNumber } from "./orders.ts";
import { createChoice, logNormal, type Random } from "./random.ts";
import type { SecondText } from "./second-text.ts";

/** Contents of a JSON string, escaped. */
type Message = (order: Order, random: Random) => string;

/** One kind of line of the order service: its message, and the constant pieces of its JSON. */
interface Step {
  readonly weight: number;
  readonly medianMs: number;
  readonly message: Message;
  /** From the timestamp's end to the trace id, one per host. */
  readonly origins: readonly string[];
  /** From the message's end to the order's id in url.path, and on to the duration. */
  readonly call: string;
  /** Whether url.path holds the order's id. */
  readonly isOfOrder: boolean;
  readonly answer: string;
}

const WAREHOUSES = ["berlin-1", "lyon-2", "leeds-1", "gdansk-3"];
const CARRIERS = ["dhl", "ups", "dpd", "post"];
const VOUCHERS = ["SPRING10", "WELCOME5", "FRIENDS20", "FREESHIP"];
const HOSTS = ["orders-1", "orders-2", "orders-3", "orders-4"];

/** @param request method and route; `{id}` becomes the order's id in url.path */
function step(weight: number, request: string, status: number, medianMs: number, message: Message): Step {
  const [method, route] = request.split(" ");
  const [before, after = ""] = route.split("{id}");
  const severity = status >= 500 ? "ERROR" : status >= 400 ? "WARN" : "INFO";
  return {
    weight,
    medianMs,
    message,
    origins: HOSTS.map(
      (host) => `","severity":"${severity}","service.name":"shop-orders","host.name":"${host}","trace_id":"`,
    ),
    call: `","http.request.method":"${method}","http.route":"${route}","url.path":"${before}`,
    isOfOrder: route.includes("{id}"),
    answer: `${after}","http.response.status_code":${status},"duration_ms":`,
  };
}

const STEPS: readonly Step[] = [
  step(26, "POST /orders", 201, 48, (o) => `Order ${o.id} placed with ${o.items} items, first ${o.product.name}`),
  step(20, "POST /orders/{id}/stock", 201, 22, (o, r) => `Stock reserved for order ${o.id} in ${r.pick(WAREHOUSES)}`),
  step(18, "GET /orders/{id}", 200, 9, (o) => `Order ${o.id} read, version ${o.items}`),
  step(
    12,
    "GET /orders/{id}/quote",
    200,
    110,
    (o, r) => `Quote by ${r.pick(CARRIERS)} for order ${o.id}: ${1 + r.below(6)} days`,
  ),
  step(9, "PUT /orders/{id}/items", 200, 31, (o) => `Order ${o.id} repriced, product ${o.product.id} changed`),
  step(
    6,
    "POST /orders/{id}/invoice",
    201,
    75,
    (o, r) => `Invoice INV-${100_000 + r.below(900_000)} written for order ${o.id}`,
  ),
  step(3, "POST /orders/{id}/mail", 202, 64, (o) => `Order ${o.id} confirmed, confirmation sent to ${o.visitor.email}`),
  step(
    2,
    "POST /orders/{id}/vouchers",
    422,
    14,
    (o, r) => `Voucher \\"${r.pick(VOUCHERS)}\\" rejected for order ${o.id}: expired`,
  ),
  step(
    1.6,
    "GET /orders/{id}/stock",
    200,
    18,
    (o) => `Product ${o.product.id} runs low: ${o.items} left after order ${o.id}`,
  ),
  step(1.2, "DELETE /orders/{id}", 200, 40, (o) => `Order ${o.id} cancelled by customer ${o.visitor.userId}`),
  step(0.7, "GET /orders/{id}", 404, 6, (o) => `Order ${o.id} not found in archive`),
  // A form that is logged whole by mistake: what masking is for.
  step(
    0.03,
    "POST /orders/{id}/payment",
    422,
    12,
    (o, r) => `Form of order ${o.id} rejected: card=${testCardNumber(r)} holder=${o.visitor.email}`,
  ),
];

const STACK = "\\n    at Stock.reserve (/srv/orders/stock.js:214:17)\\n    at async place (/srv/orders/place.js:88:5)";

const FAILURES: readonly Step[] = [
  step(
    5,
    "POST /orders",
    503,
    2400,
    (o, r) => `Order ${o.id} failed: inventory gave no answer in ${2000 + r.below(1000)} ms`,
  ),
  step(
    3,
    "POST /orders/{id}/stock",
    500,
    90,
    (o, r) => `Stock for order ${o.id} not reserved: deadlock on row ${r.below(100_000)}`,
  ),
  step(
    1,
    "POST /orders/{id}/stock",
    500,
    35,
    (o) => `TypeError: Cannot read properties of undefined (reading 'bin') in order ${o.id}${STACK}`,
  ),
  step(
    2,
    "GET /orders/{id}/quote",
    502,
    800,
    (o, r) => `Quote by ${r.pick(CARRIERS)} for order ${o.id} failed: connection reset`,
  ),
];

const FAILURE_SHARE = 0.004;

/** Appends `count` lines of a second, whose random numbers come from `random`; `active` visits are under way. */
export type WriteLines = (
  lines: string[],
  random: Random,
  epochSecond: number,
  time: SecondText,
  count: number,
  active: number,
  effect: Effect,
  /** The version that is in force. */
  deploy: Deploy,
) => void;

/** JSON lines of 15 fields, some 470 bytes each. Line i is about order i of its second. */
export function createOrderLines(seed: number, orderOf: OrderOf, hex: (value: number) => string): WriteLines {
  const chooseStep = createChoice(STEPS.map(({ weight }) => weight));
  const chooseFailure = createChoice(FAILURES.map(({ weight }) => weight));
  const wordingsOf = createWordings(STEPS.length);

  return function writeOrderLines(lines, random, epochSecond, time, count, active, effect, deploy) {
    const novel = effect.novelty > 0 ? novelMessage(seed, effect.incidentStart) : "";
    const begin = `{"timestamp":"${time.iso}`;
    const wordings = wordingsOf(deploy.number);
    const version = `,"service.version":"${deploy.version}"}`;
    if (deploy.start === epochSecond) lines.push(deployLine(begin, deploy, random, hex));
    for (let i = 0; i < count; i++) {
      const order = orderOf(epochSecond, i, active);
      const fails = random.chance(FAILURE_SHARE + effect.errors);
      const step = fails ? chooseFailure(random) : chooseStep(random);
      const kind = fails ? FAILURES[step] : STEPS[step];
      const isNovel = novel !== "" && random.chance(effect.novelty);
      const message = isNovel
        ? `${novel} for order ${order.id}`
        : kind.message(order, random) + (fails ? "" : wordings[step]);
      const origin = begin + fractionText(i, count, random.float()) + random.pick(kind.origins) + order.traceId;
      const call = kind.call + (kind.isOfOrder ? order.id : "") + kind.answer;
      const micros = Math.ceil(logNormal(random, kind.medianMs * 1000 * effect.slowness, 0.5));
      lines.push(
        `${origin}","span_id":"${hex(random.next())}${hex(random.next())}","message":"${message}${call}` +
          `${thousandthsText(micros)},"user.id":"${order.visitor.userId}",` +
          `"order.total":${amountText(order.totalCents)}${version}`,
      );
    }
  };
}

/** The first line of a new version. */
function deployLine(begin: string, { version }: Deploy, random: Random, hex: (value: number) => string): string {
  const id = (words: number) => Array.from({ length: words }, () => hex(random.next())).join("");
  return (
    `${begin}.000Z","severity":"INFO","service.name":"shop-orders","host.name":"${HOSTS[0]}","trace_id":"${id(4)}",` +
    `"span_id":"${id(2)}","message":"deploy: shop-orders ${version} started","event.name":"deploy","service.version":"${version}"}`
  );
}
