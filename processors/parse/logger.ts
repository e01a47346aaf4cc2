import { isDigitCode, isWordCode } from "./clock.ts";

/* Names of loggers in front of a message: `org.example.Shop: `, `c.e.Shop - `, `Shop$Cart: `, `main.go:12: `. */

const SPACE = 32;
const DASH = 45;
const COLON = 58;
const POINT = 46;
const DOLLAR = 36;
const BAR = 124;
const OPEN = 91;
const LENGTH_MAX = 160;

export interface LoggerEnd {
  /** End of the name. */
  end: number;
  /** After the mark that ends it. */
  after: number;
}

function isSpaceAt(text: string, at: number, end: number): boolean {
  const code = text.charCodeAt(at);
  return at >= end || code === SPACE || code === 9;
}

const NONE = 0;
const LOWER = 1;
const UPPER = 2;
const OTHER = 3;
const MARK = 4;
/** What a byte is in a logger's name. */
const KINDS = Uint8Array.from({ length: 256 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (/[a-z]/.test(char)) return LOWER;
  if (/[A-Z]/.test(char)) return UPPER;
  return /[0-9_]/.test(char) ? OTHER : ".$:-/@#".includes(char) ? MARK : NONE;
});

/**
 * Is there a logger's name at a position? It needs a mark behind it (`: `, ` - `, ` : `, a column's padding) and a mark of a
 * program's name in it; `isDashed`, parts being divided by dashes, any name before a dash will do.
 */
export function endOfLogger(text: string, at: number, end: number, isDashed: boolean, out: LoggerEnd): boolean {
  const first = text.charCodeAt(at);
  if (isDigitCode(first) || !isWordCode(first)) return false;
  const limit = Math.min(end, at + LENGTH_MAX);
  let points = 0;
  let humps = 0;
  let previous = NONE;
  let stop = at;
  while (stop < limit) {
    const code = text.charCodeAt(stop);
    const kind = KINDS[code];
    if (kind === NONE) break;
    if (kind === MARK) {
      if (code === POINT) points++;
      else if (code === DOLLAR || code === COLON) humps++;
    } else if (kind === UPPER && previous === LOWER) humps++;
    previous = kind;
    stop++;
  }
  if (stop >= limit || stop === at || !isSpaceAt(text, stop, end)) return false;
  const last = text.charCodeAt(stop - 1);
  // The last mark ends the name, or a sentence.
  if (last === POINT) points--;
  const endsWithColon = last === COLON;
  if (endsWithColon) humps--;
  const isName = points + humps > 0;
  out.end = endsWithColon ? stop - 1 : stop;
  if (endsWithColon) {
    out.after = stop;
    return isName && out.end > at;
  }
  let next = stop;
  while (next < end && isSpaceAt(text, next, end)) next++;
  out.after = next;
  const mark = text.charCodeAt(next);
  if ((mark === DASH || mark === COLON || mark === BAR) && isSpaceAt(text, next + 1, end)) {
    out.after = next + 1;
    return isDashed || isName;
  }
  if (next - stop >= 3 || text.charCodeAt(stop) === 9) return true;
  return mark === OPEN && points > 1 && isContext(text, next, end);
}

/** `[-]`, `[req-…]`, or brackets before a dash. */
function isContext(text: string, open: number, end: number): boolean {
  const close = text.indexOf("]", open);
  if (close < 0 || close >= end) return false;
  if (text.startsWith("[-]", open) || text.startsWith("[req-", open)) return true;
  return text.startsWith(" - ", close + 1) || text.startsWith(": ", close + 1);
}
