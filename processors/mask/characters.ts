/*
 * Detectors read bytes, not a string: a typed array is read twice as fast as `charCodeAt` on text whose representation
 * the engine must look up each time.
 */

/**
 * The text that is being masked. A zero byte, which is in no class, follows the last one: a loop over a class or a
 * comparison byte by byte ends there without asking for `length`.
 */
export class Scan {
  bytes: Uint8Array;
  length = 0;
  /** End of what was replaced last. Nothing before it may be looked at: it will read differently next time. */
  floor = 0;
  /** Key of the field that the text is the value of, as words; "" when unknown. */
  keyWords = "";
  /** How many finds of a rule its check digits are expected to have let through by chance, added up. */
  readonly chance = { payment_card: 0, iban: 0, national_id: 0 };
  #source = "";
  #begin = 0;
  #text: string | null = "";

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The text, made when it is first asked for. */
  get text(): string {
    return (this.#text ??= this.#source.slice(this.#begin, this.#begin + this.length));
  }

  /** Begins with source[begin, begin + length), whose bytes are in `bytes`. */
  begin(source: string, begin: number, length: number, keyWords: string): void {
    this.#source = source;
    this.#begin = begin;
    this.#text = null;
    this.length = length;
    this.floor = 0;
    this.keyWords = keyWords;
    this.bytes[length] = 0;
  }

  /** Lets the text go. */
  end(): void {
    this.#source = this.#text = "";
  }
}

/** A stretch of text to replace. */
export interface Find {
  readonly begin: number;
  readonly end: number;
  /** Which rule found it; the name of a custom one, or of a denied field. */
  readonly rule: string;
  /** What its pseudonym begins with; "replacement": it is replaced by `value` as it is. */
  readonly kind: string;
  /** What the pseudonym is made of, normalised. */
  readonly value: string;
  /** A word beside it, or more than its shape and its check digits, says what it is. */
  readonly isSupported?: boolean;
  /** The pseudonym is put in quotes, so that JSON stays JSON. */
  readonly isQuoted?: boolean;
}

/** A find that is replaced by `<secret>`. */
export function secretFind(rule: string, begin: number, end: number): Find {
  return { begin, end, rule, kind: "replacement", value: "<secret>" };
}

export const DIGIT = 1;
export const LETTER = 2;
export const ALNUM = DIGIT | LETTER;
export const HEX = 4;
/** Letters, digits, "_" and "-": keys, and the alphabet of base64url. */
export const WORD = 8;
/** What an e-mail address may hold before the "@", as far as it is recognised. */
export const LOCAL = 16;
/** Characters of an HTTP credential (token68 of RFC 9110, section 11.2). */
export const TOKEN68 = 32;

/** Class bits of every byte. Bytes from 0x80 on have none. */
export const CLASSES = new Uint8Array(256);
for (let c = 0; c < 128; c++) {
  const char = String.fromCharCode(c);
  let bits = 0;
  if (/[0-9]/.test(char)) bits |= DIGIT;
  if (/[A-Za-z]/.test(char)) bits |= LETTER;
  if (/[0-9A-Fa-f]/.test(char)) bits |= HEX;
  if (/[\w-]/.test(char)) bits |= WORD;
  if (/[\w.+-]/.test(char)) bits |= LOCAL;
  if (/[\w.~+/=-]/.test(char)) bits |= TOKEN68;
  CLASSES[c] = bits;
}

export const SPACE = 0x20;
export const QUOTE = 0x22;
export const PERCENT = 0x25;
export const APOSTROPHE = 0x27;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const DASH = 0x2d;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const AT = 0x40;
export const BACKSLASH = 0x5c;
export const UNDERSCORE = 0x5f;

/** The byte that the hex digits [begin, end) spell, or -1 if they aren't all hex digits. */
export function hexAt(bytes: Uint8Array, begin: number, end: number): number {
  let value = 0;
  for (let i = begin; i < end; i++) {
    const c = bytes[i];
    if ((CLASSES[c] & HEX) === 0) return -1;
    value = value * 16 + ((c & 15) + (c > 0x40 ? 9 : 0));
  }
  return value;
}

/**
 * How many characters at `begin`, read as text, really are the rest of an escape that starts just before it:
 * 2 of "%3D", 5 of "\u003d", 1 of "\n"; else 0.
 */
export function escapeRest(scan: Scan, begin: number): number {
  const { bytes } = scan;
  if (begin <= scan.floor) return 0;
  if (bytes[begin - 1] === PERCENT) return hexAt(bytes, begin, begin + 2) < 0 ? 0 : 2;
  if (bytes[begin - 1] !== BACKSLASH) return 0;
  const c = bytes[begin];
  if (c === 0x75 && hexAt(bytes, begin + 1, begin + 5) >= 0) return 5;
  return c === 0x6e || c === 0x72 || c === 0x74 ? 1 : 0;
}

/** Whether no letter, digit or "_" touches `at` from the left; an escape such as "%3D" or "\n" doesn't count as one. */
export function isFreeBefore(scan: Scan, at: number): boolean {
  if (at <= scan.floor) return true;
  const { bytes } = scan;
  const c = bytes[at - 1];
  if ((CLASSES[c] & ALNUM) === 0) return c !== UNDERSCORE;
  for (const rest of [1, 2, 5]) {
    if (at - rest > scan.floor && escapeRest(scan, at - rest) === rest) return true;
  }
  return false;
}

/** Length of the word separator of a URL or a text at `at` (" ", "+" or "%20"); 0 if there is none. */
export function blankAt(bytes: Uint8Array, at: number): number {
  const c = bytes[at];
  if (c === SPACE || c === PLUS) return 1;
  return c === PERCENT && bytes[at + 1] === 0x32 && bytes[at + 2] === 0x30 ? 3 : 0;
}

/** Whether the ASCII word (given in lower case) stands at `at`, in any case. */
export function hasWordAt(bytes: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    const c = bytes[at + i];
    const lower = c >= 0x41 && c <= 0x5a ? c | 0x20 : c;
    if (lower !== word.charCodeAt(i)) return false;
  }
  return true;
}
