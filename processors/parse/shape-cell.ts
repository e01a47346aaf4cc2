import { flatCopy } from "../model/dictionary.ts";
import type { EventBatch, StringColumnName } from "../model/event-batch.ts";
import type { StringColumn } from "../model/string-column.ts";
import type { Slot } from "./slot.ts";

/* The slots of a shape (shape.ts), made ready. */

/** What is done for a slot whenever its shape matches. */
export const BY_VALUE = 0;
/** Refuses a value now and then, and sets a column that no other slot sets: such slots are asked first. */
export const GUARD = 1;
export const STRING = 2;
export const SEVERITY = 3;
export const ATTRIBUTE = 4;
export const TRACE_ID = 5;
export const SPAN_ID = 6;

/**
 * A slot made ready. What it met last is remembered, because most values repeat from line to line, and comparing a text
 * costs a third of looking it up; only what the dictionary holds under that id now is believed.
 */
export interface Cell {
  readonly name: StringColumnName | null;
  /** The column of `batch`, found once per batch. */
  column: StringColumn | null;
  batch: EventBatch | null;
  id: number;
  generation: number;
  severityNumber: number;
}

export function actionOf(place: Slot): number {
  switch (place.kind) {
    case "duration":
    case "status":
    case "size":
      return GUARD;
    case "string":
      return STRING;
    case "severity":
      return SEVERITY;
    case "attribute":
      return place.choice === null ? ATTRIBUTE : BY_VALUE;
    case "trace_id":
      return TRACE_ID;
    case "span_id":
      return SPAN_ID;
    default:
      return BY_VALUE;
  }
}

export function cellOf(place: Slot): Cell {
  return {
    name: place.kind === "string" ? place.column : place.kind === "severity" ? "severity_text" : null,
    column: null,
    batch: null,
    id: 0,
    generation: -1,
    severityNumber: 0,
  };
}

/**
 * A slot that shares no memory with the line it was made for. All have the same properties in the same order: the engine
 * reads those of one form only several times as fast as those of many.
 */
export function ownCopy(place: Slot): Slot {
  const parts = place as Partial<Record<string, unknown>>;
  return {
    kind: place.kind,
    piece: flatCopy(place.piece),
    key: "key" in place ? flatCopy(place.key) : undefined,
    choice: parts["choice"],
    column: parts["column"],
    also: parts["also"],
    unit: parts["unit"],
    digits: parts["digits"],
    setsNumber: parts["setsNumber"],
    only: parts["only"],
    severityNumber: parts["severityNumber"],
    fractionDigits: parts["fractionDigits"],
    zone: parts["zone"],
    separator: parts["separator"],
    time: parts["time"],
    space: parts["space"],
  } as Slot;
}
