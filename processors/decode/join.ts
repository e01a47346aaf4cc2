import type { FrameOptions } from "../model/ports.ts";

/** A joined entry ends after so many lines, so that a file of indented lines is not one record. */
export const ENTRY_LINES_MAX = 1000;

/** What an entry is in the middle of: it decides what an unindented line may be. */
type Inside = "text" | "traceback" | "traceback_done" | "chain" | "go";

/** Lines that go on with whatever came before, wherever they stand. */
const CONTINUES =
  /^(?:Caused by:|Suppressed:|\.\.\. \d+ |Traceback \(most recent call last\):|--- End of|[}\])]+[,;]?$)/;
const TRACEBACK = /^Traceback \(most recent call last\):/;
/** The last line of a Python traceback: `ValueError: text`, `pkg.Error`, `KeyboardInterrupt`. */
const PYTHON_ERROR = /^[A-Za-z_][\w.]*(?::|$)/;
const PYTHON_CHAIN =
  /^(?:During handling of the above exception, another exception occurred:|The above exception was the direct cause of the following exception:)/;
const GO_PANIC = /^(?:panic: |fatal error: )/;
const GO_ROUTINE = /^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[/;
const GO_LINE = /^(?:\[signal |created by |panic: |\S+\(.*\)$)/;

/** A throwable by its full name: `java.io.IOException: gone`, `System.FormatException`. */
const THROWABLE = /^(?:[A-Za-z_$][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error|Throwable|Failure|Fault)(?::|$)/;
const CLOCK = /\d:\d\d/;
/** java.util.logging writes an entry in two lines: `Feb 29, 2024 1:02:03 PM org.example.Shop open`, `INFO: text`. */
const TWO_LINE_HEAD = /^[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d\s[AP]M \S+(?: \S+)?$/;
const SECOND_OF_TWO = /^(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): /;
/** First characters of such lines besides small letters. */
const MAY_BE_SECOND = "CFISW";

/** `  1234:20260102:030405.678 …`: some programs indent all their lines. */
const INDENTED_TIME =
  /^[ \t]{1,64}\[?(?:\d{1,10}:)?(?:\d{4}([-/.])\d\d\1\d\d[T :-]{1,2}\d\d[:.]\d\d|\d{8}[T :-]\d{6}(?!\d)|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)/;
const PID_TIME = /^\d{1,10}:\d{8}:\d{6}/;

const SPACE = 32;
const TAB = 9;

/**
 * End of the entry whose first line is text[begin, firstEnd) (line end included): the position after its last line, or
 * -1 when the text ends before that can be told.
 *
 * Belong to an entry: indented lines; `Caused by:`, `Suppressed:`, `... 12 more`; a Python traceback whole, with its
 * unindented last line and the exceptions chained to it; .NET's `--- End of`; Go's `goroutine 1 [running]:` blocks;
 * lines of closing brackets; behind a line with a time, the name of a throwable, and the second line of java.util.logging.
 * A blank line ends an entry unless a chained exception or a Go block follows it at once. An indented line that begins with
 * a time starts an entry, unless it stands below an unindented line with a time.
 */
export function entryEnd(text: string, begin: number, firstEnd: number, options: FrameOptions): number {
  const first = lineAt(text, begin, firstEnd);
  if (isBlank(first)) return firstEnd;
  let inside = insideAfter("text", first);
  let end = firstEnd;
  let lines = 1;
  let position = firstEnd;
  let wasBlank = false;
  for (;;) {
    if (lines >= ENTRY_LINES_MAX) return end;
    const lineFeed = text.indexOf("\n", position);
    if (lineFeed < 0) {
      if (!options.atEnd) {
        // One byte of slack, as a "\r" at the end may turn out not to count.
        return text.length - begin > options.recordBytesMax + 1 ? end : -1;
      }
      if (position >= text.length) return end;
    }
    const next = lineFeed < 0 ? text.length : lineFeed + 1;
    const isSecond = lines === 1 && mayBeSecond(text, position);
    if (!wasBlank && !isSecond && isPlainStart(text.charCodeAt(position), inside)) return end;
    const line = lineAt(text, position, next);
    if (position + line.length - begin > options.recordBytesMax) return end;
    if (!wasBlank && isIndented(line) && startsIndented(first, line)) return end;
    if (isBlank(line)) {
      if (wasBlank || !mayFollowBlank(inside)) return end;
      wasBlank = true;
      lines++;
    } else {
      const isOfEntry = wasBlank
        ? continuesAfterBlank(inside, line)
        : continues(inside, line) || (isSecond && isSecondOf(first, line));
      if (!isOfEntry) return end;
      inside = insideAfter(inside, line);
      lines += 1;
      end = next;
      wasBlank = false;
    }
    position = next;
  }
}

/** A line without its line end. */
function lineAt(text: string, begin: number, next: number): string {
  let end = next;
  if (end > begin && text.charCodeAt(end - 1) === 10) end--;
  if (end > begin && text.charCodeAt(end - 1) === 13) end--;
  return text.slice(begin, end);
}

function isBlank(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const char = line.charCodeAt(i);
    if (char !== SPACE && char !== TAB) return false;
  }
  return true;
}

/** The usual case without a look at the whole line: a digit or most letters can't continue anything. */
function isPlainStart(char: number, inside: Inside): boolean {
  if (inside !== "text") return false;
  if (char >= 0x30 && char <= 0x39) return true;
  // C, S, T and g begin words that may continue an entry.
  return char >= 0x41 && char <= 0x7a && !(char === 67 || char === 83 || char === 84 || char === 103 || char === 93);
}

function mayBeSecond(text: string, at: number): boolean {
  const char = text.charCodeAt(at);
  return (char >= 0x61 && char <= 0x7a) || MAY_BE_SECOND.includes(text[at] ?? "\n");
}

/** Does a line that says of itself nothing about it belong to the first one? */
function isSecondOf(first: string, line: string): boolean {
  if (SECOND_OF_TWO.test(line)) return TWO_LINE_HEAD.test(first);
  return THROWABLE.test(line) && CLOCK.test(first) && !THROWABLE.test(first);
}

function isIndented(line: string): boolean {
  const char = line.charCodeAt(0);
  return char === SPACE || char === TAB;
}

/** Does an indented line start an entry, so that the one that began with the first line ends? */
function startsIndented(first: string, line: string): boolean {
  return INDENTED_TIME.test(line) && (isIndented(first) || !CLOCK.test(first) || PID_TIME.test(first));
}

function continues(inside: Inside, line: string): boolean {
  if (isIndented(line)) return true;
  if (CONTINUES.test(line) || GO_ROUTINE.test(line)) return true;
  if (inside === "traceback") return PYTHON_ERROR.test(line);
  if (inside === "traceback_done") return PYTHON_CHAIN.test(line);
  return inside === "go" && GO_LINE.test(line);
}

function mayFollowBlank(inside: Inside): boolean {
  return inside === "traceback_done" || inside === "chain" || inside === "go";
}

function continuesAfterBlank(inside: Inside, line: string): boolean {
  if (inside === "traceback_done") return PYTHON_CHAIN.test(line);
  if (inside === "chain") return TRACEBACK.test(line);
  return GO_ROUTINE.test(line);
}

function insideAfter(inside: Inside, line: string): Inside {
  if (TRACEBACK.test(line)) return "traceback";
  if (GO_ROUTINE.test(line) || GO_PANIC.test(line)) return "go";
  if (inside === "traceback" && !isIndented(line)) return "traceback_done";
  if (inside === "traceback_done" && PYTHON_CHAIN.test(line)) return "chain";
  return inside;
}
