import { TIME_EVENT } from "../model/event-batch.ts";
import { BODY_LAYOUT, createCharacterFinder, SLOT_MARK } from "./layout.ts";
import type { Format } from "./line-parser.ts";
import { severityOfWord } from "./severity.ts";
import { createTimeFinder } from "./time-finder.ts";

/*
 * Free text, the format that takes every line: the body is the whole entry, with a time if one stands near its start
 * and a severity if a level word does. Entries of several lines (stack traces) come joined.
 */

/** How far into an entry a level word is looked for. */
const SEARCH_LENGTH = 256;

const LEVELS =
  "TRACE|DEBUG|FINEST|FINER|FINE|INFORMATION|INFO|NOTICE|WARNING|WARN|ERROR|ERR|SEVERE|CRITICAL|CRIT|ALERT|FATAL|PANIC|EMERGENCY|EMERG";
/** A level in capitals as a word, in brackets in any case, or in any case before a colon at the start. */
const CAPITALS = new RegExp(`(?:^|[^A-Za-z0-9_])(${LEVELS})(?![A-Za-z0-9_])`);
const BRACKETED = new RegExp(`[\\[<(](?:[a-z_0-9]{1,24}:)?(${LEVELS})[\\]>)]`, "i");
const LEADING = new RegExp(`^[\\s:\\-|]{0,8}(${LEVELS})\\s{0,2}[:|\\-\\]]`, "i");
/** glog: `E1124 12:34:56.123456 …`. */
const GLOG = /^([IWEF])[01][0-9][0-3][0-9] [0-2][0-9]:/;
const ANSI = /\x1b\[[0-9;]{0,16}m/g;

/** Severity word of a text, or "". */
export function severityWord(head: string, afterTime: string): string {
  return (
    BRACKETED.exec(head)?.[1] ??
    CAPITALS.exec(head)?.[1] ??
    LEADING.exec(afterTime)?.[1] ??
    LEADING.exec(head)?.[1] ??
    GLOG.exec(head)?.[1] ??
    ""
  );
}

export const TEXT: Format = {
  name: "text",
  joins: true,
  code: "PARSE_NOT_TEXT",
  create(zone) {
    const findTime = createTimeFinder(zone);
    const hasMark = createCharacterFinder(SLOT_MARK);
    const hasEscape = createCharacterFinder("\x1b");

    return function textLine(text, begin, end, batch, row) {
      const { strings } = batch;
      let head = text.slice(begin, Math.min(end, begin + SEARCH_LENGTH));
      const newline = head.indexOf("\n");
      if (newline >= 0) head = head.slice(0, newline);
      if (hasEscape(text, begin, end)) head = head.replace(ANSI, "");
      const time = findTime(head, 0, head.length, batch.records.appendTimeUs);
      if (time !== null) {
        batch.timestampUs[row] = time.us;
        batch.time_source[row] = TIME_EVENT;
      }
      const word = severityWord(head, time === null ? head : head.slice(time.end));
      if (word !== "") {
        strings.severity_text.set(row, word);
        batch.severity_number[row] = severityOfWord(word);
      }
      strings.body.setSpan(row, text, begin, end);
      if (hasMark(text, begin, end)) batch.line_kept.setSpan(row, begin, end);
      else strings.line_layout.set(row, BODY_LAYOUT);
      return true;
    };
  },
};
