import { flatCopy } from "../model/dictionary.ts";
import type { EventBatch, StringColumnName } from "../model/event-batch.ts";
import { appendTimeOf } from "../model/record.ts";
import {
  canonicalInteger,
  epochUnit,
  epochUs,
  exactDurationUs,
  fractionDigits,
  HEX_DIGITS,
  isLowerHex,
  UNIT_US,
} from "./exact-number.ts";
import { type DurationUnit, type Field, type FieldOf, fieldOf } from "./fields.ts";
import { slot } from "./layout.ts";
import { severityOfTens, severityOfWord } from "./severity.ts";
import {
  type AlsoSlot,
  COLUMN,
  NUMBER_PIECE,
  openPlaces,
  PATH_PIECE,
  QUERY,
  QUERY_PIECE,
  SEVERITY_NUMBER,
  type Slot,
  TENS_PIECE,
} from "./slot.ts";
import { type AppliesSpan, createApplySpan, scaleOf, setSeverityElse, setTime, writtenSpace } from "./slot-span.ts";
import { createTimePattern, type TimePattern } from "./time-pattern.ts";
import { createIsoTime, type IsoTime } from "./timestamp.ts";
import { UTC, type Zone } from "./zone.ts";

/*
 * Puts values into slots. A slot takes a value only if the value, met first, would have made that very slot: what was
 * read before never changes an answer. A value that a slot does not fit (a number where text was, another time
 * notation) makes a new one.
 */

/** Columns that are filled from elsewhere where a line leaves them empty, and then don't give "" back. */
const FILLED_LATER: ReadonlySet<StringColumnName> = new Set<StringColumnName>([
  "tenant",
  "service_name",
  "http_route",
  "geo_country_iso_code",
  "user_agent_name",
  "user_agent_os_name",
]);

export interface Slots {
  /**
   * The slot for a field's first value. `taken` are the pieces that the line already has: a second time, body or
   * service is an attribute.
   */
  create(name: string, value: string, taken: ReadonlySet<string>): Slot;
  /** Order of a name among those that slots are created for. */
  rankOf(name: string): number;
  /** The slot for a value of a field that is the line's only one of its places. */
  createFor(field: Field | undefined, name: string, value: string): Slot;
  /** Puts a value where its slot says. False: the value does not fit the slot; nothing was set. */
  apply(slot: Slot, value: string, batch: EventBatch, row: number): boolean;
  readonly applySpan: AppliesSpan;
}

export interface SlotsOptions {
  /** Which field a name stands for; by default the names of structured lines (fields.ts). */
  readonly fieldOf?: FieldOf;
  /** Which of the names of one field goes first: the lowest. Absent: the one that stands first in the line. */
  readonly rankOf?: (name: string) => number;
  /** Notations of time that the format has beside ISO 8601 and epoch numbers, see time-pattern.ts. */
  readonly times?: readonly string[];
  /** Zone of times that are written without one; UTC by default. */
  readonly zone?: Zone;
}

const ALL_PLACES = COLUMN | SEVERITY_NUMBER | QUERY;

function plainSlot(name: string): Slot {
  return { kind: "attribute", key: name, choice: null, piece: slot(`a.${name}`) };
}

/** Slots with their memory of repeated times and levels. */
export function createSlots(options: SlotsOptions = {}): Slots {
  const zone = options.zone ?? UTC;
  const fieldOfName = options.fieldOf ?? fieldOf;
  const timePatterns: readonly TimePattern[] = (options.times ?? []).map((time) => createTimePattern(time, zone));
  const isoTime = createIsoTime();
  const iso: IsoTime = { us: 0, end: 0, fractionDigits: 0, zone: "", hasZone: false };
  const severityNumbers = new Map<string, number>();

  function severityOf(word: string): number {
    let number = severityNumbers.get(word);
    if (number === undefined) {
      number = severityOfWord(word);
      if (severityNumbers.size < 1000) severityNumbers.set(flatCopy(word), number);
    }
    return number;
  }

  /** `begin`: where the value stands in the batch's text; -1: it does not. */
  function addAttribute(key: string, value: string, batch: EventBatch, begin: number, end: number): true {
    const keyId = batch.attributes.keys.intern(key);
    if (begin < 0) batch.attributes.add(keyId, value);
    else batch.attributes.addSpan(keyId, begin, end);
    return true;
  }

  function setUrl(url: string, batch: EventBatch, row: number): void {
    const afterHost = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0].length ?? 0;
    const mark = url.indexOf("?", afterHost);
    batch.strings.url_path.set(row, mark < 0 ? url.slice(afterHost) : url.slice(afterHost, mark));
    if (mark >= 0) batch.strings.url_query.set(row, url.slice(mark + 1));
  }

  function alsoApply(
    slot: AlsoSlot,
    value: string,
    batch: EventBatch,
    row: number,
    begin: number,
    end: number,
  ): boolean {
    const { field, open } = slot.choice;
    if (slot.also === "scale") {
      const number = scaleOf(field, value);
      if (number === 0) return false;
      batch.severity_number[row] = number;
      return addAttribute(slot.key, value, batch, begin, end);
    }
    const best = choose(field, slot.key, value, open);
    if (best.kind !== "also" || best.unit !== slot.unit) return false;
    if (slot.also === "url") setUrl(value, batch, row);
    else if (slot.also === "nanos") batch.timestampUs[row] += Math.floor(Number(value) / 1000);
    else if (slot.also === "duration") {
      const us = Math.round(Number(value) * UNIT_US[slot.unit]);
      if (us >= 0 && us <= Number.MAX_SAFE_INTEGER) batch.duration_us[row] = us;
    } else {
      setTime(alsoTimeUs(value, slot.unit, appendTimeOf(batch.records, batch.record[row])), batch, row);
      if (field.kind === "time") setSeverityElse(field.severityNumber ?? 0, batch, row);
    }
    return addAttribute(slot.key, value, batch, begin, end);
  }

  /** Microseconds of a time whose text is an attribute. */
  function alsoTimeUs(value: string, unit: DurationUnit, appendTimeUs: number): number {
    if (isoTime(value, 0, value.length, iso)) return iso.hasZone ? iso.us : zone.utcUs(iso.us);
    for (const time of timePatterns) {
      const us = time.read(value, appendTimeUs);
      if (!Number.isNaN(us)) return us;
    }
    return epochUs(value, unit);
  }

  function timeSlot(
    value: string,
    severityNumber: number,
  ): { readonly slot: Slot } | { readonly alsoUnit: DurationUnit } | null {
    if (isoTime(value, 0, value.length, iso) && iso.end === value.length) {
      if (iso.fractionDigits > 6 || value.charCodeAt(19) === 44) return { alsoUnit: "s" };
      // A layout can't say a zone's wall clock: in autumn two instants have the same.
      if (!iso.hasZone && !zone.isUtc) return { alsoUnit: "s" };
      const { fractionDigits } = iso;
      const piece = slot(`t.iso${value[10]}${fractionDigits}${iso.zone}`);
      return {
        slot: {
          kind: "iso_time",
          severityNumber,
          fractionDigits,
          zone: iso.zone,
          separator: value.charCodeAt(10),
          piece,
        },
      };
    }
    for (const time of timePatterns) {
      // Whether a pattern fits does not depend on the append time.
      if (Number.isNaN(time.read(value, 0))) continue;
      if (!time.isExact) return { alsoUnit: "s" };
      return { slot: { kind: "pattern_time", time, piece: slot(`t.p+0000${time.pattern}`) } };
    }
    const dot = value.indexOf(".");
    const unit = epochUnit(dot < 0 ? value.length : dot);
    if (unit === null || Number.isNaN(epochUs(value, unit))) return null;
    if (unit !== "ns" && dot < 0) return { slot: { kind: "epoch_time", unit, piece: slot(`t.${unit}`) } };
    return { alsoUnit: unit };
  }

  /** The slot for a value of a field whose places are open as `open` says. */
  function choose(field: Field, name: string, value: string, open: number): Slot {
    const attribute = (): Slot => ({
      kind: "attribute",
      key: name,
      choice: open === 0 ? null : { field, open },
      piece: slot(`a.${name}`),
    });
    const also = (what: AlsoSlot["also"], unit: DurationUnit): Slot => ({
      kind: "also",
      also: what,
      key: name,
      choice: { field, open },
      unit,
      piece: slot(`a.${name}`),
    });
    if (open === 0) return attribute();
    switch (field.kind) {
      case "string":
        if (value === "" && FILLED_LATER.has(field.column)) return attribute();
        return { kind: "string", column: field.column, piece: slot(field.column) };
      case "time": {
        const time = timeSlot(value, field.severityNumber ?? 0);
        if (time === null) return attribute();
        return "slot" in time ? time.slot : also("time", time.alsoUnit);
      }
      case "severity": {
        const { only = null } = field;
        const number = only !== null ? Number.NaN : canonicalInteger(value, 60);
        if (number <= 7 && open & SEVERITY_NUMBER) return also("scale", "s");
        if (Number.isNaN(number)) {
          if (!(open & COLUMN) || (only !== null && !only.has(value))) return attribute();
          const setsNumber = (open & SEVERITY_NUMBER) !== 0;
          return { kind: "severity", setsNumber, only, piece: slot("severity_text") };
        }
        if (!(open & SEVERITY_NUMBER) || severityOfTens(number) === 0) return attribute();
        return { kind: "severity_tens", piece: TENS_PIECE };
      }
      case "scale":
        return scaleOf(field, value) > 0 ? also("scale", "s") : attribute();
      case "nanos":
        return canonicalInteger(value, 999_999_999) >= 0 ? also("nanos", "s") : attribute();
      case "agent": {
        const space = writtenSpace(value);
        return { kind: "agent", space, piece: slot(space === "" ? "user_agent_original" : `u.${space}`) };
      }
      case "severity_number":
        return canonicalInteger(value, 24) >= 0 ? { kind: "severity_number", piece: NUMBER_PIECE } : attribute();
      case "status":
        return canonicalInteger(value, 999) >= 100
          ? { kind: "status", piece: slot("http_response_status_code") }
          : attribute();
      case "size":
        return canonicalInteger(value, Number.MAX_SAFE_INTEGER) >= 0
          ? { kind: "size", piece: slot("http_response_body_size") }
          : attribute();
      case "trace_id":
        return isLowerHex(value, 0, value.length, HEX_DIGITS.trace_id)
          ? { kind: "trace_id", piece: slot("trace_id") }
          : attribute();
      case "span_id":
        return isLowerHex(value, 0, value.length, HEX_DIGITS.span_id)
          ? { kind: "span_id", piece: slot("span_id") }
          : attribute();
      case "url": {
        if (!(open & COLUMN)) return attribute();
        if (value.startsWith("/") && !value.includes("?")) return { kind: "url", piece: PATH_PIECE };
        if (!(open & QUERY)) return attribute();
        return value.startsWith("/") ? { kind: "url_query", piece: `${PATH_PIECE}?${QUERY_PIECE}` } : also("url", "s");
      }
      case "duration": {
        const unit = value.includes(".") ? (field.fractionUnit ?? field.unit) : field.unit;
        if (exactDurationUs(value, unit) >= 0) {
          const digits = fractionDigits(value);
          return { kind: "duration", unit, digits, piece: slot(digits === 0 ? `d.${unit}` : `d.${unit}.${digits}`) };
        }
        return Number(value) >= 0 && value !== "" ? also("duration", unit) : attribute();
      }
    }
  }

  function put(slot: Slot, value: string, batch: EventBatch, row: number, begin: number, end: number): boolean {
    switch (slot.kind) {
      case "attribute":
        if (slot.choice !== null) {
          const { field, open } = slot.choice;
          if (choose(field, slot.key, value, open).kind !== "attribute") return false;
        }
        return addAttribute(slot.key, value, batch, begin, end);
      case "string":
        if (value === "" && FILLED_LATER.has(slot.column)) return false;
        batch.strings[slot.column].set(row, value);
        return true;
      case "severity":
        if (slot.only !== null ? !slot.only.has(value) : !Number.isNaN(canonicalInteger(value, 60))) return false;
        batch.strings.severity_text.set(row, value);
        if (slot.setsNumber && severityOf(value) > 0) batch.severity_number[row] = severityOf(value);
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
        if (fits) setSeverityElse(slot.severityNumber, batch, row);
        return fits && setTime(iso.us, batch, row);
      }
      case "pattern_time":
        return setTime(slot.time.read(value, appendTimeOf(batch.records, batch.record[row])), batch, row);
      case "agent":
        if (writtenSpace(value) !== slot.space) return false;
        batch.strings.user_agent_original.set(row, slot.space === "" ? value : value.replaceAll(slot.space, " "));
        return true;
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
        if (!isLowerHex(value, 0, value.length, HEX_DIGITS.trace_id)) return false;
        batch.trace_id.set(row, value);
        return true;
      case "span_id":
        if (!isLowerHex(value, 0, value.length, HEX_DIGITS.span_id)) return false;
        batch.span_id.set(row, value);
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
        const us = exactDurationUs(value, slot.unit);
        if (Number.isNaN(us) || fractionDigits(value) !== slot.digits) return false;
        batch.duration_us[row] = us;
        return true;
      }
      case "also":
        return alsoApply(slot, value, batch, row, begin, end);
    }
  }

  return {
    rankOf: options.rankOf ?? (() => 0),

    create(name, value, taken) {
      const field = fieldOfName(name);
      return field === undefined ? plainSlot(name) : choose(field, name, value, openPlaces(field, taken));
    },

    createFor(field, name, value) {
      return field === undefined ? plainSlot(name) : choose(field, name, value, ALL_PLACES);
    },

    apply: (slot, value, batch, row) => put(slot, value, batch, row, -1, -1),
    applySpan: createApplySpan(put),
  };
}
