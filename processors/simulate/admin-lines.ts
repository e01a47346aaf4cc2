import type { Deploy } from "./deploys.ts";
import { fractionText } from "./digits.ts";
import { createChoice, type Random } from "./random.ts";
import type { SecondText } from "./second-text.ts";

const PEOPLE = ["mara", "tom", "ines", "jakob", "priya"];
const ACTS: readonly (readonly [weight: number, action: string, message: (random: Random) => string])[] = [
  [30, "login", () => "Signed in"],
  [40, "price", (r) => `Price of product ${1000 + r.below(9000)} changed by ${1 + r.below(20)} percent`],
  [20, "page", (r) => `Page ${r.pick(["imprint", "shipping", "gifts", "sale"])} published, revision ${r.below(900)}`],
  [8, "export", (r) => `Export of ${r.below(5000)} customers requested`],
  [2, "login_failed", () => "Sign-in refused: wrong code"],
];
const chooseAct = createChoice(ACTS.map(([weight]) => weight));

/** JSON lines of the back office: a few an hour while people work, hardly any at night, and one for each deploy. */
export function writeAdminLines(
  lines: string[],
  random: Random,
  time: SecondText,
  count: number,
  deploys: readonly Deploy[],
): void {
  for (const { service, version } of deploys) {
    lines.push(
      `{"ts":"${time.iso}.000Z","level":"info","service":"shop-admin","event.name":"deploy",` +
        `"msg":"deploy: ${service} ${version}","deploy.service":"${service}","deploy.version":"${version}"}`,
    );
  }
  for (let i = 0; i < count; i++) {
    const [, action, message] = ACTS[chooseAct(random)];
    const level = action === "login_failed" ? "warn" : "info";
    lines.push(
      `{"ts":"${time.iso}${fractionText(i, count, random.float())}","level":"${level}","service":"shop-admin",` +
        `"event.name":"${action}","msg":"${message(random)}","user.id":"${random.pick(PEOPLE)}"}`,
    );
  }
}
