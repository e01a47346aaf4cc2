import { type EventBatch, TIME_EVENT } from "../model/event-batch.ts";
import type { OwnFormat } from "../model/own-format.ts";
import { appendTimeOf, toByteText } from "../model/record.ts";
import type { StringColumn } from "../model/string-column.ts";
import type { Target } from "./dissect-targets.ts";
import { createTimes } from "./dissect-times.ts";
import { durationUs } from "./duration-text.ts";
import { slot } from "./layout.ts";
import { severityOfWord } from "./severity.ts";
import { PATH_PIECE, QUERY_PIECE, type Slot } from "./slot.ts";
import { createSlots } from "./slots.ts";
import { createTimeFinder } from "./time-finder.ts";
import type { ReadTime } from "./time-format.ts";
import type { Zone } from "./zone.ts";

/*
 * Puts the values of a dissected line into the row, and says how each is given back: a piece of the line's layout.
 */

/** Puts text[begin, end) of the batch's text into the row. The piece that gives it back; null: it is not what it must be. */
export type PutsValue = (text: string, begin: number, end: number, batch: EventBatch, row: number) => string | null;

/** Slots that a key remembers: its values are written in few ways. */
const SLOTS_MAX = 8;
const SPACE = 32;
const DASH = 45;
const SLASH = 47;
const QUESTION = 63;
const WITH_QUERY_PIECE = `${PATH_PIECE}?${QUERY_PIECE}`;

const isDigit = (code: number) => code >= 48 && code <= 57;

function isInteger(text: string, begin: number, end: number): boolean {
  let at = begin;
  const sign = text.charCodeAt(at);
  if (at < end && (sign === DASH || sign === 43)) at++;
  if (at === end) return false;
  while (at < end && isDigit(text.charCodeAt(at))) at++;
  return at === end;
}

function isDecimal(text: string): boolean {
  return text.length <= 64 && /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$/.test(text);
}

function isWord(text: string, begin: number, end: number): boolean {
  for (let at = begin; at < end; at++) if (text.charCodeAt(at) <= SPACE) return false;
  return end > begin;
}

/** Text before and behind the value that belongs to it no more. */
function padded(
  piece: string | null,
  text: string,
  begin: number,
  from: number,
  to: number,
  end: number,
): string | null {
  if (piece === null || (from === begin && to === end)) return piece;
  return text.slice(begin, from) + piece + text.slice(to, end);
}

/** A level's name, or a number as some scale has them. */
function isSeverity(word: string): boolean {
  return severityOfWord(word) > 0 || /^\d{1,2}$/.test(word);
}

/** Whoever puts the values of one format, with the memory that its keys share. */
export function createValues(own: OwnFormat, zone: Zone): (target: Target) => PutsValue {
  const slots = createSlots({ zone });
  const readTime = createTimes(own.timeFormats, zone);
  const findTime = createTimeFinder(zone);
  const severities = new Map(
    Object.entries(own.severities).map(([word, known]) => [toByteText(word), severityOfWord(known)]),
  );

  function attribute(name: string): PutsValue {
    const piece = slot(`a.${name}`);
    let keyId = 0;
    let generation = -1;
    return function putAttribute(text, begin, end, { attributes, records }) {
      if (generation !== attributes.keys.generation) {
        keyId = attributes.keys.intern(name);
        generation = attributes.keys.generation;
      }
      // A value that was put together stands nowhere in the batch's text.
      if (text === records.text) attributes.addSpan(keyId, begin, end);
      else attributes.add(keyId, text.slice(begin, end));
      return piece;
    };
  }

  /** By the slots of structured lines: the value decides how exactly its column gives it back. */
  function bySlots({ field, name }: Target): PutsValue {
    let known: Slot[] = [];
    return function putBySlots(text, begin, end, batch, row) {
      const value = text.slice(begin, end);
      for (let i = 0; i < known.length; i++) {
        const one = known[i];
        if (!slots.apply(one, value, batch, row)) continue;
        if (i > 0) {
          known[i] = known[i - 1];
          known[i - 1] = one;
        }
        return one.piece;
      }
      const made = slots.createFor(field, name, value);
      slots.apply(made, value, batch, row);
      known = [made, ...known].slice(0, SLOTS_MAX);
      return made.piece;
    };
  }

  function textColumn(name: Parameters<typeof slot>[0] & keyof EventBatch["strings"]): PutsValue {
    const piece = slot(name);
    let known: EventBatch | null = null;
    let column: StringColumn | null = null;
    let id = 0;
    let generation = -1;
    return function putText(text, begin, end, batch, row) {
      if (known !== batch) {
        known = batch;
        column = batch.strings[name];
        generation = -1;
      }
      const own = column!;
      // Most values repeat from line to line, and a comparison costs a third of a look-up.
      if (generation === own.dictionary.generation && !own.isDirect) {
        const last = own.dictionary.values[id];
        if (last.length === end - begin && text.startsWith(last, begin)) {
          own.ids[row] = id;
          return piece;
        }
      }
      if (text === batch.records.text) own.setSpan(row, text, begin, end);
      else own.set(row, text.slice(begin, end));
      if (!own.isDirect) {
        id = own.ids[row];
        generation = own.dictionary.generation;
      }
      return piece;
    };
  }

  /** A whole number without a sign, read where it stands; what is written otherwise goes by the slots. */
  function plainNumber(
    target: Target,
    min: number,
    max: number,
    set: (batch: EventBatch, row: number, value: number) => void,
  ): PutsValue {
    const put = bySlots(target);
    const piece = slot(target.field!.kind === "status" ? "http_response_status_code" : "http_response_body_size");
    return function putNumber(text, begin, end, batch, row) {
      let value = 0;
      let at = text.charCodeAt(begin) === 48 && end > begin + 1 ? end + 1 : begin;
      for (; at < end; at++) {
        const digit = text.charCodeAt(at) - 48;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
      }
      if (at !== end || end - begin > 15 || value < min || value > max) return put(text, begin, end, batch, row);
      set(batch, row, value);
      return piece;
    };
  }

  /** A path, and a query where there is one; whole addresses go by the slots. */
  function url(target: Target): PutsValue {
    const put = bySlots(target);
    const putPath = textColumn("url_path");
    const putQuery = textColumn("url_query");
    return function putUrl(text, begin, end, batch, row) {
      if (text.charCodeAt(begin) !== SLASH) return put(text, begin, end, batch, row);
      let mark = begin;
      while (mark < end && text.charCodeAt(mark) !== QUESTION) mark++;
      putPath(text, begin, mark, batch, row);
      if (mark === end) return PATH_PIECE;
      putQuery(text, mark + 1, end, batch, row);
      return WITH_QUERY_PIECE;
    };
  }

  /** A word of the format's own list, or any that is known. */
  function severity(target: Target): PutsValue {
    const put = bySlots(target);
    const putWord = textColumn("severity_text");
    return function putSeverity(text, begin, end, batch, row) {
      const number = severities.size === 0 ? undefined : severities.get(text.slice(begin, end));
      if (number === undefined) {
        if (target.type === "severity" && !isSeverity(text.slice(begin, end))) return null;
        return put(text, begin, end, batch, row);
      }
      batch.severity_number[row] = number;
      return putWord(text, begin, end, batch, row);
    };
  }

  function time(target: Target): PutsValue {
    const putAttribute = attribute(target.name);
    const put = bySlots(target);
    const read: ReadTime = { us: 0, hasZone: false };
    return function putTime(text, begin, end, batch, row) {
      const appendTimeUs = appendTimeOf(batch.records, batch.record[row]);
      if (own.timeFormats.length > 0) {
        const piece = readTime(text, begin, end, appendTimeUs, read);
        if (piece === null) return target.type === "time" ? null : putAttribute(text, begin, end, batch, row);
        batch.timestampUs[row] = read.us;
        batch.time_source[row] = TIME_EVENT;
        return piece === "" ? putAttribute(text, begin, end, batch, row) : piece;
      }
      const before = batch.attributes.count;
      const piece = put(text, begin, end, batch, row);
      if (batch.time_source[row] === TIME_EVENT) return piece;
      batch.attributes.truncate(before);
      const value = text.slice(begin, end);
      const found = findTime(value, 0, value.length, appendTimeUs);
      if (found !== null) {
        batch.timestampUs[row] = found.us;
        batch.time_source[row] = TIME_EVENT;
      } else if (target.type === "time") return null;
      return putAttribute(text, begin, end, batch, row);
    };
  }

  /** A duration with its unit: the attribute holds the text. */
  function duration(target: Target): PutsValue {
    const putAttribute = attribute(target.name);
    return function putDuration(text, begin, end, batch, row) {
      const us = durationUs(text.slice(begin, end));
      if (Number.isNaN(us)) return null;
      batch.duration_us[row] = us;
      return putAttribute(text, begin, end, batch, row);
    };
  }

  /** What a value of the field is put by, its type being right. */
  function ofField(target: Target): PutsValue {
    const { field, name, type } = target;
    if (field === undefined) return attribute(name);
    if (type === "duration") return duration(target);
    if (field.kind === "string") return textColumn(field.column);
    if (field.kind === "time") return time(target);
    switch (field.kind) {
      case "severity":
        return severity(target);
      case "url":
        return url(target);
      case "status":
        return plainNumber(target, 100, 999, (batch, row, value) => (batch.http_response_status_code[row] = value));
      case "size":
        return plainNumber(
          target,
          0,
          Number.MAX_SAFE_INTEGER,
          (batch, row, value) => (batch.http_response_body_size[row] = value),
        );
      default:
        return bySlots(target);
    }
  }

  function checked(type: Target["type"], put: PutsValue): PutsValue {
    switch (type) {
      case "word":
        return (text, begin, end, batch, row) => (isWord(text, begin, end) ? put(text, begin, end, batch, row) : null);
      case "int":
        return (text, begin, end, batch, row) =>
          isInteger(text, begin, end) ? put(text, begin, end, batch, row) : null;
      case "float":
      case "s":
      case "ms":
      case "us":
      case "ns":
        return (text, begin, end, batch, row) =>
          isDecimal(text.slice(begin, end)) ? put(text, begin, end, batch, row) : null;
      default:
        return put;
    }
  }

  return function putsValue(target) {
    const { type, field } = target;
    const put = checked(type, ofField(target));
    const isText =
      (type === "" || type === "text" || type === "word") && (field === undefined || field.kind === "string");
    const hasNone = field !== undefined || !isText;
    if (!hasNone) return put;
    return function putValue(text, begin, end, batch, row) {
      let from = begin;
      let to = end;
      if (!isText) {
        while (from < to && text.charCodeAt(from) === SPACE) from++;
        while (to > from && text.charCodeAt(to - 1) === SPACE) to--;
      }
      // Nothing, as logs write it.
      if (from === to) return begin === end ? "" : text.slice(begin, end);
      if (to === from + 1 && text.charCodeAt(from) === DASH) return end === begin + 1 ? "-" : text.slice(begin, end);
      return padded(put(text, from, to, batch, row), text, begin, from, to, end);
    };
  };
}
