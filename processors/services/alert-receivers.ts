import { WeirError } from "../model/errors.ts";
import type { Message, Receiver } from "../model/incident.ts";
import type { Clock } from "../model/ports.ts";
import { createReceiver } from "../receivers/receiver.ts";
import { type Config, readAlertSecret } from "../runtime/config.ts";

/** PagerDuty's own address, of its US region. */
const PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue";

/** The receivers of the configuration, with their secrets. Throws CONFIG_UNREADABLE. */
export function openReceivers({ alerts }: Config, clock: Clock, signal?: AbortSignal): Receiver[] {
  const nowMs = () => Math.floor(clock.nowUs() / 1000);
  return alerts.receivers.map((receiver) => {
    const { name, kind, url, allowAddresses } = receiver;
    const secret = readAlertSecret(receiver);
    if (kind === "slack" && !/^https?:\/\//.test(secret))
      throw new WeirError(
        "CONFIG_INVALID",
        `The secret of the receiver ${name} is no address; it must begin with https://.`,
      );
    if (kind === "webhook" && secret !== "" && !isSigningSecret(secret))
      throw new WeirError(
        "CONFIG_INVALID",
        `The secret of the receiver ${name} can't sign; it must be 24 to 64 bytes in base64, behind whsec_ or alone.`,
      );
    return createReceiver(
      kind,
      { name, url: url === "" && kind === "pagerduty" ? PAGERDUTY_URL : url, secret, nowMs, signal },
      allowAddresses,
    );
  });
}

/** Standard Webhooks' secrets. Other text would be read as a short key, or as none. */
function isSigningSecret(secret: string): boolean {
  const text = secret.replace(/^whsec_/, "");
  const bytes = Buffer.from(text, "base64");
  return (
    bytes.length >= 24 && bytes.length <= 64 && bytes.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "")
  );
}

/** A message that says of itself that it is a test. */
export function testMessage(kind: "opened" | "resolved", clock: Clock): Message {
  const at = Math.floor(clock.nowUs() / 1_000_000);
  const subject = `weir-test-${at}`;
  return {
    id: `${subject}-${kind}`,
    subject,
    kind,
    severity: "warning",
    title: `[TEST] Weir can reach this receiver (${kind})`,
    text: "This is a test that somebody asked for; nothing is wrong.",
    openedAt: at,
    at,
    fields: { id: subject, state: kind, kind: "test", severity: "warning", service: "weir", tenant: "" },
    series: [],
  };
}

/** Sends a test to a receiver, and its end. Throws USAGE where there is no such receiver, ALERT_UNDELIVERED where it fails. */
export async function testReceiver(config: Config, name: string, clock: Clock): Promise<void> {
  const known = config.alerts.receivers.filter((receiver) => receiver.name === name);
  if (known.length === 0) {
    const names = config.alerts.receivers.map((receiver) => receiver.name).join(", ");
    throw new WeirError("USAGE", `There is no receiver ${JSON.stringify(name)}; there are: ${names || "none"}.`);
  }
  const [receiver] = openReceivers({ ...config, alerts: { ...config.alerts, receivers: known } }, clock);
  const opened = testMessage("opened", clock);
  for (const message of [opened, { ...testMessage("resolved", clock), subject: opened.subject }]) {
    const delivery = await receiver.send(message);
    if (delivery.kind !== "sent")
      throw new WeirError("ALERT_UNDELIVERED", `The receiver ${name} did not take a test: ${delivery.reason}.`);
  }
}
