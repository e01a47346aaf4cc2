import { type EventBatch, TIME_EVENT } from "../model/event-batch.ts";
import { appendTimeOf } from "../model/record.ts";
import { createHeadScanner } from "./head.ts";
import { createHeadLayouts } from "./head-layout.ts";
import { type HeadParts, LEVEL } from "./head-parts.ts";
import { standsAt } from "./head-words.ts";
import { BODY_LAYOUT, createCharacterFinder, SLOT_MARK } from "./layout.ts";
import { capitalLevelEnd, ciscoLevel, componentLevel, leadingLevel, levelWord } from "./level.ts";
import { columnLevel } from "./level-column.ts";
import type { Format } from "./line-parser.ts";
import { severityOfMark, severityOfPriority, severityOfWord } from "./severity.ts";
import { severityOnScale } from "./severity-scale.ts";
import { createTimeFinder } from "./time-finder.ts";
import { UTC } from "./zone.ts";

/*
 * Free text, the format that takes every line. A line with a time and a head that is clear (head.ts) is taken apart: the body
 * is its message. Of any other the body is the whole entry, with a time if one stands near its start and a severity if a
 * level word does. Entries of several lines (stack traces) come joined.
 */

/** How far into an entry a head is looked for, and how far a level word in an entry without one. */
const HEAD_LENGTH = 512;
const SEARCH_LENGTH = 256;

const LEVELS_MAX = 8;

interface Level {
  readonly word: string;
  readonly id: number;
  readonly number: number;
}

const ANSI = /\x1b\[[0-9;]{0,16}m/g;

/** Severity word of a text, or "". */
export function severityWord(head: string, afterTime: string): string {
  return levelWord(head, 0, head.length - afterTime.length, head.length);
}

/** Has the head parts besides the time, so that a level would be among them? */
function isStructured(head: HeadParts): boolean {
  return head.count > 1;
}

/** The level of `INFO: text` in the second line of an entry, as java.util.logging writes it, or "". */
function secondLineLevel(text: string, newline: number, end: number): string {
  if (newline < 0 || newline >= end) return "";
  const stop = capitalLevelEnd(text, newline + 1, end);
  return stop > 0 && text.startsWith(": ", stop) ? text.slice(newline + 1, stop) : "";
}

export const TEXT: Format = {
  name: "text",
  joins: true,
  code: "PARSE_NOT_TEXT",
  create(zone = UTC) {
    const findTime = createTimeFinder(zone);
    const scanHead = createHeadScanner();
    const putHead = createHeadLayouts(zone.isUtc);
    const hasMark = createCharacterFinder(SLOT_MARK);
    const hasEscape = createCharacterFinder("\x1b");

    /** Levels that came lately, as the batch's dictionary has them in this generation. */
    let levels: Level[] = [];
    let generation = -1;

    function setSeverity(word: string, batch: EventBatch, row: number): void {
      if (word === "") return;
      batch.strings.severity_text.set(row, word);
      batch.severity_number[row] = severityOfWord(word) || severityOfMark(word) || severityOfPriority(word);
    }

    /** The same, of text[begin, end). */
    function setLevel(text: string, begin: number, end: number, batch: EventBatch, row: number): void {
      const { dictionary, ids } = batch.strings.severity_text;
      if (dictionary.generation !== generation) levels = [];
      generation = dictionary.generation;
      for (let i = 0; i < levels.length; i++) {
        const { word, id, number } = levels[i];
        if (word.length !== end - begin || dictionary.values[id] !== word || !standsAt(text, begin, word)) continue;
        ids[row] = id;
        batch.severity_number[row] = number;
        return;
      }
      setSeverity(text.slice(begin, end), batch, row);
      const id = ids[row];
      if (id !== 0 && levels.length < LEVELS_MAX)
        levels.push({ word: dictionary.values[id], id, number: batch.severity_number[row] });
    }

    /** The whole entry is the body. */
    function wholeLine(text: string, begin: number, end: number, batch: EventBatch, row: number): void {
      batch.strings.body.setSpan(row, text, begin, end);
      if (hasMark(text, begin, end)) batch.line_kept.setSpan(row, begin, end);
      else batch.strings.line_layout.set(row, BODY_LAYOUT);
    }

    /** A line with colours, which would stand in the middle of a head: only its time and level are read. */
    function colouredLine(text: string, begin: number, end: number, batch: EventBatch, row: number): void {
      let head = text.slice(begin, Math.min(end, begin + SEARCH_LENGTH));
      const newline = head.indexOf("\n");
      if (newline >= 0) head = head.slice(0, newline);
      head = head.replace(ANSI, "");
      const time = findTime(head, 0, head.length, appendTimeOf(batch.records, batch.record[row]));
      if (time !== null) {
        batch.timestampUs[row] = time.us;
        batch.time_source[row] = TIME_EVENT;
      }
      setSeverity(levelWord(head, 0, time === null ? 0 : time.end, head.length), batch, row);
      wholeLine(text, begin, end, batch, row);
    }

    return function textLine(text, begin, end, batch, row) {
      if (hasEscape(text, begin, end)) {
        colouredLine(text, begin, end, batch, row);
        return true;
      }
      let stop = Math.min(end, begin + HEAD_LENGTH);
      const newline = text.indexOf("\n", begin);
      if (newline >= 0 && newline < stop) stop = newline;
      const time = findTime(text, begin, stop, appendTimeOf(batch.records, batch.record[row]));
      if (time === null) {
        setSeverity(levelWord(text, begin, begin, Math.min(stop, begin + SEARCH_LENGTH)), batch, row);
        wholeLine(text, begin, end, batch, row);
        return true;
      }
      batch.timestampUs[row] = time.us;
      batch.time_source[row] = TIME_EVENT;
      const head = scanHead(text, begin, stop, time);
      const level = head.indexOf(LEVEL);
      const column = level < 0 ? columnLevel(text, time.end, stop) : null;
      if (level >= 0) setLevel(text, head.begins[level], head.ends[level], batch, row);
      else if (column !== null) {
        batch.strings.severity_text.set(row, column.word);
        batch.severity_number[row] = column.number;
      } else {
        const word = isStructured(head)
          ? leadingLevel(text, head.bodyBegin, stop) || leadingLevel(text, begin, stop)
          : levelWord(text, begin, time.end, Math.min(stop, begin + SEARCH_LENGTH));
        setSeverity(word || componentLevel(text, time.end) || secondLineLevel(text, newline, end), batch, row);
        if (batch.severity_number[row] === 0)
          batch.severity_number[row] = severityOnScale(ciscoLevel(text, time.end), "syslog");
      }
      if (head.bodyBegin < 0) {
        wholeLine(text, begin, end, batch, row);
        return true;
      }
      const isLaidOut = putHead(text, begin, head, time, batch, row);
      batch.strings.body.setSpan(row, text, head.bodyBegin, end);
      if (!isLaidOut || hasMark(text, begin, end)) {
        batch.line_kept.setSpan(row, begin, end);
        batch.strings.line_layout.ids[row] = 0;
      }
      return true;
    };
  },
};
