import { flatCopy } from "../model/dictionary.ts";
import type { EventBatch, StringColumnName } from "../model/event-batch.ts";
import { clearRow } from "./row.ts";
import { type Slot, takePieces } from "./slot.ts";
import type { Slots } from "./slots.ts";

/*
 * Lines of one program repeat their shape: the same keys in the same order with the same punctuation. A shape is the
 * constant text of such a line and the slots between; matching a line against it finds every value by a few searches,
 * without reading the line character by character, and gives the line's layout at the same time.
 */

/** The values of a line as a full scan found them: value i is text[starts[i], ends[i]), named names[i]. */
export interface ScannedLine {
  readonly names: string[];
  readonly starts: number[];
  readonly ends: number[];
  /** The value stands in quotes (its end is a quote). */
  readonly quoted: boolean[];
  /** Values where the text needs decoding (escapes): decoded text; undefined where the raw text is the value. */
  readonly decoded: (string | undefined)[];
  /** False: values can't be found again by searching for their ends (arrays and other raw JSON). */
  repeatable: boolean;
  /** False: the values don't give the line back (escapes, a name that occurs twice). */
  exact: boolean;
}

export interface Shape {
  /** literals[i] stands before value i; the last one ends the line. */
  readonly literals: readonly string[];
  readonly quoted: readonly boolean[];
  readonly slots: readonly Slot[];
  readonly cells: readonly Cell[];
  readonly layout: string;
}

/**
 * What a slot met last: most values repeat from line to line, and comparing a text costs a third of looking it up.
 * Only what the dictionary holds under that id now is believed.
 */
interface Cell {
  readonly name: StringColumnName | null;
  id: number;
  generation: number;
  severityNumber: number;
  /** Of an attribute: the id of its key. */
  keyId: number;
  keyGeneration: number;
}

/**
 * Slots that refuse a value now and then and set a column that no other slot sets, so that their order makes no
 * difference. What they take is a number, which may stand without quotes.
 */
const GUARDS: ReadonlySet<Slot["kind"]> = new Set(["duration", "status", "size"]);

function cellOf(place: Slot): Cell {
  const name = place.kind === "string" ? place.column : place.kind === "severity" ? "severity_text" : null;
  return { name, id: 0, generation: -1, severityNumber: 0, keyId: 0, keyGeneration: -1 };
}

const SHAPE_SLOTS_MAX = 64;
const SHAPES_MAX = 64;
const SHAPE_LITERALS_LENGTH_MAX = 8192;

export interface Shapes {
  /** Reads the line by a known shape. Returns its layout, or null: nothing was set but attributes, which are taken back. */
  match(text: string, begin: number, end: number, batch: EventBatch, row: number): string | null;
  /** Puts the values of a scanned line into the row, remembers its shape, and returns its layout (null: keep the line). */
  learn(text: string, begin: number, end: number, line: ScannedLine, batch: EventBatch, row: number): string | null;
}

/** What a format says of its unquoted values. */
export interface BareValues {
  /** Characters (as a string) that end one. */
  readonly terminators: string;
  /** Whether a text may stand unquoted. */
  readonly isBare: (value: string) => boolean;
}

export function createShapes(slots: Slots, { terminators, isBare }: BareValues): Shapes {
  const endsBare = new Uint8Array(256);
  for (const character of terminators) endsBare[character.charCodeAt(0)] = 1;

  let known: Shape[] = [];
  const starts = new Int32Array(SHAPE_SLOTS_MAX);
  const ends = new Int32Array(SHAPE_SLOTS_MAX);

  function fits(shape: Shape, text: string, begin: number, end: number): boolean {
    const { literals, quoted } = shape;
    const count = quoted.length;
    let at = begin;
    for (let i = 0; i < count; i++) {
      const literal = literals[i];
      if (!text.startsWith(literal, at)) return false;
      at += literal.length;
      starts[i] = at;
      if (quoted[i]) {
        at = text.indexOf('"', at);
        if (at < 0 || at >= end) return false;
      } else {
        while (at < end && endsBare[text.charCodeAt(at)] === 0) at++;
      }
      ends[i] = at;
    }
    const last = literals[count];
    return at + last.length === end && text.startsWith(last, at);
  }

  function fill(shape: Shape, text: string, batch: EventBatch, row: number): boolean {
    const { slots: places, quoted, cells } = shape;
    const { attributeKeys } = batch;
    // What a line fails by comes first: then little was done in vain.
    for (let i = 0; i < places.length; i++) {
      if (GUARDS.has(places[i].kind) && !slots.apply(places[i], text.slice(starts[i], ends[i]), batch, row))
        return false;
    }
    for (let i = 0; i < places.length; i++) {
      const place = places[i];
      if (GUARDS.has(place.kind)) continue;
      const cell = cells[i];
      const column = cell.name === null ? null : batch.strings[cell.name];
      if (column !== null && cell.generation === column.dictionary.generation) {
        const last = column.dictionary.values[cell.id];
        if (last.length === ends[i] - starts[i] && text.startsWith(last, starts[i])) {
          column.ids[row] = cell.id;
          if (place.kind === "severity" && place.setsNumber) batch.severity_number[row] = cell.severityNumber;
          continue;
        }
      }
      const value = text.slice(starts[i], ends[i]);
      if (!quoted[i] && !isBare(value)) return false;
      if (place.kind === "attribute" && place.choice === null) {
        if (cell.keyGeneration !== attributeKeys.generation) {
          cell.keyId = attributeKeys.intern(place.key);
          cell.keyGeneration = attributeKeys.generation;
        }
        batch.attributeKeyIds.push(cell.keyId);
        batch.attributeValues.push(value);
        continue;
      }
      if (!slots.apply(place, value, batch, row)) return false;
      if (column !== null && value !== "" && !column.dictionary.isRepeating) {
        cell.id = column.ids[row];
        cell.generation = column.dictionary.generation;
        cell.severityNumber = batch.severity_number[row];
      }
    }
    return true;
  }

  return {
    match(text, begin, end, batch, row) {
      for (let i = 0; i < known.length; i++) {
        const shape = known[i];
        if (!fits(shape, text, begin, end)) continue;
        const attributes = batch.attributeValues.length;
        if (fill(shape, text, batch, row)) {
          if (i > 0) {
            known[i] = known[i - 1];
            known[i - 1] = shape;
          }
          return shape.layout;
        }
        clearRow(batch, row, attributes);
      }
      return null;
    },

    learn(text, begin, end, line, batch, row) {
      const taken = new Set<string>();
      const places: Slot[] = [];
      const literals: string[] = [];
      let at = begin;
      for (let i = 0; i < line.names.length; i++) {
        const value = line.decoded[i] ?? text.slice(line.starts[i], line.ends[i]);
        const place = slots.create(line.names[i], value, taken);
        takePieces(place, taken);
        slots.apply(place, value, batch, row);
        places.push(place);
        literals.push(text.slice(at, line.starts[i]));
        at = line.ends[i];
      }
      literals.push(text.slice(at, end));
      if (!line.exact) return null;
      let layout = "";
      for (let i = 0; i < places.length; i++) layout += literals[i] + places[i].piece;
      layout += literals[places.length];
      const length = literals.reduce((sum, literal) => sum + literal.length, 0);
      if (line.repeatable && places.length <= SHAPE_SLOTS_MAX && length <= SHAPE_LITERALS_LENGTH_MAX) {
        const copies = literals.map((literal) => flatCopy(literal));
        const shape = {
          literals: copies,
          quoted: [...line.quoted],
          slots: places.map(ownCopy),
          cells: places.map(cellOf),
          layout: flatCopy(layout),
        };
        known = [shape, ...known].slice(0, SHAPES_MAX);
      }
      return layout;
    },
  };
}

/** A slot that shares no memory with the line it was made for. */
function ownCopy(place: Slot): Slot {
  return "key" in place ? { ...place, key: flatCopy(place.key), piece: flatCopy(place.piece) } : place;
}
