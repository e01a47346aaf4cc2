import { flatCopy } from "../model/dictionary.ts";
import { slot } from "./layout.ts";
import { createTimeFormat, type ReadTime } from "./time-format.ts";
import { createTimePattern } from "./time-pattern.ts";
import { createIsoTime, type IsoTime } from "./timestamp.ts";
import type { Zone } from "./zone.ts";

/*
 * Times of a format of the user's own: read by its time formats, and given back by a piece of the line's layout where the
 * event time tells exactly what was written.
 */

const COMMA = 44;

const isDigit = (code: number) => code >= 48 && code <= 57;

/**
 * Reads text[begin, end) by the first of some time formats that fits. The piece that gives it back; "" where none does; null:
 * it is no time.
 */
export type ReadsTimes = (
  text: string,
  begin: number,
  end: number,
  appendTimeUs: number,
  out: ReadTime,
) => string | null;

/** Times without a zone are of `zone`. */
export function createTimes(formats: readonly string[], zone: Zone): ReadsTimes {
  const readers = formats.map((format) => ({
    readIso: isoReader(format, zone),
    read: createTimeFormat(format, zone),
    pieceOf: pieceOfFormat(format, zone),
  }));
  let lastText = "";
  let lastUs = 0;
  let lastAppendUs = Number.NaN;
  let lastPiece = "";

  return function readTimes(text, begin, end, appendTimeUs, out) {
    // Lines come in bursts of the same second.
    if (lastText.length === end - begin && lastAppendUs === appendTimeUs && text.startsWith(lastText, begin)) {
      out.us = lastUs;
      return lastPiece;
    }
    for (const { readIso, read, pieceOf } of readers) {
      const piece = readIso?.(text, begin, end, out) ?? null;
      if (piece !== null) return piece;
      if (!read(text, begin, end, appendTimeUs, out)) continue;
      lastText = flatCopy(text.slice(begin, end));
      lastUs = out.us;
      lastAppendUs = appendTimeUs;
      lastPiece = pieceOf(text, begin, end, out.us, appendTimeUs);
      return lastPiece;
    }
    return null;
  };
}

type PieceOf = (text: string, begin: number, end: number, us: number, appendTimeUs: number) => string;

/** The piece that gives back a time which was read in this format, or "". */
function pieceOfFormat(format: string, zone: Zone): PieceOf {
  if (format === "epoch_s" || format === "epoch_ms" || format === "epoch_us") {
    const piece = slot(`t.${format.slice("epoch_".length)}`);
    return (text, begin, end) => (/^[1-9][0-9]{0,15}$/.test(text.slice(begin, end)) ? piece : "");
  }
  if (/^%d\/%b\/%Y:(?:%T|%H:%M:%S) %z$/.test(format)) return clfPiece();
  return patternPiece(format, zone);
}

/** Directives that a layout's pattern has too, and how long their texts are. */
const PATTERN_LENGTHS: Readonly<Record<string, number>> = { Y: 4, m: 2, d: 2, e: 2, b: 3, a: 3, H: 2, M: 2, S: 2 };

/** By a pattern that gives back the very text, if the format can be said by one: it reads the text again, to the letter. */
function patternPiece(format: string, zone: Zone): PieceOf {
  const pattern = format.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%R", "%H:%M").replace("%L", "%f");
  const letters = [...pattern.matchAll(/%(.)/g)].map((match) => match[1]);
  const fractions = letters.filter((letter) => letter === "f").length;
  const fixed = letters.filter((letter) => letter !== "f");
  const isSaid =
    zone.isUtc &&
    fractions <= 1 &&
    fixed.every((letter) => letter in PATTERN_LENGTHS) &&
    /^[\x20-\x7e]*$/.test(pattern);
  if (!isSaid) return () => "";
  const length = pattern.replace(/%./g, "").length + fixed.reduce((sum, letter) => sum + PATTERN_LENGTHS[letter], 0);
  const byDigits = Array.from({ length: fractions === 0 ? 1 : 7 }, (_, digits) =>
    fractions > 0 && digits === 0 ? null : createTimePattern(pattern.replace("%f", `%${digits}`)),
  );
  return (text, begin, end, us, appendTimeUs) => {
    const reader = byDigits[end - begin - length] ?? null;
    if (reader === null || reader.read(text.slice(begin, end), appendTimeUs) !== us) return "";
    return slot(`t.p+0000${reader.pattern}`);
  };
}

/** A time of the common log format with its digits all there; what was read said already that it is one. */
function clfPiece(): PieceOf {
  let zone = "?";
  let piece = "";
  return (text, begin, end) => {
    if (end - begin !== 26 || text.startsWith("60", begin + 18)) return "";
    for (let at = 0; at < 26; at++) if (isDigit(text.charCodeAt(begin + at)) !== (CLF_DIGITS[at] === "0")) return "";
    if (text[begin + 3] < "A" || text[begin + 3] > "Z" || text[begin + 4] < "a" || text[begin + 5] < "a") return "";
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
  zone: Zone,
): ((text: string, begin: number, end: number, out: ReadTime) => string | null) | null {
  const match = ISO_FORMAT.exec(format);
  if (match === null && format !== "iso8601") return null;
  const [, separator = "", fraction = "", offset = ""] = match ?? [];
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
        iso.hasZone !== (offset !== "") ||
        (fraction !== "") !== iso.fractionDigits > 0)
    )
      return null;
    out.us = iso.hasZone ? iso.us : zone.utcUs(iso.us);
    out.hasZone = iso.hasZone;
    // A layout can't say a zone's wall clock.
    if (!iso.hasZone && !zone.isUtc) return "";
    if (iso.fractionDigits !== lastDigits || iso.zone !== lastZone || between !== lastSeparator) {
      lastDigits = iso.fractionDigits;
      lastZone = flatCopy(iso.zone);
      lastSeparator = between;
      lastPiece = slot(`t.iso${String.fromCharCode(between)}${lastDigits}${lastZone}`);
    }
    return lastPiece;
  };
}
