import {
  APOSTROPHE,
  BACKSLASH,
  CLASSES,
  escapeRest,
  type Find,
  PERCENT,
  QUOTE,
  type Scan,
  SPACE,
  WORD,
} from "./characters.ts";
import { type KeyKind, mayBeSecretKey, PLAIN } from "./secret-key.ts";
import { secretValueAt } from "./secret-value.ts";

const KEY_BYTES_MAX = 64;
const BLANKS_MAX = 8;

/**
 * The value that belongs to a secret key before the separator at [at, end): "=" or ":", or "%3D" or "\u003d".
 * Keys may be bare or quoted, values bare or quoted, in JSON, query strings, logfmt and "Key: value" text.
 */
export function secretAt(
  scan: Scan,
  at: number,
  end: number,
  isColon: boolean,
  kindOf: (key: string) => KeyKind,
): Find | null {
  const { bytes, floor } = scan;
  const isEncoded = bytes[at] === PERCENT;
  let keyEnd = at;
  while (keyEnd > floor && bytes[keyEnd - 1] === SPACE && at - keyEnd < BLANKS_MAX) keyEnd--;
  const isSpaced = keyEnd < at;
  let quote = 0;
  let level = 0;
  const last = bytes[keyEnd - 1];
  if (last === QUOTE || last === APOSTROPHE) {
    quote = last;
    keyEnd--;
    while (keyEnd > floor && bytes[keyEnd - 1] === BACKSLASH && level < BLANKS_MAX) {
      keyEnd--;
      level++;
    }
  } else if (isEncoded && endsWithEscape(bytes, keyEnd, 0x32)) {
    quote = PERCENT;
    keyEnd -= 3;
  }
  if (bytes[keyEnd - 1] === 0x5d) keyEnd--;
  else if (endsWithEscape(bytes, keyEnd, 0x44)) keyEnd -= 3;
  if (keyEnd - floor < 3 || !mayBeSecretKey(bytes, keyEnd)) return null;
  let begin = keyEnd;
  while (begin > floor && keyEnd - begin < KEY_BYTES_MAX && (CLASSES[bytes[begin - 1]] & WORD) !== 0) begin--;
  begin += escapeRest(scan, begin);
  const kind = kindOf(scan.text.slice(begin, keyEnd));
  if (kind === PLAIN) return null;
  return secretValueAt(scan, kind, { end, isColon, isEncoded, isSpaced, quote, level });
}

/** "%22" (a quote) or "%5D" (a bracket) before `end`; told apart by the last digit. */
function endsWithEscape(bytes: Uint8Array, end: number, lastDigit: number): boolean {
  if (end < 3 || bytes[end - 3] !== PERCENT) return false;
  return (bytes[end - 1] & 0x5f) === (lastDigit & 0x5f) && bytes[end - 2] === (lastDigit === 0x44 ? 0x35 : 0x32);
}
