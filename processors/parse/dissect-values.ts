import { flatCopy } from "../model/dictionary.ts";
import { type EventBatch, TIME_EVENT } from "../model/event-batch.ts";
import type { OwnFormat } from "../model/own-format.ts";
import { toByteText } from "../model/record.ts";
import type { StringColumn } from "../model/string-column.ts";
import type { Target } from "./dissect-targets.ts";
import { slot } from "./layout.ts";
import { severityOfWord } from "./severity.ts";
import { PATH_PIECE, QUERY_PIECE, type Slot } from "./slot.ts";
import { createSlots } from "./slots.ts";
import { createTimeFinder } from "./time-finder.ts";
import { createTimeFormat, type ReadTime } from "./time-format.ts";
import { createIsoTime, type IsoTime } from "./timestamp.ts";

/*
 * Puts the values of a dissected line into the row, and says how each is given back: a piece of the line's layout.
 */

/** Puts text[begin, end) of the batch's text into the row. The piece that gives it back; null: it is not what it must be. */
export type PutsValue = (text: string, begin: number, end: number, batch: EventBatch, row: number) => string | null;

/** Slots that a key remembers: its values are written in few ways. */
const SLOTS_MAX = 8;
const SPACE = 32;
const DASH = 45;
const COMMA = 44;
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

const DURATION_UNITS_US: Readonly<Record<string, number>> = {
  ...{
    ns: 1e-3,
    us: 1,
    "\xc2\xb5s": 1,
    "\xce\xbcs": 1,
    ms: 1e3,
    s: 1e6,
    sec: 1e6,
    m: 60e6,
    min: 60e6,
    h: 3600e6,
    d: 86_400e6,
  },
};
const CLOCK_DURATION = /^(?:([0-9]{1,6}):)?([0-9]{1,6}):([0-9]{1,2}(?:\.[0-9]{1,9})?)$/;

/** Microseconds of `250ms`, `1.5s`, `1h2m3s`, `0:01:02.5`, or plain seconds; NaN for all else. */
export function durationUs(text: string): number {
  if (text.length > 64) return Number.NaN;
  const clock = CLOCK_DURATION.exec(text);
  if (clock !== null)
    return Math.round((Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3])) * 1e6);
  let us = 0;
  let at = 0;
  while (at < text.length) {
    const match = /^ ?([0-9]{1,15}(?:\.[0-9]{0,9})?) ?([a-z\xb5\xbc\xc2\xce]{0,3})/.exec(text.slice(at, at + 32));
    const unitUs =
      match === null
        ? undefined
        : match[2] === "" && at === 0 && match[0].length === text.length
          ? 1e6
          : DURATION_UNITS_US[match[2]];
    if (match === null || unitUs === undefined) return Number.NaN;
    us += Number(match[1]) * unitUs;
    at += match[0].length;
  }
  return at === 0 || us > Number.MAX_SAFE_INTEGER ? Number.NaN : Math.round(us);
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

/** Whoever puts the values of one format, with the memory that its keys share. */
export function createValues(own: OwnFormat): (target: Target) => PutsValue {
  const slots = createSlots();
  const readers = own.timeFormats.map((format) => ({
    readsIso: isoReader(format),
    reads: createTimeFormat(format),
    exact: exactness(format),
  }));
  const findTime = createTimeFinder();
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
      if (number === undefined) return put(text, begin, end, batch, row);
      batch.severity_number[row] = number;
      return putWord(text, begin, end, batch, row);
    };
  }

  function time(target: Target): PutsValue {
    const putAttribute = attribute(target.name);
    const put = bySlots(target);
    const read: ReadTime = { us: 0, hasZone: false };
    let lastText = "";
    let lastUs = 0;
    let lastAppendUs = Number.NaN;
    let lastPiece = "";
    return function putTime(text, begin, end, batch, row) {
      const { appendTimeUs } = batch.records;
      // Lines come in bursts of the same second.
      if (lastText.length === end - begin && lastAppendUs === appendTimeUs && text.startsWith(lastText, begin)) {
        batch.timestampUs[row] = lastUs;
        batch.time_source[row] = TIME_EVENT;
        return lastPiece;
      }
      for (const { readsIso, reads, exact } of readers) {
        const isoPiece = readsIso?.(text, begin, end, read) ?? null;
        if (isoPiece !== null) {
          batch.timestampUs[row] = read.us;
          batch.time_source[row] = TIME_EVENT;
          return isoPiece;
        }
        if (!reads(text, begin, end, appendTimeUs, read)) continue;
        batch.timestampUs[row] = read.us;
        batch.time_source[row] = TIME_EVENT;
        const piece = exact(text, begin, end);
        if (piece === null) return putAttribute(text, begin, end, batch, row);
        lastText = flatCopy(text.slice(begin, end));
        lastUs = read.us;
        lastAppendUs = appendTimeUs;
        lastPiece = piece;
        return piece;
      }
      if (readers.length > 0) return target.type === "time" ? null : putAttribute(text, begin, end, batch, row);
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

/** The piece that gives a time back which was read in this format, or null where none does. */
function exactness(format: string): (text: string, begin: number, end: number) => string | null {
  if (format === "epoch_s" || format === "epoch_ms" || format === "epoch_us") {
    const piece = slot(`t.${format.slice("epoch_".length)}`);
    return (text, begin, end) =>
      isInteger(text, begin, end) && text.charCodeAt(begin) >= 49 && end - begin <= 16 ? piece : null;
  }
  if (/^%d\/%b\/%Y:(?:%T|%H:%M:%S) %z$/.test(format)) return clfPiece();
  return () => null;
}

/** A time of the common log format with its digits all there; what was read said already that it is one. */
function clfPiece(): (text: string, begin: number, end: number) => string | null {
  let zone = "?";
  let piece = "";
  return (text, begin, end) => {
    if (end - begin !== 26 || text.startsWith("60", begin + 18)) return null;
    for (let at = 0; at < 26; at++) if (isDigit(text.charCodeAt(begin + at)) !== (CLF_DIGITS[at] === "0")) return null;
    if (text[begin + 3] < "A" || text[begin + 3] > "Z" || text[begin + 4] < "a" || text[begin + 5] < "a") return null;
    if (!text.startsWith(zone, begin + 21)) {
      zone = flatCopy(text.slice(begin + 21, end));
      piece = slot(`t.clf${zone}`);
    }
    return piece;
  };
}
const CLF_DIGITS = "00/Mon/0000:00:00:00 +0000";

const ISO_FORMAT = /^(?:%F|%Y-%m-%d)([ T])(?:%T|%H:%M:%S)(\.%f)?(%z)?$/;

/**
 * Reads a time that is written as ISO 8601 has it, and gives its piece; null: it is not, or not to the letter of the format,
 * and must be read by that. null instead of a reader: the format is of another kind.
 */
function isoReader(
  format: string,
): ((text: string, begin: number, end: number, out: ReadTime) => string | null) | null {
  const match = ISO_FORMAT.exec(format);
  if (match === null && format !== "iso8601") return null;
  const [, separator = "", fraction = "", zone = ""] = match ?? [];
  const isoTime = createIsoTime();
  const iso: IsoTime = { us: 0, end: 0, fractionDigits: 0, zone: "", hasZone: false };
  let lastZone = "";
  let lastDigits = -1;
  let lastSeparator = 0;
  let lastPiece = "";
  return function readIso(text, begin, end, out) {
    const between = text.charCodeAt(begin + 10);
    if (
      !isoTime(text, begin, end, iso) ||
      iso.end !== end ||
      iso.fractionDigits > 6 ||
      text.charCodeAt(begin + 19) === COMMA
    )
      return null;
    if (
      match !== null &&
      (between !== separator.charCodeAt(0) ||
        iso.hasZone !== (zone !== "") ||
        (fraction !== "") !== iso.fractionDigits > 0)
    )
      return null;
    out.us = iso.us;
    out.hasZone = iso.hasZone;
    if (iso.fractionDigits !== lastDigits || iso.zone !== lastZone || between !== lastSeparator) {
      lastDigits = iso.fractionDigits;
      lastZone = flatCopy(iso.zone);
      lastSeparator = between;
      lastPiece = slot(`t.iso${String.fromCharCode(between)}${lastDigits}${lastZone}`);
    }
    return lastPiece;
  };
}
