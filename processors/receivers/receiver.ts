import type { Receiver, ReceiverKind } from "../model/incident.ts";
import { type AddressPolicy, createAddressPolicy } from "./address.ts";
import { createAlertmanager } from "./alertmanager.ts";
import { createPagerduty } from "./pagerduty.ts";
import { createSlack } from "./slack.ts";
import { createWebhook } from "./webhook.ts";

export interface ReceiverOptions {
  readonly name: string;
  readonly url: string;
  /** Signing secret, routing key, token or, with Slack, the address. "" where there is none. Never shown. */
  readonly secret: string;
  readonly isAllowed: AddressPolicy;
  readonly nowMs: () => number;
  /** Ends what is being sent. */
  readonly signal?: AbortSignal | undefined;
}

const CREATORS: Readonly<Record<ReceiverKind, (options: ReceiverOptions) => Receiver>> = {
  webhook: createWebhook,
  pagerduty: createPagerduty,
  alertmanager: createAlertmanager,
  slack: createSlack,
};

/** @param allowAddresses Networks that are allowed though reserved. */
export function createReceiver(
  kind: ReceiverKind,
  options: Omit<ReceiverOptions, "isAllowed">,
  allowAddresses: readonly string[],
): Receiver {
  return CREATORS[kind]({ ...options, isAllowed: createAddressPolicy(allowAddresses) });
}
