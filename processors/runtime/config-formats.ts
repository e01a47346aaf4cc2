import { z } from "zod";
import { VALUE_TYPES } from "../model/own-format.ts";
import { FORMATS } from "./config-sources.ts";
import { name, says, text } from "./config-values.ts";

const PATTERN_LENGTH_MAX = 4096;
const PATTERNS_MAX = 16;
const TIME_FORMATS_MAX = 16;
const WORDS_MAX = 1000;

/** One text, or a list of them. */
function oneOrMore(lengthMax: number, countMax: number) {
  const one = text(lengthMax);
  return z
    .union([one, z.array(one).min(1).max(countMax)], { error: says("must be a text, or a list of texts") })
    .transform((value) => (typeof value === "string" ? [value] : value));
}

/** An entry of `formats`. */
export const format = z.strictObject({
  name: name(64)
    .refine((value) => !(FORMATS as readonly string[]).includes(value), {
      error: says("is the name of a built-in format"),
    })
    .describe("Name of the format, unique; what a source's format and --format name."),
  dissect: oneOrMore(PATTERN_LENGTH_MAX, PATTERNS_MAX).describe(
    "Pattern of keys and the text between them, or several, of which a line is read by the first that fits.",
  ),
  time_format: oneOrMore(256, TIME_FORMATS_MAX)
    .optional()
    .describe("How times are written, as strptime says it, or several; absent: found as in free text."),
  types: z
    .record(text(100), z.enum(VALUE_TYPES))
    .default({})
    .describe("Type of a key's values; the same as behind the key, %{key|type}."),
  columns: z
    .record(text(100), text(200))
    .default({})
    .describe("Field that a key goes to, as http.response.status_code, or attributes.NAME; absent: by the key's name."),
  severities: z
    .record(z.string().max(100), text(20))
    .refine((words) => Object.keys(words).length <= WORDS_MAX, { error: `must have at most ${WORDS_MAX} entries` })
    .default({})
    .describe(
      "What the format's own words for severities mean: trace, debug, info, notice, warn, error, critical or fatal.",
    ),
  append_separator: z
    .string()
    .max(16)
    .default(" ")
    .describe("Stands between the parts of a value that %{+key} puts together."),
  join: z.boolean().default(false).describe("Lines of a stack trace belong to the entry before them."),
  auto: z.boolean().default(false).describe("The format auto tries it too, before the built-in ones."),
});
