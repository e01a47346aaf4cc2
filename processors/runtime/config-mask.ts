import { z } from "zod";
import { text } from "./config-values.ts";

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

/** The section `mask`. */
export const mask = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Replace personal data and secrets before anything is stored."),
    rules: maskRules.prefault({}).describe("Turns single rules off."),
    key_file: text(4096)
      .optional()
      .describe("File with the key of pseudonyms, hexadecimal; absent: keys/mask.key in data.directory."),
  })
  .prefault({})
  .describe("Masking.");
