import type { StringColumnName } from "../model/event-batch.ts";
import type { DurationUnit, Field } from "./fields.ts";
import { SLOT_MARK, slot } from "./layout.ts";
import type { TimePattern } from "./time-pattern.ts";

/*
 * A slot is one value of a structured line: where it goes, and how exactly the column gives its text back. Which slot a
 * value gets depends on its field, its text, and the places that the slots before it in the line have taken.
 */

/** What a slot that is only second best asks again for every value: whether the value has a better one. */
export interface Choice {
  readonly field: Field;
  /** Places that are open to the field: COLUMN, SEVERITY_NUMBER, QUERY. */
  readonly open: number;
}

export type Slot = { readonly piece: string } & (
  | { readonly kind: "string"; readonly column: StringColumnName }
  | AttributeSlot
  | { readonly kind: "status" | "size" | "trace_id" | "span_id" }
  | { readonly kind: "severity_tens" | "severity_number" | "url" | "url_query" }
  | { readonly kind: "severity"; readonly setsNumber: boolean; readonly only: ReadonlySet<string> | null }
  | {
      readonly kind: "iso_time";
      readonly severityNumber: number;
      readonly fractionDigits: number;
      readonly zone: string;
      readonly separator: number;
    }
  | { readonly kind: "epoch_time"; readonly unit: DurationUnit }
  | { readonly kind: "pattern_time"; readonly time: TimePattern }
  | { readonly kind: "agent"; readonly space: string }
  | { readonly kind: "duration"; readonly unit: DurationUnit; readonly digits: number }
  | AlsoSlot
);

export interface AttributeSlot {
  readonly kind: "attribute";
  readonly key: string;
  /** null where no value could go anywhere else. */
  readonly choice: Choice | null;
  readonly piece: string;
}

/** An attribute whose value also sets columns that don't give its text back. */
export interface AlsoSlot {
  readonly kind: "also";
  readonly also: "time" | "duration" | "url" | "scale" | "nanos";
  readonly key: string;
  readonly choice: Choice;
  readonly unit: DurationUnit;
  readonly piece: string;
}

/** Places of a line, as bits. */
export const COLUMN = 1;
export const SEVERITY_NUMBER = 2;
export const QUERY = 4;

export const NUMBER_PIECE = slot("severity_number");
export const TENS_PIECE = slot("l.10");
export const PATH_PIECE = slot("url_path");
export const QUERY_PIECE = slot("url_query");

/** Adds what a slot takes of its line to the pieces taken before. */
export function takePieces(place: Slot, taken: Set<string>): void {
  if (place.kind === "url_query") taken.add(PATH_PIECE).add(QUERY_PIECE);
  else taken.add(place.piece);
  // What it sets beside the attribute is set: a value after it must not set it again.
  if (place.kind !== "also") return;
  if (place.also === "time") taken.add(`${SLOT_MARK}t.`);
  else if (place.also === "duration") taken.add(`${SLOT_MARK}d.`);
  else if (place.also === "url") taken.add(PATH_PIECE).add(QUERY_PIECE);
  else if (place.also === "scale") taken.add(NUMBER_PIECE);
}

/** Which of a field's places no slot before has taken. The number of a severity is given back by one field alone. */
export function openPlaces(field: Field, taken: ReadonlySet<string>): number {
  const isOpen = (piece: string, bit: number) => (taken.has(piece) ? 0 : bit);
  const noneStartsWith = (prefix: string) => ([...taken].some((piece) => piece.startsWith(prefix)) ? 0 : COLUMN);
  const number = taken.has(NUMBER_PIECE) || taken.has(TENS_PIECE) ? 0 : SEVERITY_NUMBER;
  switch (field.kind) {
    case "string":
      return isOpen(slot(field.column), COLUMN);
    case "time":
      return noneStartsWith(`${SLOT_MARK}t.`);
    case "duration":
      return noneStartsWith(`${SLOT_MARK}d.`);
    case "severity":
      return isOpen(slot("severity_text"), COLUMN) | number;
    case "severity_number":
    case "scale":
      return number;
    case "nanos":
      return taken.has(slot("t.s")) ? COLUMN : 0;
    case "agent":
      return taken.has(slot("user_agent_original")) || taken.has(slot("u.+")) || taken.has(slot("u.%20")) ? 0 : COLUMN;
    case "status":
      return isOpen(slot("http_response_status_code"), COLUMN);
    case "size":
      return isOpen(slot("http_response_body_size"), COLUMN);
    case "trace_id":
    case "span_id":
      return isOpen(slot(field.kind), COLUMN);
    case "url":
      return isOpen(PATH_PIECE, COLUMN) | isOpen(QUERY_PIECE, QUERY);
  }
}
