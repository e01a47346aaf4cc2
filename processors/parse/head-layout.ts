import { flatCopy } from "../model/dictionary.ts";
import type { EventBatch } from "../model/event-batch.ts";
import { isDigitCode } from "./clock.ts";
import {
  CONTEXT,
  type HeadParts,
  HOST,
  LEVEL,
  LOGGER,
  PID,
  PREFIX,
  PROGRAM,
  SERVICE,
  TAGS,
  THREAD,
  THREAD_ID,
  TIME,
} from "./head-parts.ts";
import { standsAt } from "./head-words.ts";
import { BODY_LAYOUT, slot } from "./layout.ts";
import type { FoundTime } from "./time-finder.ts";

/*
 * Puts the parts of a head into columns and attributes, and says how they and the message make the line again. Programs
 * repeat the form of their heads, so a layout is made once for each form.
 */

const KEYS: Readonly<Record<number, string>> = {
  [TIME]: "log.line_time",
  [PID]: "process.pid",
  [THREAD_ID]: "thread.id",
  [THREAD]: "thread.name",
  [LOGGER]: "log.logger",
  [PREFIX]: "log.prefix",
  [CONTEXT]: "log.context",
  [TAGS]: "log.tags",
  [PROGRAM]: "process.executable.name",
};

/** `2024-02-29 01:02:03.004005`. */
const WRITTEN_LENGTH_MAX = 26;
const FORMS_MAX = 64;
/** Marks between two parts; longer ones are kept with their line. */
const MARKS_LENGTH_MAX = 40;

interface Form {
  readonly roles: readonly number[];
  /** marks[i] stand before part i, the last ones before the message. */
  readonly marks: readonly string[];
  /** The time with 0 for each digit, if the layout writes it; its zone, as it is written, behind it. "": an attribute. */
  readonly digits: string;
  readonly zone: string;
  readonly layout: string;
  layoutId: number;
  layoutGeneration: number;
}

/** Notations, with 0 for each digit, that a layout can write, as the pattern of a `t.p` slot (layout.ts). */
const WRITTEN: readonly (readonly [RegExp, (parts: readonly string[]) => string])[] = [
  [
    /^0000([-/.])00\1(00)([T :-])(00)([:.])00\5(00)(?:([.,])(0{1,6}))?$/,
    ([, mark, , between, , clock, , point, digits]) =>
      `%Y${mark}%m${mark}%d${between}%H${clock}%M${clock}%S${fraction(point, digits)}`,
  ],
  [/^00-00 00:00:00(?:([.,])(0{1,6}))?$/, ([, point, digits]) => `%m-%d %H:%M:%S${fraction(point, digits)}`],
];

function fraction(point: string | undefined, digits: string | undefined): string {
  return digits === undefined ? "" : `${point}%${digits.length}`;
}

/** The pattern that writes a time, or "" if none does. */
function patternOf(digits: string): string {
  for (const [notation, write] of WRITTEN) {
    const parts = notation.exec(digits);
    if (parts !== null) return write(parts);
  }
  return "";
}

function offsetText(zoneUs: number): string {
  const minutes = Math.round(Math.abs(zoneUs) / 60_000_000);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${zoneUs < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

/** Marks hold nothing of anyone: no letters, no digits, no bytes beyond ASCII. */
function isMarks(text: string): boolean {
  return text.length <= MARKS_LENGTH_MAX && /^[ -/:-@[-`{-~\t]*$/.test(text);
}

/** Puts the parts of a head into a row. False: a layout can't give the line back, and it must be kept. */
export type PutsHead = (
  text: string,
  begin: number,
  head: HeadParts,
  time: FoundTime,
  batch: EventBatch,
  row: number,
) => boolean;

/** `isUtc`: times without a zone are of UTC. */
export function createHeadLayouts(isUtc: boolean): PutsHead {
  let known: Form[] = [];
  const keyIds: number[] = [];
  let keyGeneration = -1;

  function fits(form: Form, text: string, begin: number, head: HeadParts, time: FoundTime): boolean {
    const { roles, marks } = form;
    if (roles.length !== head.count) return false;
    let at = begin;
    for (let i = 0; i < roles.length; i++) {
      if (roles[i] !== head.roles[i]) return false;
      const mark = marks[i];
      if (head.begins[i] - at !== mark.length || !standsAt(text, at, mark)) return false;
      at = head.ends[i];
    }
    const last = marks[roles.length];
    return head.bodyBegin - at === last.length && standsAt(text, at, last) && fitsTime(form, text, time);
  }

  function fitsTime({ digits, zone }: Form, text: string, time: FoundTime): boolean {
    const { length } = digits;
    if (length === 0) return timeDigits(text, time) === "";
    if (time.begin + length !== time.clockEnd || time.end - time.clockEnd !== zone.length) return false;
    for (let i = 0; i < length; i++) {
      const wanted = digits.charCodeAt(i);
      const code = text.charCodeAt(time.begin + i);
      if (wanted === 48 ? !isDigitCode(code) : code !== wanted) return false;
    }
    return standsAt(text, time.clockEnd, zone);
  }

  /** The time with 0 for each digit, if the layout can write it, or "". */
  function timeDigits(text: string, time: FoundTime): string {
    if (!time.isRegular || (time.end === time.clockEnd && !isUtc)) return "";
    if (time.clockEnd - time.begin > WRITTEN_LENGTH_MAX) return "";
    let written = "";
    for (let at = time.begin; at < time.clockEnd; at++) written += isDigitCode(text.charCodeAt(at)) ? "0" : text[at];
    return patternOf(written) === "" ? "" : written;
  }

  function learn(text: string, begin: number, head: HeadParts, time: FoundTime): Form | null {
    const digits = timeDigits(text, time);
    const zone = digits === "" ? "" : text.slice(time.clockEnd, time.end);
    const marks: string[] = [];
    let layout = "";
    let at = begin;
    for (let i = 0; i <= head.count; i++) {
      const mark = text.slice(at, i < head.count ? head.begins[i] : head.bodyBegin);
      if (!isMarks(mark)) return null;
      marks.push(flatCopy(mark));
      layout += mark;
      if (i === head.count) break;
      at = head.ends[i];
      const role = head.roles[i];
      if (role === LEVEL) layout += slot("severity_text");
      else if (role === HOST) layout += slot("host_name");
      else if (role === SERVICE) layout += slot("service_name");
      else if (role === TIME && digits !== "")
        layout += slot(`t.p${offsetText(zone === "" ? 0 : time.zoneUs)}${patternOf(digits)}${zone}`);
      else layout += slot(`a.${KEYS[role]}`);
    }
    layout += BODY_LAYOUT;
    const form: Form = {
      roles: head.roles.slice(0, head.count),
      marks,
      digits: flatCopy(digits),
      zone: flatCopy(zone),
      layout: flatCopy(layout),
      layoutId: 0,
      layoutGeneration: -1,
    };
    known = [form, ...known].slice(0, FORMS_MAX);
    return form;
  }

  function formOf(text: string, begin: number, head: HeadParts, time: FoundTime): Form | null {
    for (let i = 0; i < known.length; i++) {
      const form = known[i];
      if (!fits(form, text, begin, head, time)) continue;
      if (i > 0) {
        known[i] = known[i - 1];
        known[i - 1] = form;
      }
      return form;
    }
    return learn(text, begin, head, time);
  }

  return function putHead(text, begin, head, time, batch, row) {
    const form = formOf(text, begin, head, time);
    const { attributes, strings } = batch;
    if (keyGeneration !== attributes.keys.generation) {
      keyIds.length = 0;
      keyGeneration = attributes.keys.generation;
    }
    for (let i = 0; i < head.count; i++) {
      const role = head.roles[i];
      const from = head.begins[i];
      const to = head.ends[i];
      if (role === LEVEL || (role === TIME && (form === null || form.digits !== ""))) continue;
      if (role === HOST) strings.host_name.setSpan(row, text, from, to);
      else if (role === SERVICE) strings.service_name.setSpan(row, text, from, to);
      else attributes.addSpan((keyIds[role] ??= attributes.keys.intern(KEYS[role])), from, to);
    }
    if (form === null) return false;
    const { dictionary, ids } = strings.line_layout;
    if (form.layoutGeneration !== dictionary.generation) {
      form.layoutId = dictionary.intern(form.layout);
      form.layoutGeneration = dictionary.generation;
    }
    ids[row] = form.layoutId;
    return true;
  };
}
