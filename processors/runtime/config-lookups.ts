import { z } from "zod";
import { STRING_COLUMNS } from "../model/event-batch.ts";
import { LOOKUP_COLUMNS } from "../model/lookups.ts";
import { name, notOneOf, text } from "./config-values.ts";

const ATTRIBUTE = "attributes\\..{1,200}";
/** Layouts name columns; nothing is looked up by them. */
const FIELDS = STRING_COLUMNS.filter((column) => column !== "line_layout");

function oneOfOrAttribute(columns: readonly string[]) {
  const error = (issue: { readonly input?: unknown }) =>
    issue.input === undefined ? undefined : notOneOf(issue.input, [...columns, "attributes.NAME"]);
  return z.string({ error }).regex(new RegExp(`^(${columns.join("|")}|${ATTRIBUTE})$`), { error });
}

/** An entry of `lookups`. */
export const lookup = z.strictObject({
  name: name(64).describe("Name of the lookup, unique."),
  file: text(4096).describe("CSV or JSON file, or a database of addresses (.mmdb); read again when it changes."),
  key_column: text(200).optional().describe("Column of the file that is compared with the field; not for .mmdb."),
  field: oneOfOrAttribute(FIELDS)
    .default("client_address")
    .describe("Column of events, or attributes.NAME, whose masked value is looked up."),
  columns: z
    .record(text(200), oneOfOrAttribute(LOOKUP_COLUMNS))
    .refine((columns) => Object.keys(columns).length > 0 && Object.keys(columns).length <= 64, {
      error: "must have 1 to 64 entries",
    })
    .describe(
      "Column of the file (of .mmdb: a path, such as city.names.en): attributes.NAME, service_name or geo_country_iso_code.",
    ),
});

/** An entry of `service_rules`. */
export const serviceRule = z
  .strictObject({
    field: oneOfOrAttribute(FIELDS).describe("Column of events, or attributes.NAME, that is compared, masked."),
    equals: text(1000).optional().describe("The whole value."),
    prefix: text(1000).optional().describe("What the value begins with."),
    suffix: text(1000).optional().describe("What the value ends with."),
    pattern: text(1000).optional().describe("The value, with * for any text and ? for one character."),
    service: text(200).describe("service_name of events that fit and whose records name no service."),
  })
  .refine(
    ({ equals, prefix, suffix, pattern }) =>
      [equals, prefix, suffix, pattern].filter((one) => one !== undefined).length === 1,
    { error: "must have exactly one of equals, prefix, suffix and pattern" },
  );
