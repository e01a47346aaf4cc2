import type { StringColumnName } from "./event-batch.ts";

/** What a rule may group by: a text column, or a value computed from a number or an attribute. */
export type GroupBy = StringColumnName | "status_class" | "template" | `attributes.${string}`;

/** A rule: which events to count in which windows, by which key. */
export interface Rule {
  readonly name: string;
  /** Follows from the rule's meaning: a rule that is changed is another version. Versions have no order. */
  readonly version: number;
  /** Number that the configuration gives it, to begin anew without a change of meaning. */
  readonly edition?: number;
  /** Tumbling window size, seconds, 1 .. 86400; windows are [start, start + size), aligned to the epoch. */
  readonly windowSeconds: number;
  readonly groupBy: readonly GroupBy[];
  /** Column whose distinct values are estimated per window and key; null = none. */
  readonly distinct: StringColumnName | null;
  /** Only events that have the rule's subject: "http" = a response status, "body" = a message, "all". */
  readonly where: "all" | "http" | "body";
}

/** A rule that adds up finished windows of another one: longer windows, or fewer columns in the key, or both. */
export interface RollUp {
  readonly name: string;
  readonly version: number;
  readonly edition?: number;
  /** A multiple of the other rule's. */
  readonly windowSeconds: number;
  readonly groupBy: readonly GroupBy[];
  /** The other rule, which may be a roll-up itself, and its version. */
  readonly from: string;
  readonly fromVersion: number;
  /** Where each column of the key stands in the other rule's key. */
  readonly indices: readonly number[];
}
