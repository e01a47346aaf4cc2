/*
 * A layout says how a line is given back from its columns: its constant text, with slots between U+0001. SQL fills
 * the slots (the column `line` of events). Slots:
 *
 *   url_path, body, …   a text or number column by its name
 *   a.KEY               attributes[KEY]
 *   t.…                 the event time: `t.clf+0200`, `t.iso` + separator + fraction digits + zone, `t.s`, `t.ms`, `t.us`, or
 *                       `t.p+0200` + pattern: a pattern of time-pattern.ts, filled with the time at that offset from UTC
 *   d.ms, d.s.3, …      duration_us in that unit, with so many digits after the point
 *   u.+, u.%20          user_agent_original with its spaces written so
 *   l.10                severity_number in steps of ten, as pino writes it
 *
 * A text that holds U+0001 itself can't be laid out: it is kept.
 */

export const SLOT_MARK = "\x01";

export function slot(name: string): string {
  return SLOT_MARK + name + SLOT_MARK;
}

/** The layout of a line that is its body. */
export const BODY_LAYOUT = slot("body");

/**
 * Finds a text's next position from a place on, again and again, moving forward through one text; the text's length
 * where it does not occur. Each stretch is searched once: without that, lines that lack a character would each be
 * searched to the end of the batch.
 */
export function createFinder(wanted: string): (text: string, from: number) => number {
  let searched = "";
  let searchedFrom = 0;
  let next = -1;
  return function find(text, from) {
    if (text !== searched || from < searchedFrom) {
      searched = text;
    } else {
      // A text of its own with the same characters: from here on a comparison is one of addresses again.
      searched = text;
      if (next >= from) return next;
    }
    searchedFrom = from;
    next = text.indexOf(wanted, from);
    if (next < 0) next = text.length;
    return next;
  };
}

/** Answers whether the range [begin, end) of a text holds a character, in the way of `createFinder`. */
export function createCharacterFinder(character: string): (text: string, begin: number, end: number) => boolean {
  const find = createFinder(character);
  return function holds(text, begin, end) {
    return find(text, begin) < end;
  };
}
