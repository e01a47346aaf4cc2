import { z } from "zod";
import { STRING_COLUMNS } from "../model/event-batch.ts";
import { shown, text } from "./config-values.ts";

/** Masking rules, each of which `mask.rules` can turn off. */
export const MASK_RULES = [
  "email",
  "payment_card",
  "iban",
  "phone",
  "national_id",
  "jwt",
  "bearer",
  "basic",
  "url_password",
  "secret_value",
  "cloud_key",
  "private_key",
] as const;
export type MaskRule = (typeof MASK_RULES)[number];

const maskRules = z.strictObject(
  Object.fromEntries(
    MASK_RULES.map((rule) => [rule, z.boolean().default(true).describe(`Mask what the rule ${rule} finds.`)]),
  ) as Record<MaskRule, z.ZodDefault<z.ZodBoolean>>,
);

/** Columns that are not masked, or made by Weir: they name the stream. */
const NOT_MASKED = ["tenant", "source", "format", "line_layout"];
const FIELDS = STRING_COLUMNS.filter((name) => !NOT_MASKED.includes(name));
const FIELDS_MAX = 200;
const PATTERNS_MAX = 50;
const PATTERN_LENGTH_MAX = 500;

function field() {
  const error = (issue: { readonly input?: unknown }) =>
    `${shown(issue.input)} is no field that can be masked; write attributes.NAME, or one of ${FIELDS.join(", ")}`;
  return z.string({ error }).regex(new RegExp(`^(${FIELDS.join("|")}|attributes\\..{1,200})$`), { error });
}

/** Names that pseudonyms begin with already. */
const RESERVED = ["email", "card", "iban", "phone", "national_id", "secret", "jwt", "line", "payload"];

const pattern = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z_]{0,31}$/, { error: 'is not a name for a pattern; use lower-case letters and "_", 32 at most' })
    .refine((name) => !RESERVED.includes(name), {
      error: (issue) => `${shown(issue.input)} is the name of a rule that Weir has`,
    })
    .describe("Name of the rule, unique; its pseudonyms begin with it."),
  pattern: text(PATTERN_LENGTH_MAX)
    .refine((value) => !/\(\?(?:[=!]|<[=!])/.test(withoutEscapes(value)), {
      error:
        "looks ahead or behind ((?=, (?!, (?<=, (?<!), which takes more than linear time; put what is to be replaced in a group instead",
      abort: true,
    })
    .refine((value) => !/\\[1-9]|\\k<|\(\?P=/.test(value.replaceAll("\\\\", "")), {
      error: "refers back to a group (\\1, \\k<name>), which takes more than linear time; write what is repeated",
      abort: true,
    })
    .describe(
      "What is masked, in RE2's syntax: no look-around, no back-references. With a group, what the first one holds.",
    ),
  replace: z
    .enum(["pseudonym", "remove"])
    .default("pseudonym")
    .describe("What becomes of it: a pseudonym, or nothing but the rule's name."),
  fields: z.array(field()).min(1).max(FIELDS_MAX).optional().describe("Where it is looked for; absent: everywhere."),
});

/** Without escaped characters, whose brackets are none. */
function withoutEscapes(value: string): string {
  return value.replace(/\\./g, "");
}

/** The section `mask`. */
export const mask = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Replace personal data and secrets before anything is stored."),
    rules: maskRules.prefault({}).describe("Turns single rules off."),
    patterns: z.array(pattern).max(PATTERNS_MAX).default([]).describe("Masking rules of your own."),
    allow: z
      .array(field())
      .max(FIELDS_MAX)
      .default([])
      .describe("Columns and attributes.NAME that are never masked, not even under secret keys."),
    deny: z
      .array(field())
      .max(FIELDS_MAX)
      .default([])
      .describe("Columns and attributes.NAME whose values are replaced whole by a pseudonym."),
    key_file: text(4096)
      .optional()
      .describe("File with the key of pseudonyms, hexadecimal; absent: keys/mask.key in data.directory."),
  })
  .prefault({})
  .describe("Masking.");
