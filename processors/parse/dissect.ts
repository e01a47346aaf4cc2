import { flatCopy } from "../model/dictionary.ts";
import { EventBatch } from "../model/event-batch.ts";
import type { OwnFormat } from "../model/own-format.ts";
import { fromByteText } from "../model/record.ts";
import type { Misfit } from "./dissect-pattern.ts";
import { type CompiledPattern, compilePatterns } from "./dissect-targets.ts";
import { createValues, type PutsValue } from "./dissect-values.ts";
import { createCharacterFinder, createFinder, SLOT_MARK, slot } from "./layout.ts";
import type { Format, LineParser } from "./line-parser.ts";
import { clearRow, oneRecord } from "./row.ts";
import { UTC, type Zone } from "./zone.ts";

/*
 * Formats of the user's own. A pattern is compiled once: which texts the line is cut at, and where each value goes. A
 * line is cut from left to right, each delimiter searched forward from where the one before ended.
 */

/** How often a padded delimiter may repeat and still be part of a layout; names of values likewise. */
const SPACE = 32;
const PADDING_LENGTH_MAX = 64;
const NAME = /^[A-Za-z0-9_.@:/-]{1,64}$/;
/** Layouts that a pattern remembers: lines of one program differ in few ways. */
const LAYOUTS_MAX = 256;

/** Code of the dead letter of a line that is not of the format of the user's own that its source declares. */
export const PARSE_NOT_OWN_FORMAT = "PARSE_NOT_OWN_FORMAT";

interface Reader {
  readonly read: LineParser;
  /** Where the last line that was refused stopped to fit. */
  misfit(): Misfit;
}

/** What follows on the pieces before: the next pieces that were seen, and the layout where there is none. */
interface LayoutNode {
  readonly seen: string[];
  readonly next: LayoutNode[];
  id: number;
  generation: number;
}

function createReader(pattern: CompiledPattern, own: OwnFormat, zone: Zone): Reader {
  const { keys, literals, targets } = pattern;
  const count = keys.length;
  const first = literals[0];
  const last = literals[count];
  const finders = literals.map((literal) => createFinder(literal));
  const hasMark = createCharacterFinder(SLOT_MARK);
  const putsValue = createValues(own, zone);
  const puts = targets.map((target): PutsValue | null => (target.kind === "value" ? putsValue(target) : null));
  const separator = own.appendSeparator;
  const fixedNames = new Set(targets.filter(({ kind }) => kind === "value").map(({ name }) => name));
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  /** Pieces of the keys, then of the padding behind each. */
  const pieces: string[] = new Array(count * 2).fill("");
  for (let key = 0; key < count; key++) pieces[count + key] = literals[key + 1];
  // A value of several parts stands at its first, with all that is between them.
  for (const { parts, isSpan } of targets)
    for (const part of isSpan ? parts.slice(1) : []) pieces[part] = pieces[count + part - 1] = SWALLOWED;
  const paddedKeys = keys.flatMap((key, i) => (key.isPadded ? [i] : []));
  const names = new Set<string>();
  /** Pieces that are not the same in every line. */
  const varying = [
    ...targets.map(({ parts }) => Math.min(...parts)),
    ...keys.flatMap((key, i) => (key.isPadded ? [count + i] : [])),
  ];
  const root: LayoutNode = { seen: [], next: [], id: 0, generation: -1 };
  let layouts = 0;
  let missedKey = -1;
  let missedAt = 0;
  let missedDelimiter = -1;
  let missedBegin = 0;

  function miss(key: number, at: number, delimiter: number): false {
    missedKey = key;
    missedAt = at;
    missedDelimiter = delimiter;
    return false;
  }

  /** Finds where each key begins and ends. */
  function cut(text: string, begin: number, end: number): boolean {
    if (begin + first.length > end || !text.startsWith(first, begin)) return miss(-1, begin, 0);
    let at = begin + first.length;
    for (let key = 0; key < count; key++) {
      starts[key] = at;
      const literal = literals[key + 1];
      if (key === count - 1) {
        let stop = end - last.length;
        if (stop < at || !text.startsWith(last, stop)) return miss(key, at, count);
        ends[key] = stop;
        if (keys[key].isPadded) {
          while (stop - last.length >= at && text.startsWith(last, stop - last.length)) stop -= last.length;
          while (stop > at && text.charCodeAt(stop - 1) === SPACE) stop--;
          ends[key] = stop;
        }
        return true;
      }
      const found = finders[key + 1](text, at);
      if (found + literal.length > end) return miss(key, at, key + 1);
      ends[key] = found;
      at = found + literal.length;
      if (!keys[key].isPadded) continue;
      while (at + literal.length <= end && text.startsWith(literal, at)) at += literal.length;
      while (ends[key] > starts[key] && text.charCodeAt(ends[key] - 1) === SPACE) ends[key]--;
    }
    return true;
  }

  /** The layout of the pieces at hand, found by walking from piece to piece. */
  function layoutOf(batch: EventBatch): number {
    const { dictionary } = batch.strings.line_layout;
    let node = root;
    for (let i = 0; i < varying.length; i++) {
      const piece = pieces[varying[i]];
      const { seen, next } = node;
      let at = 0;
      while (at < seen.length && seen[at] !== piece) at++;
      if (at === seen.length) {
        if (layouts === LAYOUTS_MAX) return dictionary.intern(layoutText());
        seen.push(ownCopy(piece));
        next.push({ seen: [], next: [], id: 0, generation: -1 });
      }
      node = next[at];
    }
    if (node.generation !== dictionary.generation) {
      if (node.generation < 0) layouts++;
      node.id = dictionary.intern(layoutText());
      node.generation = dictionary.generation;
    }
    return node.id;
  }

  function layoutText(): string {
    let layout = first;
    for (let key = 0; key < count; key++)
      for (const piece of [pieces[key], pieces[count + key]]) if (piece !== SWALLOWED) layout += piece;
    return layout;
  }

  function read(text: string, begin: number, end: number, batch: EventBatch, row: number): boolean {
    missedBegin = begin;
    if (!cut(text, begin, end)) return false;
    let isExact = !hasMark(text, begin, end);
    if (names.size > 0) names.clear();
    for (let i = 0; i < paddedKeys.length; i++) {
      const key = paddedKeys[i];
      const from = ends[key];
      const length = (key === count - 1 ? end : starts[key + 1]) - from;
      if (length > PADDING_LENGTH_MAX) isExact = false;
      pieces[count + key] = length === literals[key + 1].length ? literals[key + 1] : text.slice(from, from + length);
    }
    for (let i = 0; i < targets.length; i++) {
      const { kind, parts, isSpan, nameKey } = targets[i];
      const key = parts[0];
      if (kind === "value") {
        const put = puts[i]!;
        if (isSpan) {
          const lastPart = parts[parts.length - 1];
          const piece = put(text, starts[key], ends[lastPart], batch, row);
          if (piece === null) return miss(key, starts[key], -1);
          pieces[key] = piece;
          continue;
        }
        isExact = false;
        const value = parts.map((part) => text.slice(starts[part], ends[part])).join(separator);
        if (put(value, 0, value.length, batch, row) === null) return miss(key, starts[key], -1);
      } else if (kind === "skip") {
        pieces[key] = text.slice(starts[key], ends[key]);
        if (!isMark(pieces[key])) isExact = false;
      } else if (kind === "name") pieces[key] = text.slice(starts[key], ends[key]);
      else {
        const name = text.slice(starts[nameKey], ends[nameKey]);
        if (!NAME.test(name) || names.has(name) || fixedNames.has(name)) isExact = false;
        names.add(name);
        if (name !== "") batch.attributes.addSpan(batch.attributes.keys.intern(name), starts[key], ends[key]);
        pieces[key] = slot(`a.${name}`);
      }
    }
    if (isExact) batch.strings.line_layout.ids[row] = layoutOf(batch);
    else batch.line_kept.setSpan(row, begin, end);
    return true;
  }

  return {
    read,
    misfit() {
      const key = keys[Math.max(0, missedKey)];
      const isValue = missedDelimiter < 0;
      const type = isValue ? (targets.find(({ parts }) => parts.includes(missedKey))?.type ?? "") : "";
      const role = missedDelimiter === 0 ? "begin" : missedDelimiter === count ? "end" : "between";
      return {
        at: missedAt - missedBegin,
        delimiter: isValue ? "" : literals[missedDelimiter],
        role,
        key: key.name,
        type,
      };
    },
  };
}

/** A piece that keeps no batch's text alive. */
function ownCopy(piece: string): string {
  const isSlot = piece.startsWith(SLOT_MARK) && piece.indexOf(SLOT_MARK, 1) === piece.length - 1;
  return isSlot || piece.length <= 12 ? piece : flatCopy(piece);
}

/** In the place of what belongs to a value that stands before it. */
const SWALLOWED = SLOT_MARK;

/** Whether a skipped text is so little that a layout may hold it: nothing, or one sign. */
function isMark(text: string): boolean {
  return text.length === 0 || (text.length === 1 && !/[A-Za-z0-9\x80-\xff]/.test(text));
}

/** Why a line does not fit: of the pattern that it fits furthest. */
export interface Explanation extends Misfit {
  /** Of the patterns, from 0. */
  readonly pattern: number;
}

/** Tries single lines: null if one fits. */
export function createExplain(own: OwnFormat): (line: string) => Explanation | null {
  const readers = compilePatterns(own).patterns.map((pattern) => createReader(pattern, own, UTC));
  const batch = new EventBatch(1);
  return function explain(line) {
    let best: Explanation | null = null;
    for (const [pattern, { read, misfit }] of readers.entries()) {
      batch.begin(oneRecord(line));
      if (read(line, 0, line.length, batch, 0)) return null;
      const one = { pattern, ...misfit() };
      if (best === null || one.at > best.at) best = one;
    }
    return best;
  };
}

/** An explanation in words that hold nothing of the line. */
export function explanationText({ pattern, at, delimiter, role, key, type }: Explanation): string {
  const where = `Pattern ${pattern + 1}, byte ${at + 1}`;
  if (delimiter === "") return `${where}: %{${key}} is no ${type}.`;
  const wanted = JSON.stringify(fromByteText(delimiter));
  if (role === "begin") return `${where}: the line does not begin with ${wanted}.`;
  const what = key === "" ? "a skipped text" : `%{${key}}`;
  return role === "end"
    ? `${where}: the line does not end with ${wanted} behind ${what}.`
    : `${where}: ${wanted} does not follow, which ends ${what}.`;
}

/** A format of the user's own, whose patterns have no problem (`compilePatterns`). */
export function createOwnFormat(own: OwnFormat): Format {
  let explain: ReturnType<typeof createExplain> | null = null;
  return {
    name: own.name,
    joins: own.joins,
    code: PARSE_NOT_OWN_FORMAT,
    create(zone = UTC) {
      const readers = compilePatterns(own).patterns.map((pattern) => createReader(pattern, own, zone));
      return function ownLine(text, begin, end, batch, row) {
        const attributes = batch.attributes.count;
        for (const { read } of readers) {
          if (read(text, begin, end, batch, row)) return true;
          clearRow(batch, row, attributes);
        }
        return false;
      };
    },
    explain(line) {
      explain ??= createExplain(own);
      const why = explain(line);
      return why === null ? "" : explanationText(why);
    },
  };
}
