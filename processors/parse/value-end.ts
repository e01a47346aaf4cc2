import { areSame, type ByteWindow, byteAt } from "../model/byte-window.ts";

/*
 * How the end of a value is found again in other lines of a shape. What a line says is decided by a scan; a shape is matched
 * in its place only because a scan of the same line would find the same values. So each format says of each value what ends
 * it, and which values a scan would take for something else: a line with one of those is scanned.
 */

const FIRST = 0;
const ANY = 1;
const LENGTH = 2;
const SAME = 3;
const TEXT = 4;
const KEY = 5;
const REST = 6;

const ALONE = 2;

export interface ValueEnd {
  readonly how: number;
  /** FIRST: the byte that ends it, four times. */
  readonly word: number;
  /** ANY, KEY: 1 for each byte that ends it. */
  readonly table: Uint8Array;
  /** SAME: the value; TEXT: what follows it. */
  readonly text: DataView;
  readonly textLength: number;
  readonly lengthMin: number;
  readonly lengthMax: number;
  /** 1 for each byte that it does not begin with; ALONE for one that is no value by itself. */
  readonly notFirst: Uint8Array;
  /** A scan takes the line for one of its format only with a time here. */
  readonly isTime: boolean;
}

export interface ValueLimits {
  readonly lengthMin?: number;
  readonly lengthMax?: number;
  readonly notFirst?: string;
  /** Whether it may be "-" alone. */
  readonly mayBeDash?: boolean;
  readonly isTime?: boolean;
}

const PADDING_BYTES = 4;
const DASH = 45;

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** The bytes of byte text, with room for words to be read from each of them. */
export function bytesOf(text: string): DataView {
  const view = new DataView(new ArrayBuffer(text.length + PADDING_BYTES));
  Buffer.from(view.buffer).latin1Write(text, 0);
  return view;
}

const NONE = new Uint8Array(256);
const NO_TEXT = bytesOf("");

function valueEnd(how: number, limits: ValueLimits, parts: Partial<ValueEnd>): ValueEnd {
  const notFirst = tableOf(limits.notFirst ?? "");
  if (limits.mayBeDash === false) notFirst[DASH] = ALONE;
  return {
    how,
    word: parts.word ?? 0,
    table: parts.table ?? NONE,
    text: parts.text ?? NO_TEXT,
    textLength: parts.textLength ?? 0,
    lengthMin: limits.lengthMin ?? 0,
    lengthMax: limits.lengthMax ?? Number.MAX_SAFE_INTEGER,
    notFirst,
    isTime: limits.isTime ?? false,
  };
}

/** At the first of some characters, or the line's end. */
export function endsAt(characters: string, limits: ValueLimits = {}): ValueEnd {
  if (characters === "") return valueEnd(REST, limits, {});
  return characters.length === 1
    ? valueEnd(FIRST, limits, { word: characters.charCodeAt(0) * 0x01010101 })
    : valueEnd(ANY, limits, { table: tableOf(characters) });
}

/** At the first byte that is none of these. */
export function endsAfter(bytes: RegExp, limits: ValueLimits = {}): ValueEnd {
  const table = Uint8Array.from({ length: 256 }, (_, code) => (bytes.test(String.fromCharCode(code)) ? 0 : 1));
  return valueEnd(ANY, limits, { table });
}

/** At the first place where a text begins, or the line's end. */
export function endsBefore(text: string, limits: ValueLimits = {}): ValueEnd {
  return valueEnd(TEXT, limits, {
    word: text.charCodeAt(0) * 0x01010101,
    text: bytesOf(text),
    textLength: text.length,
  });
}

/** In front of the constant text that ends with the first of some characters. */
export function endsBeforeKey(characters: string): ValueEnd {
  return valueEnd(KEY, {}, { table: tableOf(characters) });
}

/** A time, of the same length in each line. */
export const TIME_OF_LENGTH = valueEnd(LENGTH, { isTime: true }, {});
/** The same value in each line. */
export const SAME_VALUE = valueEnd(SAME, {}, {});

/** For a shape that is learned from a line with this value. */
export function endFor(end: ValueEnd, value: string): ValueEnd {
  if (end.how !== LENGTH && end.how !== SAME) return end;
  return { ...end, text: bytesOf(value), textLength: value.length };
}

/**
 * Where the value at bytes[at, to) ends; -1 if none can stand there, or if what stands there is better scanned. `nextLength`
 * is the length of the constant text behind it.
 */
export function findEnd(end: ValueEnd, window: ByteWindow, at: number, to: number, nextLength: number): number {
  const { bytes } = window;
  const { how } = end;
  let stop = at;
  if (how === FIRST) stop = byteAt(window.view, at, to, end.word);
  else if (how === ANY) {
    const { table } = end;
    while (stop < to && table[bytes[stop]] === 0) stop++;
  } else if (how === REST) stop = to;
  else stop = findTextEnd(end, window, at, to, nextLength);
  const length = stop - at;
  if (length < end.lengthMin || length > end.lengthMax) return -1;
  const refused = end.notFirst[bytes[at]];
  return refused === 0 || (refused === ALONE && length !== 1) ? stop : -1;
}

/** Of the kinds that compare texts; -1 as well. */
function findTextEnd(end: ValueEnd, { view, bytes }: ByteWindow, at: number, to: number, nextLength: number): number {
  const { text, textLength, table, word } = end;
  let stop = at + textLength;
  switch (end.how) {
    case LENGTH:
      return stop <= to ? stop : -1;
    case SAME:
      return stop <= to && areSame(view, at, text, 0, textLength) ? stop : -1;
    case TEXT:
      stop = byteAt(view, at, to, word);
      while (stop < to && !(stop + textLength <= to && areSame(view, stop, text, 0, textLength)))
        stop = byteAt(view, stop + 1, to, word);
      return stop;
    default:
      stop = at;
      while (stop < to && table[bytes[stop]] === 0) stop++;
      if (stop === to) return stop;
      return nextLength === 0 ? -1 : stop + 1 - nextLength;
  }
}
