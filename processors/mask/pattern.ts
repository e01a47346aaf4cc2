import { RE2JS } from "re2js";
import { fromByteText, toByteText } from "../model/record.ts";
import type { Find } from "./characters.ts";
import { requiredLiteral } from "./literal.ts";

/** A rule of the configuration: what it is called, what it looks for, and where. */
export interface PatternSpec {
  /** Begins its pseudonyms: lower-case letters and "_". */
  readonly name: string;
  /** In RE2's syntax. What its first group holds is replaced, or the whole match where it has none. */
  readonly pattern: string;
  readonly replace: "pseudonym" | "remove";
  /** Columns, and attributes as `attributes.KEY`; null = everywhere. Whole lines are searched in any case. */
  readonly fields: readonly string[] | null;
}

export interface Pattern {
  readonly spec: PatternSpec;
  /** What it finds in a text that it was asked about. */
  findAll(text: string): Find[];
}

/** Instructions of a compiled pattern; more would be slow on every text. */
const PROGRAM_SIZE_MAX = 500;
/** Longer texts are searched a window at a time, and a match in them may miss its end if it is longer than half of one. */
const WINDOW_LENGTH_MAX = 1024;
/** Steps that one window may take, so that windows of large patterns are smaller. */
const WINDOW_STEPS = 100_000;
/** No more of a text is searched; the rest is withheld if it may match. */
const TEXT_LENGTH_MAX = 1 << 16;
/** Steps (instructions times characters) that matches in one text may take, some 5 ms; then its rest is withheld. */
const STEPS_MAX = 200_000;

/** Compiles a pattern, or says in a sentence part what is wrong with it. */
export function compilePattern(spec: PatternSpec): Pattern | { readonly problem: string } {
  let engine: RE2JS;
  try {
    engine = RE2JS.compile(spec.pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "";
    return { problem: `is not a pattern in RE2's syntax (${reason})` };
  }
  const size = engine.programSize();
  if (size > PROGRAM_SIZE_MAX) {
    return { problem: `is too large (${size} instructions of ${PROGRAM_SIZE_MAX}); use smaller repetitions` };
  }
  if (engine.test(""))
    return { problem: "matches the empty text, so it would match everywhere; make something required" };
  const literal = requiredLiteral(spec.pattern);
  const literalBytes = literal === null ? null : toByteText(literal);
  const windowMax = Math.min(WINDOW_LENGTH_MAX, Math.floor(WINDOW_STEPS / size));
  const half = windowMax >> 1;
  const group = engine.groupCount() > 0 ? 1 : 0;

  function findAll(text: string): Find[] {
    if (literalBytes !== null && !text.includes(literalBytes)) return [];
    const decoded = decodedText(text);
    const searched = decoded.length > TEXT_LENGTH_MAX ? decoded.slice(0, TEXT_LENGTH_MAX) : decoded;
    const offsetOf = createOffsetOf(text, decoded);
    const finds: Find[] = [];
    let steps = 0;
    let from = 0;
    let windowSize = windowMax;
    while (from < searched.length) {
      const windowEnd = Math.min(searched.length, from + windowSize);
      const window = searched.slice(0, windowEnd);
      const isLast = windowEnd === searched.length;
      if (!engine.test(from === 0 ? window : window.slice(from))) {
        if (isLast) break;
        from = windowEnd - half;
        continue;
      }
      steps += (windowEnd - from) * size;
      if (steps > STEPS_MAX) {
        finds.push(withheld(offsetOf(from), text.length));
        return finds;
      }
      const matcher = engine.matcher(window);
      if (!matcher.find(from)) {
        if (isLast) break;
        from = windowEnd - half;
        continue;
      }
      const begin = Math.max(0, matcher.start(group));
      const end = matcher.end(group);
      const matchEnd = matcher.end();
      if (matchEnd === windowEnd && !isLast && windowSize < TEXT_LENGTH_MAX) {
        windowSize *= 2;
        continue;
      }
      windowSize = windowMax;
      if (end > begin) finds.push(found(offsetOf(begin), offsetOf(end), text));
      from = Math.max(matchEnd, from + 1);
    }
    if (decoded.length > TEXT_LENGTH_MAX) {
      const begin = offsetOf(TEXT_LENGTH_MAX);
      if (literalBytes === null || text.includes(literalBytes, begin - literalBytes.length)) {
        finds.push(withheld(begin, text.length));
      }
    }
    return finds;
  }

  function found(begin: number, end: number, text: string): Find {
    if (spec.replace === "remove") return withheld(begin, end);
    return { begin, end, rule: spec.name, kind: spec.name, value: text.slice(begin, end), isSupported: true };
  }

  function withheld(begin: number, end: number): Find {
    return { begin, end, rule: spec.name, kind: "replacement", value: `<${spec.name}:withheld>`, isSupported: true };
  }

  return { spec, findAll };
}

/** As Unicode text where it is valid UTF-8; else the bytes as they are. */
function decodedText(text: string): string {
  if (!/[^\x00-\x7f]/.test(text)) return text;
  const decoded = fromByteText(text);
  return decoded.includes("\ufffd") ? text : decoded;
}

/** Byte positions of positions in the decoded text, asked in rising order or not. */
function createOffsetOf(text: string, decoded: string): (position: number) => number {
  if (text.length === decoded.length) return (position) => position;
  let known = 0;
  let bytes = 0;
  return function offsetOf(position) {
    if (position < known) known = bytes = 0;
    bytes += Buffer.byteLength(decoded.slice(known, position));
    known = position;
    return bytes;
  };
}

/**
 * Both lists as one, in the order of the text, without overlap. Where two finds overlap, the larger stretch is replaced,
 * in the name of the one that covers more; what masking left in the text is covered whole or not at all.
 */
export function mergeFinds(finds: readonly Find[], more: readonly Find[]): Find[] {
  const all = [...finds, ...more].sort((a, b) => a.begin - b.begin || b.end - a.end);
  const merged: Find[] = [];
  for (const find of all) {
    const last = merged.at(-1);
    if (last === undefined || find.begin >= last.end) merged.push(find);
    else if (find.end > last.end) {
      const larger = find.end - find.begin > last.end - last.begin ? find : last;
      merged[merged.length - 1] = { ...larger, begin: last.begin, end: find.end };
    }
  }
  return merged;
}
