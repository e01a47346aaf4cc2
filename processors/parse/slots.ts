import type { EventBatch, StringColumnName } from "../model/event-batch.ts";
import { TIME_EVENT } from "../model/event-batch.ts";
import { type DurationUnit, fieldOf } from "./fields.ts";
import { slot } from "./layout.ts";
import { severityOfTens, severityOfWord } from "./severity.ts";
import { createIsoTime, type IsoTime } from "./timestamp.ts";

/*
 * A slot is one value of a structured line: where it goes, and how exactly the column gives its text back. A value
 * that a slot does not fit (a number where text was, another time notation) makes a new slot.
 */

export type Slot = { readonly piece: string } & (
  | { readonly kind: "string"; readonly column: StringColumnName }
  | { readonly kind: "attribute"; readonly key: string }
  | {
      readonly kind:
        | "status"
        | "size"
        | "trace_id"
        | "span_id"
        | "severity_tens"
        | "severity_number"
        | "url"
        | "url_query";
    }
  | { readonly kind: "severity"; readonly setsNumber: boolean }
  | { readonly kind: "iso_time"; readonly fractionDigits: number; readonly zone: string; readonly separator: number }
  | { readonly kind: "epoch_time"; readonly unit: DurationUnit }
  | { readonly kind: "duration"; readonly unit: DurationUnit }
  | {
      readonly kind: "also";
      readonly key: string;
      readonly also: "time" | "duration" | "url" | "severity";
      readonly unit: DurationUnit;
    }
);

const UNIT_US: Record<DurationUnit, number> = { ns: 0.001, us: 1, ms: 1000, s: 1_000_000 };

/** Digits after the point that each unit can have and still be whole microseconds. */
const FRACTION_DIGITS_MAX: Record<DurationUnit, number> = { ns: 0, us: 0, ms: 3, s: 6 };

/**
 * Microseconds of a duration written without sign, exponent, leading or trailing zeros and no finer than a
 * microsecond, so that the number gives its text back; NaN otherwise.
 */
function canonicalDurationUs(text: string, unit: DurationUnit): number {
  const match = /^(?:0|[1-9][0-9]{0,11})(?:\.([0-9]{0,5}[1-9]))?$/.exec(text);
  if (match === null || (match[1]?.length ?? 0) > FRACTION_DIGITS_MAX[unit]) return Number.NaN;
  const us = Number(text) * UNIT_US[unit];
  return unit === "ns" && !text.endsWith("000") ? Number.NaN : Math.round(us);
}

function canonicalInteger(text: string, max: number): number {
  const length = text.length;
  if (length === 0 || length > 15 || (length > 1 && text.charCodeAt(0) === 48)) return Number.NaN;
  let value = 0;
  for (let at = 0; at < length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value <= max ? value : Number.NaN;
}

function isLowerHex(text: string, length: number): boolean {
  if (text.length !== length) return false;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return false;
  }
  return true;
}

/** Unit of an epoch time by its size: 10 digits are seconds, 13 milliseconds, 16 microseconds, 19 nanoseconds. */
function epochUnit(integerDigits: number): DurationUnit | null {
  if (integerDigits >= 9 && integerDigits <= 10) return "s";
  if (integerDigits >= 12 && integerDigits <= 13) return "ms";
  if (integerDigits >= 15 && integerDigits <= 16) return "us";
  return integerDigits >= 18 && integerDigits <= 19 ? "ns" : null;
}

/** Microseconds of an epoch time, or NaN; nanoseconds are cut to microseconds without passing through a float. */
function epochUs(text: string, unit: DurationUnit): number {
  if (unit === "ns") return /^[0-9]{18,19}$/.test(text) ? Number(text.slice(0, -3)) : Number.NaN;
  const match = /^([0-9]{9,16})(?:\.([0-9]{1,9}))?$/.exec(text);
  if (match === null || epochUnit(match[1].length) !== unit) return Number.NaN;
  const fraction = match[2] === undefined ? 0 : Math.floor(Number(`0.${match[2]}`) * UNIT_US[unit] + 1e-6);
  return Number(match[1]) * UNIT_US[unit] + fraction;
}

export interface Slots {
  /**
   * The slot for a field's first value. `taken` are the pieces that the line already has: a second time, body or
   * service is an attribute.
   */
  create(name: string, value: string, taken: ReadonlySet<string>): Slot;
  /** Puts a value where its slot says. False: the value does not fit the slot; nothing was set. */
  apply(slot: Slot, value: string, batch: EventBatch, row: number): boolean;
}

/** Slots with their memory of repeated times and levels. */
export function createSlots(): Slots {
  const isoTime = createIsoTime();
  const iso: IsoTime = { us: 0, end: 0, fractionDigits: 0, zone: "", hasZone: false };
  const severityNumbers = new Map<string, number>();

  function severityOf(word: string): number {
    let number = severityNumbers.get(word);
    if (number === undefined) {
      number = severityOfWord(word);
      if (severityNumbers.size < 1000) severityNumbers.set(word, number);
    }
    return number;
  }

  function setTime(us: number, batch: EventBatch, row: number): boolean {
    if (Number.isNaN(us)) return false;
    batch.timestampUs[row] = us;
    batch.time_source[row] = TIME_EVENT;
    return true;
  }

  function addAttribute(key: string, value: string, batch: EventBatch): true {
    batch.attributeKeyIds.push(batch.attributeKeys.intern(key));
    batch.attributeValues.push(value);
    return true;
  }

  function setUrl(url: string, batch: EventBatch, row: number): void {
    const afterHost = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0].length ?? 0;
    const mark = url.indexOf("?", afterHost);
    batch.strings.url_path.set(row, mark < 0 ? url.slice(afterHost) : url.slice(afterHost, mark));
    if (mark >= 0) batch.strings.url_query.set(row, url.slice(mark + 1));
  }

  function alsoApply(slot: Extract<Slot, { kind: "also" }>, value: string, batch: EventBatch, row: number): true {
    if (slot.also === "url") setUrl(value, batch, row);
    else if (slot.also === "severity") {
      if (batch.severity_number[row] === 0) batch.severity_number[row] = severityOf(value);
    } else if (slot.also === "duration") {
      const us = Math.round(Number(value) * UNIT_US[slot.unit]);
      if (us >= 0 && us <= Number.MAX_SAFE_INTEGER) batch.duration_us[row] = us;
    } else if (isoTime(value, 0, value.length, iso)) setTime(iso.us, batch, row);
    else setTime(epochUs(value, slot.unit), batch, row);
    return addAttribute(slot.key, value, batch);
  }

  function timeSlot(key: string, value: string): Slot | null {
    if (isoTime(value, 0, value.length, iso) && iso.end === value.length) {
      if (iso.fractionDigits > 6 || value.charCodeAt(19) === 44)
        return { kind: "also", also: "time", key, unit: "s", piece: slot(`a.${key}`) };
      const { fractionDigits, zone } = iso;
      const piece = slot(`t.iso${value[10]}${fractionDigits}${zone}`);
      return { kind: "iso_time", fractionDigits, zone, separator: value.charCodeAt(10), piece };
    }
    const dot = value.indexOf(".");
    const unit = epochUnit(dot < 0 ? value.length : dot);
    if (unit === null || Number.isNaN(epochUs(value, unit))) return null;
    if (unit !== "ns" && dot < 0) return { kind: "epoch_time", unit, piece: slot(`t.${unit}`) };
    return { kind: "also", also: "time", key, unit, piece: slot(`a.${key}`) };
  }

  return {
    create(name, value, taken) {
      const attribute: Slot = { kind: "attribute", key: name, piece: slot(`a.${name}`) };
      const field = fieldOf(name);
      if (field === undefined) return attribute;
      const free = (wanted: Slot): Slot => (taken.has(wanted.piece) ? attribute : wanted);
      switch (field.kind) {
        case "string":
          return free({ kind: "string", column: field.column, piece: slot(field.column) });
        case "time": {
          for (const piece of taken) if (piece.startsWith("\x01t.")) return attribute;
          return timeSlot(name, value) ?? attribute;
        }
        case "severity": {
          const tens = canonicalInteger(value, 60);
          if (severityOfTens(tens) > 0) return free({ kind: "severity_tens", piece: slot("l.10") });
          if (!Number.isNaN(tens)) return attribute;
          return free({
            kind: "severity",
            setsNumber: !taken.has(slot("severity_number")),
            piece: slot("severity_text"),
          });
        }
        case "severity_number":
          return canonicalInteger(value, 24) >= 0
            ? free({ kind: "severity_number", piece: slot("severity_number") })
            : attribute;
        case "status":
          return canonicalInteger(value, 999) >= 100
            ? free({ kind: "status", piece: slot("http_response_status_code") })
            : attribute;
        case "size":
          return canonicalInteger(value, Number.MAX_SAFE_INTEGER) >= 0
            ? free({ kind: "size", piece: slot("http_response_body_size") })
            : attribute;
        case "trace_id":
          return isLowerHex(value, 32) ? free({ kind: "trace_id", piece: slot("trace_id") }) : attribute;
        case "span_id":
          return isLowerHex(value, 16) ? free({ kind: "span_id", piece: slot("span_id") }) : attribute;
        case "url": {
          if (taken.has(slot("url_path"))) return attribute;
          if (!value.startsWith("/"))
            return { kind: "also", also: "url", key: name, unit: "s", piece: slot(`a.${name}`) };
          if (!value.includes("?")) return { kind: "url", piece: slot("url_path") };
          return { kind: "url_query", piece: `${slot("url_path")}?${slot("url_query")}` };
        }
        case "duration": {
          for (const piece of taken) if (piece.startsWith("\x01d.")) return attribute;
          if (canonicalDurationUs(value, field.unit) >= 0)
            return { kind: "duration", unit: field.unit, piece: slot(`d.${field.unit}`) };
          return Number(value) >= 0 && value !== ""
            ? { kind: "also", also: "duration", key: name, unit: field.unit, piece: slot(`a.${name}`) }
            : attribute;
        }
      }
    },

    apply(slot, value, batch, row) {
      switch (slot.kind) {
        case "attribute":
          return addAttribute(slot.key, value, batch);
        case "string":
          batch.strings[slot.column].set(row, value);
          return true;
        case "severity":
          batch.strings.severity_text.set(row, value);
          if (slot.setsNumber) batch.severity_number[row] = severityOf(value);
          return true;
        case "severity_tens": {
          const number = severityOfTens(canonicalInteger(value, 60));
          if (number > 0) batch.severity_number[row] = number;
          return number > 0;
        }
        case "severity_number": {
          const number = canonicalInteger(value, 24);
          if (number >= 0) batch.severity_number[row] = number;
          return number >= 0;
        }
        case "iso_time": {
          const fits =
            isoTime(value, 0, value.length, iso) &&
            iso.end === value.length &&
            iso.fractionDigits === slot.fractionDigits &&
            iso.zone === slot.zone &&
            value.charCodeAt(10) === slot.separator &&
            value.charCodeAt(19) !== 44;
          return fits && setTime(iso.us, batch, row);
        }
        case "epoch_time":
          return !value.includes(".") && setTime(epochUs(value, slot.unit), batch, row);
        case "status": {
          const status = canonicalInteger(value, 999);
          if (!(status >= 100)) return false;
          batch.http_response_status_code[row] = status;
          return true;
        }
        case "size": {
          const size = canonicalInteger(value, Number.MAX_SAFE_INTEGER);
          if (Number.isNaN(size)) return false;
          batch.http_response_body_size[row] = size;
          return true;
        }
        case "trace_id":
          if (!isLowerHex(value, 32)) return false;
          batch.trace_id[row] = value;
          return true;
        case "span_id":
          if (!isLowerHex(value, 16)) return false;
          batch.span_id[row] = value;
          return true;
        case "url":
          if (!value.startsWith("/") || value.includes("?")) return false;
          batch.strings.url_path.set(row, value);
          return true;
        case "url_query":
          if (!value.startsWith("/") || !value.includes("?")) return false;
          setUrl(value, batch, row);
          return true;
        case "duration": {
          const us = canonicalDurationUs(value, slot.unit);
          if (Number.isNaN(us)) return false;
          batch.duration_us[row] = us;
          return true;
        }
        case "also":
          return alsoApply(slot, value, batch, row);
      }
    },
  };
}
