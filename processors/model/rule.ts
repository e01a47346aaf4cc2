import type { StringColumnName } from "./event-batch.ts";

/** What a rule may group by: a text column, or a value computed from a number or an attribute. */
export type GroupBy = StringColumnName | "status_class" | "template" | `attributes.${string}`;

/** Columns of numbers that conditions and values may name. 0 is none. */
export const NUMBER_COLUMNS = [
  "severity_number",
  "http_response_status_code",
  "http_response_body_size",
  "duration_us",
] as const;
export type NumberColumn = (typeof NUMBER_COLUMNS)[number];

/** Holds of an event when all that is given holds. */
export interface Condition {
  readonly column: GroupBy | NumberColumn;
  /** The value is one of these; of a number column, as text. */
  readonly in?: readonly string[];
  readonly notIn?: readonly string[];
  /** The value is a number and at least, at most this. */
  readonly min?: number;
  readonly max?: number;
}

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
  /** Only events that every condition holds of. */
  readonly filter?: readonly Condition[];
  /** An event is an error when one of these holds; absent: a severity of 17 or more, or a status of 500 or more. */
  readonly errors?: readonly Condition[];
  /** What is measured: a number column where it is not 0, or an attribute where it is a number. */
  readonly value?: NumberColumn | `attributes.${string}`;
  /** The value is held in whole multiples of 10^-n, rounded half away from 0, so that sums are exact. */
  readonly valueDecimals?: number;
  /** Most keys per window and batch; what is beyond is counted under the key `OTHER`. */
  readonly keysMax?: number;
}

/** Every part of the key that takes in what is beyond a rule's `keysMax`. */
export const OTHER = "<other>";

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
