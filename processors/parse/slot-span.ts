import { flatCopy } from "../model/dictionary.ts";
import { type EventBatch, TIME_EVENT } from "../model/event-batch.ts";
import { RecentAnswers } from "../model/recent-answers.ts";
import { appendTimeOf } from "../model/record.ts";
import { canonicalInteger, exactDurationUs, fractionDigits, wholeEpochUs } from "./exact-number.ts";
import type { Field } from "./fields.ts";
import { severityOnScale } from "./severity-scale.ts";
import type { Slot } from "./slot.ts";
import { createIsoTime, type IsoTime } from "./timestamp.ts";

/* Puts values into slots as they stand in the batch's text, without making strings of them where that can be helped. */

const SLASH = 47;
const QUESTION = 63;
const HASH = 35;
const COLON = 58;
const COMMA = 44;
const HOST_LENGTH_MAX = 256;

/**
 * Puts text[begin, end) of the batch's text where the slot says. False: it does not fit the slot; nothing was set. `keyId` is
 * the id of the slot's key, if it has one.
 */
export type AppliesSpan = (
  slot: Slot,
  text: string,
  begin: number,
  end: number,
  batch: EventBatch,
  row: number,
  keyId: number,
) => boolean;

/** How a user agent without spaces writes them; "" if it has some, or none in any way. */
export function writtenSpace(agent: string): string {
  if (agent.includes(" ")) return "";
  return agent.includes("%20") ? "%20" : agent.includes("+") ? "+" : "";
}

/** Severity of a number that stays an attribute; 0: it is none. A level of 0 .. 7 counts as syslog does. */
export function scaleOf(field: Field, value: string): number {
  if (field.kind === "scale") return severityOnScale(value, field.scale);
  return field.kind === "severity" ? severityOnScale(value, "syslog") : 0;
}

export function setTime(us: number, batch: EventBatch, row: number): boolean {
  if (Number.isNaN(us)) return false;
  batch.timestampUs[row] = us;
  batch.time_source[row] = TIME_EVENT;
  return true;
}

/** The severity of a line that names none, or has not yet. */
export function setSeverityElse(number: number, batch: EventBatch, row: number): void {
  if (number > 0 && batch.severity_number[row] === 0) batch.severity_number[row] = number;
}

function indexOfCode(text: string, wanted: number, begin: number, end: number): number {
  for (let at = begin; at < end; at++) if (text.charCodeAt(at) === wanted) return at;
  return -1;
}

function isLetter(code: number): boolean {
  return (code | 32) >= 97 && (code | 32) <= 122;
}

/** Position after the scheme and host of an address, `begin` if it has none. */
function afterHost(text: string, begin: number, end: number): number {
  if (begin === end || !isLetter(text.charCodeAt(begin))) return begin;
  let at = begin + 1;
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    const isDigit = code >= 48 && code <= 57;
    if (!isLetter(code) && !isDigit && code !== 43 && code !== 45 && code !== 46) break;
  }
  if (at + 3 > end || text.charCodeAt(at) !== COLON) return begin;
  if (text.charCodeAt(at + 1) !== SLASH || text.charCodeAt(at + 2) !== SLASH) return begin;
  for (at += 3; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === SLASH || code === QUESTION || code === HASH) break;
  }
  return at;
}

interface Agent {
  readonly space: string;
  readonly id: number;
}

/** `apply` does it with a string; it is told where that stands. */
export function createApplySpan(
  apply: (slot: Slot, value: string, batch: EventBatch, row: number, begin: number, end: number) => boolean,
): AppliesSpan {
  const isoTime = createIsoTime();
  const iso: IsoTime = { us: 0, end: 0, fractionDigits: 0, zone: "", hasZone: false };
  /** Scheme and host of the address before. */
  let lastHost = "";
  let agents: RecentAnswers<Agent> | null = null;
  let agentsGeneration = -1;

  function agentOf(agent: string, batch: EventBatch): Agent {
    const space = writtenSpace(agent);
    const value = space === "" ? agent : agent.replaceAll(space, " ");
    return { space, id: batch.strings.user_agent_original.dictionary.intern(flatCopy(value)) };
  }

  function hostEnd(text: string, begin: number, end: number): number {
    const known = begin + lastHost.length;
    if (known > begin && known < end && text.startsWith(lastHost, begin)) {
      const code = text.charCodeAt(known);
      if (code === SLASH || code === QUESTION || code === HASH) return known;
    }
    const at = afterHost(text, begin, end);
    if (at > begin && at - begin <= HOST_LENGTH_MAX) lastHost = flatCopy(text.slice(begin, at));
    return at;
  }

  /** Sets path and query of an address that is text[begin, end) of the batch's text. */
  function setUrlSpan(text: string, begin: number, end: number, batch: EventBatch, row: number): void {
    const from = hostEnd(text, begin, end);
    const mark = indexOfCode(text, QUESTION, from, end);
    batch.strings.url_path.setSpan(row, text, from, mark < 0 ? end : mark);
    if (mark >= 0) batch.strings.url_query.setSpan(row, text, mark + 1, end);
  }

  return function applySpan(slot, text, begin, end, batch, row, keyId) {
    switch (slot.kind) {
      case "status": {
        const status = canonicalInteger(text, 999, begin, end);
        if (!(status >= 100)) return false;
        batch.http_response_status_code[row] = status;
        return true;
      }
      case "size": {
        const size = canonicalInteger(text, Number.MAX_SAFE_INTEGER, begin, end);
        if (Number.isNaN(size)) return false;
        batch.http_response_body_size[row] = size;
        return true;
      }
      case "duration": {
        const us = exactDurationUs(text, slot.unit, begin, end);
        if (Number.isNaN(us) || fractionDigits(text, begin, end) !== slot.digits) return false;
        batch.duration_us[row] = us;
        return true;
      }
      case "iso_time": {
        const fits =
          isoTime(text, begin, end, iso) &&
          iso.end === end &&
          iso.fractionDigits === slot.fractionDigits &&
          iso.zone === slot.zone &&
          text.charCodeAt(begin + 10) === slot.separator &&
          (end === begin + 19 || text.charCodeAt(begin + 19) !== COMMA);
        if (fits) setSeverityElse(slot.severityNumber, batch, row);
        return fits && setTime(iso.us, batch, row);
      }
      case "pattern_time":
        return setTime(slot.time.read(text, appendTimeOf(batch.records, batch.record[row]), begin, end), batch, row);
      case "epoch_time":
        return setTime(wholeEpochUs(text, begin, end, slot.unit), batch, row);
      case "url":
        if (text.charCodeAt(begin) !== SLASH || begin === end || indexOfCode(text, QUESTION, begin, end) >= 0)
          return false;
        batch.strings.url_path.setSpan(row, text, begin, end);
        return true;
      case "url_query":
        if (text.charCodeAt(begin) !== SLASH || indexOfCode(text, QUESTION, begin, end) < 0) return false;
        setUrlSpan(text, begin, end, batch, row);
        return true;
      case "agent": {
        const { generation } = batch.strings.user_agent_original.dictionary;
        if (begin === end) return apply(slot, "", batch, row, begin, end);
        agents ??= new RecentAnswers(agentOf);
        if (generation !== agentsGeneration) agents.clear();
        agentsGeneration = generation;
        const { space, id } = agents.of(batch, begin, end);
        if (space !== slot.space) return false;
        batch.strings.user_agent_original.ids[row] = id;
        return true;
      }
      case "also": {
        const isAddress = slot.also === "url" && begin < end && text.charCodeAt(begin) !== SLASH;
        const number = slot.also === "scale" ? scaleOf(slot.choice.field, text.slice(begin, end)) : 0;
        if (isAddress) setUrlSpan(text, begin, end, batch, row);
        else if (number > 0) batch.severity_number[row] = number;
        else return apply(slot, text.slice(begin, end), batch, row, begin, end);
        batch.attributes.addSpan(keyId, begin, end);
        return true;
      }
      default:
        return apply(slot, text.slice(begin, end), batch, row, begin, end);
    }
  };
}
