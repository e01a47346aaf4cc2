import { skipSpaces } from "./head-words.ts";
import { severityOfWord } from "./severity.ts";

/* Levels in a column of their own behind the time, with words that mean a level there alone. */

export interface ColumnLevel {
  readonly word: string;
  readonly number: number;
}

const CLOSE = 93;
const ZERO = 48;

/** macOS: thread, level, activity. */
const BETWEEN_IDS = /0x[0-9a-f]{1,16}[ \t]{1,16}(Default|Info|Debug|Error|Fault)[ \t]{1,16}0x[0-9a-f]{1,16}[ \t]/y;
/** WebSphere: thread, component, level. */
const LETTER = /\] [0-9a-f]{8} \S{1,13} {1,14}([FEWAICD]) {1,3}/y;
/** Db2: the number of the record, and the level. */
const NAMED = /[A-Z]\d{1,16}[A-Z]\d{1,8}[ \t]{1,32}LEVEL: (Info|Event|Warning|Error|Severe|Critical)/y;

const NUMBERS: Readonly<Record<string, number>> = { Default: 9, Fault: 21, Event: 9, A: 10, D: 9, C: 9 };

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** The level in a column behind a time that ends at a position, or null. */
export function columnLevel(text: string, from: number, end: number): ColumnLevel | null {
  const at = skipSpaces(text, from, end);
  const code = text.charCodeAt(at);
  let match: RegExpExecArray | null = null;
  if (code === CLOSE) match = matchAt(LETTER, text, at);
  else if (code === ZERO) match = matchAt(BETWEEN_IDS, text, at);
  else if (code >= 65 && code <= 90) match = matchAt(NAMED, text, at);
  if (match === null) return null;
  return { word: match[1], number: NUMBERS[match[1]] ?? severityOfWord(match[1]) };
}
