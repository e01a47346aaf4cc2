import { createWordings } from "./deploys.ts";
import { amountText, fractionText } from "./digits.ts";
import { novelMessage } from "./novelty.ts";
import type { WriteLines } from "./order-lines.ts";
import { type OrderOf, testCardNumber } from "./orders.ts";
import { createChoice, logNormal } from "./random.ts";

interface Outcome {
  readonly weight: number;
  readonly level: string;
  readonly status: string;
  /** Without a character that logfmt would escape. */
  readonly message: string;
  readonly medianMs: number;
  /** Why a payment was declined. */
  readonly reason?: string;
}

function decline(weight: number, why: string, medianMs: number): Outcome {
  const reason = why.toLowerCase().replaceAll(/[ -]/g, "_");
  return { weight, level: "warn", status: "declined", message: `payment declined: ${why}`, medianMs, reason };
}

const OUTCOMES: readonly Outcome[] = [
  { weight: 74, level: "info", status: "captured", message: "payment captured", medianMs: 180 },
  { weight: 14, level: "info", status: "authorized", message: "payment authorized, capture pending", medianMs: 240 },
  { weight: 4, level: "info", status: "refunded", message: "refund issued", medianMs: 310 },
  { weight: 4.5, level: "info", status: "receipted", message: "receipt sent", medianMs: 60 },
  ...[
    decline(0.95, "insufficient funds", 410),
    decline(0.75, "do not honor", 390),
    decline(0.5, "3-D Secure failed", 900),
    decline(0.3, "expired card", 210),
    decline(0.2, "limit exceeded", 380),
    decline(0.15, "suspected fraud", 640),
    decline(0.15, "invalid CVC", 190),
  ],
];

const FAILURES: readonly Outcome[] = [
  { weight: 3, level: "error", status: "failed", message: "gateway timeout", medianMs: 5000 },
  { weight: 2, level: "error", status: "failed", message: "gateway answered 502", medianMs: 700 },
  { weight: 1, level: "error", status: "failed", message: "ledger write failed, payment reversed", medianMs: 350 },
];

const FAILURE_SHARE = 0.003;
const LEAK_SHARE = 0.0004;
const METHODS = ["card", "paypal", "klarna", "apple_pay", "sepa"];
const chooseMethod = createChoice([62, 20, 8, 7, 3]);

/** logfmt lines. Line i pays for order 2 i of its second, under the same trace id. */
export function createPaymentLines(seed: number, orderOf: OrderOf): WriteLines {
  const chooseOutcome = createChoice(OUTCOMES.map(({ weight }) => weight));
  const chooseFailure = createChoice(FAILURES.map(({ weight }) => weight));
  const wordingsOf = createWordings(OUTCOMES.length);

  return function writePaymentLines(lines, random, epochSecond, time, count, active, effect, deploy) {
    const novel = effect.novelty > 0 ? novelMessage(seed, effect.incidentStart) : "";
    const wordings = wordingsOf(deploy.number);
    if (deploy.start === epochSecond) {
      const text = `deploy: shop-payments ${deploy.version} started`;
      lines.push(`ts=${time.iso}.000Z level=info msg="${text}" event=deploy version=${deploy.version}`);
    }
    for (let i = 0; i < count; i++) {
      const order = orderOf(epochSecond, 2 * i, active);
      const fails = random.chance(FAILURE_SHARE + effect.errors);
      const outcome = fails ? chooseFailure(random) : chooseOutcome(random);
      const { level, status, message, medianMs, reason } = fails ? FAILURES[outcome] : OUTCOMES[outcome];
      const text = novel !== "" && random.chance(effect.novelty) ? novel : message + (fails ? "" : wordings[outcome]);
      const method = METHODS[chooseMethod(random)];
      const ms = Math.ceil(logNormal(random, medianMs * effect.slowness, 0.45));
      let line =
        `ts=${time.iso}${fractionText(i, count, random.float())} level=${level} msg="${text}" ` +
        `trace_id=${order.traceId} order=${order.id} amount=${amountText(order.totalCents)} ` +
        `currency=${order.visitor.currency} method=${method} status=${status} duration_ms=${ms}`;
      if (method === "card") line += ` card_brand=${order.visitor.cardBrand} card="**** ${order.visitor.cardLast4}"`;
      line += ` user=${order.visitor.userId} version=${deploy.version}`;
      if (reason !== undefined) line += ` reason=${reason}`;
      if (status === "receipted") line += ` email=${order.visitor.email}`;
      // Somebody left a debug field in: what masking is for.
      if (random.chance(LEAK_SHARE)) line += ` request="number=${testCardNumber(random)} amount=${order.totalCents}"`;
      lines.push(line);
    }
  };
}
