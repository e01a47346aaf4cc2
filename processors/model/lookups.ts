import type { StringColumnName } from "./event-batch.ts";

/** Where a value of an event stands: a text column, or an attribute. */
export type FieldName = StringColumnName | `attributes.${string}`;

/** Columns that a lookup may fill where the event has none: those that no line is given back by when they are empty. */
export const LOOKUP_COLUMNS = ["service_name", "geo_country_iso_code"] as const;

export type LookupTarget = (typeof LOOKUP_COLUMNS)[number] | `attributes.${string}`;

/** A table of the user's own: what a value stands for. */
export interface LookupTable {
  readonly name: string;
  readonly field: FieldName;
  readonly targets: readonly LookupTarget[];
  /** One text per target, "" where there is none; null: the value is not in the table. Never throws. Byte text. */
  find(value: string): readonly string[] | null;
}

/** All tables as one batch uses them. */
export interface Lookups {
  /** A name of their content: the same text for the same content; "" without tables. */
  readonly version: string;
  readonly tables: readonly LookupTable[];
}

export const NO_LOOKUPS: Lookups = { version: "", tables: [] };

/** Names a service by a value: the first rule that fits, of all events whose records name none. */
export interface ServiceRule {
  readonly field: FieldName;
  readonly how: "equals" | "prefix" | "suffix" | "pattern";
  /** Of `pattern`: `*` stands for any text, `?` for one character. */
  readonly text: string;
  readonly service: string;
}

/** A lookup as it is configured. */
export interface LookupConfig {
  readonly name: string;
  readonly file: string;
  /** Column of a CSV or JSON file that holds the values that are looked up; null in others. */
  readonly keyColumn: string | null;
  readonly field: FieldName;
  /** Column of the file -> where it goes. */
  readonly columns: Readonly<Record<string, LookupTarget>>;
}
