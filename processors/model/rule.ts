import type { StringColumnName } from "./event-batch.ts";

/** What a rule may group by: a text column, or a value computed from a number or an attribute. */
export type GroupBy = StringColumnName | "status_class" | "template" | `attributes.${string}`;

/** A rule: which events to count in which windows, by which key. */
export interface Rule {
  readonly name: string;
  /** Rises when the rule's meaning changes. */
  readonly version: number;
  /** Tumbling window size, seconds, 1 .. 86400; windows are [start, start + size), aligned to the epoch. */
  readonly windowSeconds: number;
  readonly groupBy: readonly GroupBy[];
  /** Column whose distinct values are estimated per window and key; null = none. */
  readonly distinct: StringColumnName | null;
  /** Only events that have the rule's subject: "http" = a response status, "body" = a message, "all". */
  readonly where: "all" | "http" | "body";
}
