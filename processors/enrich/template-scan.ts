import { calendarEnd, startsCalendar } from "./calendar.ts";
import { DIGIT, GLUE, KINDS, LETTER, SPACE, standsAt } from "./template-bytes.ts";
import { endOfHexGroups, endOfPath, endOfUrl, startsPath } from "./template-paths.ts";
import { endOfPlainWord, isMessageKey, isNameKey, variableBegin } from "./template-words.ts";

/** Longer rows of variables (lists, dumps) are one variable, so that their length makes no new templates. */
const ROW_VARIABLES_MAX = 8;
const QUOTED_BYTES_MAX = 128;
const PLACEHOLDER = /<(?:\*|[a-z_]+:[0-9A-Za-z_-]{8,128}|jwt|secret)>/y;
/** In front of a name: "for user alice", "invalid user alice", "password for alice". */
const BEFORE_USER: ReadonlySet<string> = new Set(["for", "by", "as", "invalid", "Invalid", "unknown", "Unknown"]);
const AFTER_USER: ReadonlySet<string> = new Set("from by on in at is for to not was has".split(" "));
const BEFORE_FOR: ReadonlySet<string> = new Set(["password", "publickey", "Password"]);
const AFTER_FOR: ReadonlySet<string> = new Set("invalid unknown user the a an".split(" "));

/** Longest line, bytes. */
export const LINE_BYTES_MAX = 4096 + 256 + 1;
const SENTINEL_BYTES = 4;

/**
 * The bytes of the line at hand, and of its template, which has at most three for each of the line: several times
 * faster than characters of strings. Every call fills them anew, so none sees what another left.
 */
const scratch = Buffer.allocUnsafeSlow(LINE_BYTES_MAX + SENTINEL_BYTES);
const output = Buffer.allocUnsafeSlow(3 * LINE_BYTES_MAX);

/** The template of one line of at most LINE_BYTES_MAX bytes. */
export function scanTemplate(line: string): string {
  return new TemplateScan(line).run() ?? new TemplateScan(evenSpaces(line)).run() ?? "";
}

/** The line with one space between words and none around them. */
function evenSpaces(line: string): string {
  scratch.latin1Write(line, 0);
  let end = 0;
  let isGap = false;
  for (let i = 0; i < line.length; i++) {
    if (KINDS[scratch[i]] === SPACE) {
      isGap = end > 0;
      continue;
    }
    if (isGap) output[end++] = 0x20;
    isGap = false;
    output[end++] = scratch[i];
  }
  return output.latin1Slice(0, end);
}

/** One walk over a line. `output` holds what is decided; text from `kept` on is constant so far. */
class TemplateScan {
  readonly #text: string;
  #outEnd = 0;
  #kept = 0;
  #variableBegin = -1;
  #variableEnd = -1;
  /** Variables in a row so far, and where in `output` their first one stands. */
  #row = 0;
  #rowBegin = 0;
  /** The last two words of language. */
  #wordBegin = 0;
  #wordEnd = 0;
  #priorBegin = 0;
  #priorEnd = 0;

  constructor(text: string) {
    this.#text = text;
    scratch.latin1Write(text, 0);
    for (let i = 0; i < SENTINEL_BYTES; i++) scratch[text.length + i] = 0;
  }

  /** null: the spaces of the line are not even, which is one space between words and none around them. */
  run(): string | null {
    const bytes = scratch;
    const end = this.#text.length;
    let i = 0;
    while (i < end) {
      const byte = bytes[i];
      const kind = KINDS[byte];
      if (kind >= LETTER) i = this.#word(i);
      else if (byte === 0x3c) i = this.#placeholder(i);
      else if (byte === 0x22 || byte === 0x27) i = this.#quoted(i);
      else if (kind === SPACE && (byte !== 0x20 || i === 0 || KINDS[bytes[i + 1]] === SPACE)) return null;
      else i++;
    }
    if (this.#variableEnd < 0) return this.#text;
    this.#keep(end);
    return output.latin1Slice(0, this.#outEnd);
  }

  /** Judges the word that starts here and gives the place to go on from. */
  #word(from: number): number {
    const bytes = scratch;
    const plainEnd = endOfPlainWord(bytes, from);
    if (plainEnd > 0) return this.#language(from, plainEnd);
    const begin = skipGlue(bytes, from);
    if (startsPath(bytes, begin)) return this.#variable(begin, endOfPath(bytes, begin));
    const stop = endOfWord(bytes, begin);
    if (stop === begin) return Math.max(begin, from + 1);
    if (bytes[stop] === 0x3a) {
      if (bytes[stop + 1] === 0x2f && bytes[stop + 2] === 0x2f) return this.#variable(begin, endOfUrl(bytes, stop));
      const hexEnd = endOfHexGroups(bytes, begin);
      if (hexEnd > 0) return this.#variable(begin, hexEnd);
    }
    if (startsCalendar(bytes, begin, stop)) {
      const dateEnd = calendarEnd(bytes, this.#text, begin);
      if (dateEnd > 0) return this.#variable(begin, dateEnd);
    }
    const variable = variableBegin(bytes, this.#text, begin, stop);
    if (variable > begin && this.#isName(begin, variable)) return this.#variable(begin, stop);
    if (variable >= 0) return this.#variable(variable, stop);
    return this.#language(begin, stop);
  }

  /** Takes a word as constant, unless it is a name. */
  #language(begin: number, stop: number): number {
    if (this.#isName(begin, stop)) return this.#variable(begin, stop);
    this.#priorBegin = this.#wordBegin;
    this.#priorEnd = this.#wordEnd;
    this.#wordBegin = begin;
    this.#wordEnd = stop;
    return stop;
  }

  /** Is this word of letters a name that somebody chose, by the words in front of it? */
  #isName(begin: number, stop: number): boolean {
    if (begin !== this.#wordEnd + 1) return false;
    const bytes = scratch;
    const mark = bytes[begin - 1];
    if (mark === 0x3d) return isNameKey(this.#text.slice(this.#wordBegin, this.#wordEnd));
    if (mark !== 0x20 || this.#wordBegin !== this.#priorEnd + 1) return false;
    const length = this.#wordEnd - this.#wordBegin;
    const isUser = length === 4 && standsAt(bytes, this.#wordBegin, "user");
    if (!isUser && !(length === 3 && standsAt(bytes, this.#wordBegin, "for"))) return false;
    const prior = this.#text.slice(this.#priorBegin, this.#priorEnd);
    const word = this.#text.slice(begin, stop);
    return isUser ? BEFORE_USER.has(prior) && !AFTER_USER.has(word) : BEFORE_FOR.has(prior) && !AFTER_FOR.has(word);
  }

  #placeholder(begin: number): number {
    PLACEHOLDER.lastIndex = begin;
    return PLACEHOLDER.test(this.#text) ? this.#variable(begin, PLACEHOLDER.lastIndex) : begin + 1;
  }

  /**
   * One word in quotes is a value, unless it is a key (`"a": 1`) or the quote is an apostrophe. Several words in quotes
   * are a value behind `key=`, unless the key says that they tell what happened (`msg="..."`).
   */
  #quoted(at: number): number {
    const bytes = scratch;
    if (at > 0 && (at === this.#variableEnd || KINDS[bytes[at - 1]] >= LETTER)) return at + 1;
    const isValue = at > 0 && bytes[at - 1] === 0x3d && this.#wordEnd === at - 1 && !this.#isMessageKey();
    for (let i = at + 1; i <= at + 1 + QUOTED_BYTES_MAX; i++) {
      if (bytes[i] === 0 || (!isValue && bytes[i] === 0x20)) break;
      if (bytes[i] !== bytes[at]) continue;
      if (i === at + 1 || bytes[i + 1] === 0x3a || bytes[i + 1] === 0x3d) break;
      this.#variable(at + 1, i);
      return i + 1;
    }
    return at + 1;
  }

  #isMessageKey(): boolean {
    return isMessageKey(this.#text.slice(this.#wordBegin, this.#wordEnd));
  }

  /** Takes text[begin, stop) as variable and gives `stop`. */
  #variable(begin: number, stop: number): number {
    if (!this.#goesOn(begin, stop)) {
      if (this.#variableEnd < 0 || !isRowGap(scratch, this.#variableEnd, begin)) this.#row = 0;
      this.#row++;
      if (this.#row <= ROW_VARIABLES_MAX) {
        this.#keep(begin);
        if (this.#row === 1) this.#rowBegin = this.#outEnd;
        this.#placeVariable();
      } else if (this.#row === ROW_VARIABLES_MAX + 1) {
        this.#outEnd = this.#rowBegin;
        this.#placeVariable();
      }
      this.#variableBegin = begin;
    }
    this.#kept = stop;
    this.#variableEnd = stop;
    return stop;
  }

  /** Text up to `end` is constant. */
  #keep(end: number): void {
    let out = this.#outEnd;
    for (let i = this.#kept; i < end; i++) output[out++] = scratch[i];
    this.#outEnd = out;
  }

  #placeVariable(): void {
    const out = this.#outEnd;
    output[out] = 0x3c;
    output[out + 1] = 0x2a;
    output[out + 2] = 0x3e;
    this.#outEnd = out + 3;
  }

  /** Is what begins here the rest of the variable before: `host:port`, a date's time, a request's protocol? */
  #goesOn(begin: number, stop: number): boolean {
    const bytes = scratch;
    const gap = begin - this.#variableEnd;
    if (this.#variableEnd < 0 || gap > 1) return false;
    const mark = bytes[this.#variableEnd];
    if (gap === 0 || mark === 0x3a || KINDS[mark] === GLUE) return true;
    if (mark === 0x2c) return isQuad(bytes, this.#variableBegin, this.#variableEnd) && isQuad(bytes, begin, stop);
    if (mark !== 0x20) return false;
    if (standsAt(bytes, begin, "HTTP/")) return bytes[this.#variableBegin] === 0x2f;
    return bytes[begin + 2] === 0x3a && isDate(bytes, this.#variableBegin, this.#variableEnd);
  }
}

function skipGlue(bytes: Uint8Array, from: number): number {
  let i = from;
  while (KINDS[bytes[i]] === GLUE) {
    if ((bytes[i] === 0x2f || bytes[i] === 0x2e) && i === from && startsPath(bytes, i)) return i;
    if ((bytes[i] === 0x2d || bytes[i] === 0x2b) && KINDS[bytes[i + 1]] === DIGIT) return i;
    i++;
  }
  return i;
}

/** Dots in a row fill up a line; they are no part of a word, and neither is glue at its end. */
function endOfWord(bytes: Uint8Array, begin: number): number {
  let i = begin;
  while (KINDS[bytes[i]] >= LETTER && (bytes[i] !== 0x2e || bytes[i + 1] !== 0x2e)) i++;
  while (i > begin && KINDS[bytes[i - 1]] === GLUE) i--;
  return i;
}

/** Lists and dumps: at most two marks or spaces between variables. */
function isRowGap(bytes: Uint8Array, begin: number, end: number): boolean {
  if (end - begin > 2) return false;
  for (let i = begin; i < end; i++) if (!" ,;|:#".includes(String.fromCharCode(bytes[i]))) return false;
  return true;
}

/** Three dots, as an IPv4 address has: proxies write a request's way as such addresses with commas between them. */
function isQuad(bytes: Uint8Array, begin: number, end: number): boolean {
  let dots = 0;
  for (let i = begin; i < end && i < begin + 16; i++) if (bytes[i] === 0x2e) dots++;
  return dots === 3;
}

function isDate(bytes: Uint8Array, begin: number, end: number): boolean {
  if (end - begin !== 10 && end - begin !== 8) return false;
  const at = end - begin === 10 ? begin + 4 : begin + 2;
  return (bytes[at] === 0x2d || bytes[at] === 0x2f || bytes[at] === 0x2e) && bytes[at + 3] === bytes[at];
}
