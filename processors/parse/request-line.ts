import type { ScannedLine } from "./shape.ts";
import { addValue } from "./shaped-line.ts";
import { endsAfter, endsAt } from "./value-end.ts";

const METHOD = /^[A-Za-z_-]{1,32}$/;
const METHOD_END = endsAfter(/[A-Za-z_-]/, { lengthMin: 1, lengthMax: 32 });
const URL_END = endsAt(' "', { lengthMin: 1 });
const PROTOCOL_END = endsAt(' "');

/** Adds what a request line in quotes, `METHOD target HTTP/version`, says in text[start, end); another text is the value `request`. */
export function addRequest(line: ScannedLine, text: string, start: number, end: number): void {
  const methodEnd = text.indexOf(" ", start);
  const last = text.lastIndexOf(" ", end - 1);
  const isRequest =
    methodEnd > start &&
    last > methodEnd + 1 &&
    last < end &&
    text.startsWith("HTTP/", last + 1) &&
    METHOD.test(text.slice(start, methodEnd));
  if (!isRequest) {
    addValue(line, "request", start, end);
    return;
  }
  addValue(line, "method", start, methodEnd, METHOD_END);
  addValue(line, "url", methodEnd + 1, last, URL_END);
  addValue(line, "protocol", last + 6, end, PROTOCOL_END);
}
