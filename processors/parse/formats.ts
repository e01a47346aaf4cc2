import { COMBINED, COMMON, VHOST_COMBINED } from "./access.ts";
import { JSON_LINES } from "./json.ts";
import type { Format } from "./line-parser.ts";
import { LOGFMT } from "./logfmt.ts";
import { TEXT } from "./text.ts";

/** Every format, the stricter of two that read the same line first. To add one: write its file, list it here, add its examples to test/golden. */
export const FORMATS: readonly Format[] = [VHOST_COMBINED, COMMON, COMBINED, JSON_LINES, LOGFMT, TEXT];

export const FORMAT_NAMES: readonly string[] = FORMATS.map((format) => format.name);

export function formatByName(name: string): Format {
  const format = FORMATS.find((candidate) => candidate.name === name);
  if (format === undefined) throw new RangeError(`There is no format ${name}.`);
  return format;
}
