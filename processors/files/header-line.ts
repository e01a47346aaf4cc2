import { HEADER_LENGTH_MAX } from "../model/record.ts";
import type { ByteReader } from "./byte-reader.ts";

/*
 * Some formats say in a line how those after it are read (`#Fields:` of W3C logs). Whoever reads from the middle must be
 * told the last such line before.
 */

const CHUNK_BYTES = 1 << 20;
const CARRIAGE_RETURN = 13;

/** The last line of text[begin, end), which begins with a line, that begins with a prefix; null if there is none. */
export function lastHeader(text: string, begin: number, end: number, prefix: string): string | null {
  let at = end;
  for (;;) {
    at = at <= begin ? -1 : text.lastIndexOf(`\n${prefix}`, at - 1);
    const lineAt = at >= begin ? at + 1 : text.startsWith(prefix, begin) ? begin : -1;
    if (lineAt < 0) return null;
    const lineFeed = text.indexOf("\n", lineAt);
    let lineEnd = lineFeed < 0 || lineFeed > end ? end : lineFeed;
    if (text.charCodeAt(lineEnd - 1) === CARRIAGE_RETURN) lineEnd--;
    if (lineAt < end && lineEnd - lineAt <= HEADER_LENGTH_MAX) return text.slice(lineAt, lineEnd);
    if (lineAt === begin) return null;
  }
}

/** The last header before a position, looked for in the bytes from a line's beginning on; `known` is the one before that. */
export async function headerBefore(
  bytes: ByteReader,
  from: number,
  to: number,
  prefix: string,
  known: string,
): Promise<string> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let header = known;
  let rest = "";
  for (let position = from; position < to; ) {
    const count = await bytes.read(position, buffer, 0, Math.min(CHUNK_BYTES, to - position));
    if (count === 0) break;
    position += count;
    const text = rest + buffer.toString("latin1", 0, count);
    const whole = position >= to ? text.length : text.lastIndexOf("\n") + 1;
    header = lastHeader(text, 0, whole, prefix) ?? header;
    // Of a line that is longer than a header may be nothing but its being so is needed.
    rest = text.slice(whole);
    if (rest.length > 2 * HEADER_LENGTH_MAX) rest = rest.slice(0, 2 * HEADER_LENGTH_MAX);
  }
  return header;
}
