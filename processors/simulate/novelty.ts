import { hash, Random, STREAM } from "./random.ts";

const PARTS = ["Bundle", "Voucher", "Stock", "Tax", "Address", "Loyalty", "Carrier", "Ledger", "Wallet", "Fraud"];
const ROLES = ["cache", "planner", "adapter", "resolver", "verifier", "scheduler", "mirror", "estimator", "broker"];
const ACTS = ["fell back to", "skipped", "rebuilt", "detached from", "overrode", "queued behind", "shadowed"];
const OBJECTS = ["legacy rules", "the replica", "default limits", "stale prices", "the next shard", "manual review"];
const REASONS = ["checksum differs", "lease expired", "flag enabled", "quota reached", "schema mismatch", "no quorum"];

/**
 * The constant start of a message that appears with one incident (known by its start) and in no usual line; free of
 * characters that JSON or logfmt would escape. There are some 22,000, so months of incidents hardly repeat one.
 */
export function novelMessage(seed: number, incidentStart: number): string {
  const random = new Random(hash(seed, STREAM.novelty, incidentStart));
  const subject = `${random.pick(PARTS)} ${random.pick(ROLES)}`;
  return `${subject} ${random.pick(ACTS)} ${random.pick(OBJECTS)}: ${random.pick(REASONS)}`;
}
