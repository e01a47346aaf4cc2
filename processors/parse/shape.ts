import { areSame, type ByteWindow } from "../model/byte-window.ts";
import { flatCopy } from "../model/dictionary.ts";
import type { EventBatch } from "../model/event-batch.ts";
import { ConstantRuns } from "./constant-runs.ts";
import { HEX_DIGITS, isLowerHex } from "./exact-number.ts";
import { clearRow } from "./row.ts";
import {
  ATTRIBUTE,
  actionOf,
  type Cell,
  cellOf,
  GUARD,
  ownCopy,
  SEVERITY,
  SPAN_ID,
  STRING,
  TRACE_ID,
} from "./shape-cell.ts";
import { type Slot, takePieces } from "./slot.ts";
import type { Slots } from "./slots.ts";
import { bytesOf, endFor, endsAt, findEnd, type ValueEnd } from "./value-end.ts";

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
  /** How the ends of the values are found again; undefined: by a scan alone. */
  readonly valueEnds: (ValueEnd | undefined)[];
  /** What the scan was told besides the line. */
  context: string;
  /** False: values can't be found again by searching for their ends (arrays and other raw JSON). */
  repeatable: boolean;
  /** False: the values don't give the line back (escapes, a name that occurs twice). */
  exact: boolean;
}

export interface Shape {
  readonly names: readonly string[];
  /** literals[i] stands before value i; the last one ends the line. */
  readonly literals: readonly string[];
  /** 1: the value stands without quotes. */
  readonly bare: Uint8Array;
  /** null: lines of this shape must be scanned. */
  readonly valueEnds: readonly ValueEnd[] | null;
  readonly context: string;
  /** null: it has too few values. */
  readonly runs: ConstantRuns | null;
  readonly slots: readonly Slot[];
  readonly cells: readonly Cell[];
  readonly actions: Uint8Array;
  /** Indices of the values that are looked at first. */
  readonly guards: readonly number[];
  /** Ids of the keys of attributes, while the batch's dictionary has this generation. */
  readonly keyIds: Int32Array;
  keyGeneration: number;
  /** The literals' bytes, one after the other; literal i is [literalEnds[i] - its length, literalEnds[i]). */
  readonly literalBytes: DataView;
  readonly literalEnds: Int32Array;
  readonly layout: string;
  /** Id of the layout in the batch's dictionary, while that has this generation. */
  layoutId: number;
  layoutGeneration: number;
}

const SHAPE_SLOTS_MAX = 64;
const SHAPES_MAX = 64;
/** Fewer values are found as quickly one by one. */
const RUNS_SLOTS_MIN = 10;
const SHAPE_LITERALS_LENGTH_MAX = 8192;

export interface Shapes {
  /**
   * Reads the line by a known shape of the context, layout included. False: no shape fits, and the row is empty again.
   */
  match(text: string, begin: number, end: number, batch: EventBatch, row: number, context: string): boolean;
  /** Reads a scanned line by a known shape, as `match` does. Its positions are those of `own`, which begins at text[begin]. */
  reuse(text: string, begin: number, own: string, line: ScannedLine, batch: EventBatch, row: number): boolean;
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
  const quotedEnd = endsAt('"');
  const bareEnd = endsAt(terminators);

  let known: Shape[] = [];
  const starts = new Int32Array(SHAPE_SLOTS_MAX);
  const ends = new Int32Array(SHAPE_SLOTS_MAX);

  /** Whether the line at window.bytes[from, to), which is text[begin, …), is of the shape; finds its values. */
  function fits(shape: Shape, window: ByteWindow, from: number, to: number, begin: number): boolean {
    const { literalBytes, literalEnds, runs } = shape;
    const valueEnds = shape.valueEnds!;
    const { view } = window;
    const count = valueEnds.length;
    const shift = begin - from;
    let at = from;
    let literal = 0;
    let size = literalEnds[0];
    for (let i = 0; i < count; i++) {
      const last = runs === null ? -1 : runs.find(i, window, at, to, shift, starts, ends);
      if (last >= 0) {
        i = last;
        at = ends[i] - shift;
        literal = literalEnds[i];
        size = literalEnds[i + 1] - literal;
        continue;
      }
      if (at + size > to || !areSame(view, at, literalBytes, literal, size)) return false;
      at += size;
      literal += size;
      starts[i] = at + shift;
      size = literalEnds[i + 1] - literal;
      at = findEnd(valueEnds[i], window, at, to, size);
      if (at < 0) return false;
      ends[i] = at + shift;
    }
    return at + size === to && areSame(view, at, literalBytes, literal, size);
  }

  /** null: only a scan finds all values. */
  function valueEndsOf(line: ScannedLine, places: readonly Slot[], values: readonly string[]): ValueEnd[] | null {
    const valueEnds: ValueEnd[] = [];
    for (const [i, { kind }] of places.entries()) {
      const end = terminators === "" ? line.valueEnds[i] : line.quoted[i] ? quotedEnd : bareEnd;
      if (end === undefined || (end.isTime && kind !== "iso_time" && kind !== "pattern_time")) return null;
      valueEnds.push(endFor(end, values[i]));
    }
    return valueEnds;
  }

  function inRankOrder(names: readonly string[]): number[] {
    const ranks = names.map(slots.rankOf);
    return names.map((_, i) => i).sort((a, b) => ranks[a] - ranks[b]);
  }

  /** Whether a scanned line has the shape's names and the same text between its values. */
  function isOf(shape: Shape, own: string, line: ScannedLine): boolean {
    const { names, literals } = shape;
    const count = names.length;
    if (line.names.length !== count) return false;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const literal = literals[i];
      const start = line.starts[i];
      if (start - at !== literal.length || !own.startsWith(literal, at) || line.names[i] !== names[i]) return false;
      at = line.ends[i];
    }
    return own.length - at === literals[count].length && own.startsWith(literals[count], at);
  }

  function renewKeys(shape: Shape, { attributes: { keys } }: EventBatch): void {
    for (const [i, place] of shape.slots.entries()) {
      const { key } = place as { readonly key?: string };
      if (key !== undefined) shape.keyIds[i] = keys.intern(key);
    }
    shape.keyGeneration = keys.generation;
  }

  function fill(shape: Shape, text: string, batch: EventBatch, row: number): boolean {
    const { slots: places, cells, actions, guards, bare, keyIds } = shape;
    const { attributes } = batch;
    const count = cells.length;
    attributes.reserve(count);
    const { keyIds: entryKeys, values } = attributes;
    const { begins: entryBegins, ends: entryEnds } = values;
    if (shape.keyGeneration !== attributes.keys.generation) renewKeys(shape, batch);
    // What a line fails by comes first: then little was done in vain.
    for (let g = 0; g < guards.length; g++) {
      const i = guards[g];
      if (!slots.applySpan(places[i], text, starts[i], ends[i], batch, row, 0)) return false;
    }
    for (let i = 0; i < count; i++) {
      const action = actions[i];
      if (action === GUARD) continue;
      if (action === ATTRIBUTE) {
        // Most values of a long line are attributes, one behind the other.
        let entry = attributes.count;
        let next = i;
        for (; next < count && actions[next] === ATTRIBUTE; next++, entry++) {
          if (bare[next] === 1 && !isBare(text.slice(starts[next], ends[next]))) return false;
          entryKeys[entry] = keyIds[next];
          entryBegins[entry] = starts[next];
          entryEnds[entry] = ends[next];
        }
        attributes.count = entry;
        i = next - 1;
        continue;
      }
      const begin = starts[i];
      const end = ends[i];
      if (action === STRING || action === SEVERITY) {
        const cell = cells[i];
        if (cell.batch !== batch) {
          cell.batch = batch;
          cell.column = batch.strings[cell.name!];
        }
        const column = cell.column!;
        const { dictionary } = column;
        const isLookedUp = column.texts === null;
        const id = isLookedUp ? dictionary.internSpan(batch.window, text, begin, end) : 0;
        if (isLookedUp && id === cell.id && dictionary.generation === cell.generation) {
          column.ids[row] = id;
          if (cell.severityNumber > 0) batch.severity_number[row] = cell.severityNumber;
          continue;
        }
        if (bare[i] === 1 && !isBare(text.slice(begin, end))) return false;
        if (action === SEVERITY || begin === end) {
          if (!slots.apply(places[i], text.slice(begin, end), batch, row)) return false;
        } else if (isLookedUp) column.ids[row] = id;
        else column.setSpan(row, text, begin, end);
        if (isLookedUp) {
          const place = places[i];
          cell.id = id;
          cell.generation = dictionary.generation;
          cell.severityNumber = place.kind === "severity" && place.setsNumber ? batch.severity_number[row] : 0;
        }
        continue;
      }
      if (bare[i] === 1 && !isBare(text.slice(begin, end))) return false;
      if (action === TRACE_ID && isLowerHex(text, begin, end, HEX_DIGITS.trace_id)) {
        batch.trace_id.setSpan(row, begin, end);
      } else if (action === SPAN_ID && isLowerHex(text, begin, end, HEX_DIGITS.span_id)) {
        batch.span_id.setSpan(row, begin, end);
      } else if (!slots.applySpan(places[i], text, begin, end, batch, row, keyIds[i])) return false;
    }
    return true;
  }

  /** Reads a line whose values `starts` and `ends` hold by the shape at a place of the list; the row is empty if it fails. */
  function take(i: number, text: string, batch: EventBatch, row: number): boolean {
    const shape = known[i];
    const attributes = batch.attributes.count;
    if (!fill(shape, text, batch, row)) {
      clearRow(batch, row, attributes);
      return false;
    }
    if (i > 0) {
      known[i] = known[i - 1];
      known[i - 1] = shape;
    }
    const { dictionary, ids } = batch.strings.line_layout;
    if (shape.layoutGeneration !== dictionary.generation) {
      shape.layoutId = dictionary.intern(shape.layout);
      shape.layoutGeneration = dictionary.generation;
    }
    ids[row] = shape.layoutId;
    return true;
  }

  return {
    match(text, begin, end, batch, row, context) {
      const { window } = batch;
      for (let i = 0; i < known.length; i++) {
        if (known[i].valueEnds === null || known[i].context !== context) continue;
        // Taking a line moves the window where a value of it is longer than what is left.
        const from = window.reach(begin, end);
        if (from < 0) return false;
        const shape = known[i];
        if (!fits(shape, window, from, from + end - begin, begin) || !take(i, text, batch, row)) continue;
        shape.runs?.learn(text, starts, ends);
        return true;
      }
      return false;
    },

    reuse(text, begin, own, line, batch, row) {
      const count = line.names.length;
      if (!line.repeatable || count > SHAPE_SLOTS_MAX) return false;
      for (let i = 0; i < known.length; i++) {
        if (!isOf(known[i], own, line)) continue;
        for (let value = 0; value < count; value++) {
          starts[value] = begin + line.starts[value];
          ends[value] = begin + line.ends[value];
        }
        if (take(i, text, batch, row)) return true;
      }
      return false;
    },

    learn(text, begin, end, line, batch, row) {
      const taken = new Set<string>();
      const places: Slot[] = [];
      const literals: string[] = [];
      const values = line.names.map((_, i) => line.decoded[i] ?? text.slice(line.starts[i], line.ends[i]));
      for (const i of inRankOrder(line.names)) {
        const place = slots.create(line.names[i], values[i], taken);
        // A second attribute of one name: the map holds one of them.
        if (taken.has(place.piece)) line.exact = line.repeatable = false;
        takePieces(place, taken);
        places[i] = place;
      }
      let at = begin;
      for (let i = 0; i < line.names.length; i++) {
        slots.apply(places[i], values[i], batch, row);
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
        let literalEnd = 0;
        const literalEnds = Int32Array.from(copies, (literal) => (literalEnd += literal.length));
        const shape = {
          names: line.names.map(flatCopy),
          literals: copies,
          literalBytes: bytesOf(copies.join("")),
          literalEnds,
          bare: Uint8Array.from(line.quoted, (isQuoted) => (isQuoted ? 0 : 1)),
          valueEnds: valueEndsOf(line, places, values),
          context: line.context,
          runs: places.length < RUNS_SLOTS_MIN ? null : new ConstantRuns(copies),
          slots: places.map(ownCopy),
          cells: places.map(cellOf),
          actions: Uint8Array.from(places, actionOf),
          guards: places.flatMap((place, i) => (actionOf(place) === GUARD ? [i] : [])),
          keyIds: new Int32Array(places.length),
          keyGeneration: -1,
          layout: flatCopy(layout),
          layoutId: 0,
          layoutGeneration: -1,
        };
        known = [shape, ...known].slice(0, SHAPES_MAX);
      }
      return layout;
    },
  };
}
