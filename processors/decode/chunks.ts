import type { FrameOptions, Join } from "../model/ports.ts";
import { ENTRY_LINES_MAX } from "./join.ts";

/*
 * Container runtimes cut long lines of a program into chunks, each a line of their file, and those of stdout and stderr
 * come between each other. A record holds every chunk of the lines that are open at its beginning or become so: from a
 * place where none is open to the next such place. So records stand one behind the other, and a record can be read
 * without a memory of what came before; the lines in it are told apart by `index`.
 */

type Container = Exclude<Join, boolean>;

const STDOUT = 1;
const STDERR = 2;
const PARTIAL = 4;

/** Stream bit of a line, with PARTIAL if the program's line goes on; 0 if it is no line of a container's log. */
function chunkOf(text: string, begin: number, end: number, container: Container): number {
  if (container === "cri") {
    const space = text.indexOf(" ", begin);
    if (space < 0 || space > begin + 40 || space + 8 >= end) return 0;
    const stream = text.startsWith("stdout ", space + 1) ? STDOUT : text.startsWith("stderr ", space + 1) ? STDERR : 0;
    return stream !== 0 && text.charCodeAt(space + 8) === 80 ? stream | PARTIAL : stream;
  }
  const line = text.slice(begin, end);
  if (!line.startsWith('{"log":"')) return 0;
  const close = line.indexOf('","stream":"std');
  if (close < 0) return 0;
  const stream = line.startsWith('out"', close + 15) ? STDOUT : line.startsWith('err"', close + 15) ? STDERR : 0;
  if (stream === 0) return 0;
  if (line.charCodeAt(close - 1) !== 110) return stream | PARTIAL;
  let at = close - 2;
  while (line.charCodeAt(at) === 92) at--;
  return (close - 2 - at) % 2 === 1 ? stream : stream | PARTIAL;
}

/** End of the record whose first line is text[begin, firstEnd), as `entryEnd` gives it. */
export function chunksEnd(
  text: string,
  begin: number,
  firstEnd: number,
  container: Container,
  options: FrameOptions,
): number {
  let chunk = chunkOf(text, begin, firstEnd, container);
  if ((chunk & PARTIAL) === 0) return firstEnd;
  let open = chunk & ~PARTIAL;
  let end = firstEnd;
  for (let lines = 1; lines < ENTRY_LINES_MAX && open !== 0; lines++) {
    const lineFeed = text.indexOf("\n", end);
    if (lineFeed < 0 && !options.atEnd) return text.length - begin > options.recordBytesMax + 1 ? end : -1;
    if (end >= text.length) return end;
    const next = lineFeed < 0 ? text.length : lineFeed + 1;
    if (next - begin > options.recordBytesMax) return end;
    chunk = chunkOf(text, end, next, container);
    if (chunk === 0) return end;
    const stream = chunk & ~PARTIAL;
    open = (chunk & PARTIAL) === 0 ? open & ~stream : open | stream;
    end = next;
  }
  return end;
}
