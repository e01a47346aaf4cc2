import { GLUE, isHexDigit, KINDS, LETTER, SPACE, tableOf } from "./template-bytes.ts";

/*
 * Things of many words that are one variable: paths, URLs, addresses in hex groups. All functions rely on a space
 * behind the end of the line.
 */

const HEX_GROUPS_MIN = 4;
const HEX_GROUPS_MAX = 32;
const HEX_GROUP_BYTES_MAX = 4;

const ENDS_PATH = tableOf((char, code) => KINDS[code] === SPACE || "\"'`,;:()[]{}<>|^".includes(char));
const ENDS_URL = tableOf((char, code) => KINDS[code] === SPACE || "\"'`()[]{}<>|^".includes(char));
const ENDS_SENTENCE = tableOf((char) => ".,;:!?=".includes(char));

/** Does a path start here: `/name`, `./name`, `../name`, `C:\name`? Not in `</name>`. */
export function startsPath(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0x2e) {
    const slash = bytes[at + 1] === 0x2e ? at + 2 : at + 1;
    return bytes[slash] === 0x2f && KINDS[bytes[slash + 1]] >= LETTER;
  }
  if (bytes[at] === 0x2f) {
    if (bytes[at - 1] === 0x3c) return false;
    const next = bytes[at + 1];
    return KINDS[next] >= LETTER || next === 0x7e || next === 0x2a || next === 0x25;
  }
  return KINDS[bytes[at]] === LETTER && bytes[at + 1] === 0x3a && (bytes[at + 2] === 0x5c || bytes[at + 2] === 0x2f);
}

export function endOfPath(bytes: Uint8Array, begin: number): number {
  let i = begin + 1;
  if (bytes[i] === 0x3a) i++;
  while (ENDS_PATH[bytes[i]] === 0) i++;
  return withoutSentenceEnd(bytes, begin, i);
}

/** `colon` is the one of `://`. */
export function endOfUrl(bytes: Uint8Array, colon: number): number {
  let i = colon + 3;
  while (ENDS_URL[bytes[i]] === 0) i++;
  return withoutSentenceEnd(bytes, colon + 2, i);
}

/** End of `00:1b:44:11:3a:b7` or `2001:db8::1`: hex digits in groups of at most 4; -1 if here is none. */
export function endOfHexGroups(bytes: Uint8Array, begin: number): number {
  let groups = 1;
  let groupBegin = begin;
  let i = begin;
  for (; ; i++) {
    if (bytes[i] === 0x3a) {
      if (++groups > HEX_GROUPS_MAX) return -1;
      groupBegin = i + 1;
    } else if (!isHexDigit(bytes[i]) || i - groupBegin >= HEX_GROUP_BYTES_MAX) break;
  }
  const isWhole = KINDS[bytes[i]] < LETTER || (KINDS[bytes[i]] === GLUE && bytes[i] !== 0x2d);
  return isWhole && groups >= HEX_GROUPS_MIN && i > groupBegin ? i : -1;
}

function withoutSentenceEnd(bytes: Uint8Array, begin: number, end: number): number {
  let i = end;
  while (i > begin + 1 && ENDS_SENTENCE[bytes[i - 1]] === 1) i--;
  return i;
}
