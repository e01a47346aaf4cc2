import { z } from "zod";
import { STRING_COLUMNS } from "../model/event-batch.ts";
import { BYTES_PATTERN, DAYS_PATTERN, DURATION_PATTERN, parseBytes, parseSeconds, writeBytes } from "./config-units.ts";
import { didYouMean } from "./spelling.ts";
import { printable } from "./terminal.ts";

/** What a format may be called: `auto`, and the names of the formats that can be parsed. */
export const FORMATS = ["auto", "combined", "common", "vhost_combined", "json", "logfmt", "text"] as const;

/** Masking rules, each of which `mask.rules` can turn off. */
export const MASK_RULES = [
  "email",
  "payment_card",
  "iban",
  "jwt",
  "bearer",
  "basic",
  "url_password",
  "secret_value",
] as const;
export type MaskRule = (typeof MASK_RULES)[number];

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Days that are kept when the file doesn't say. */
export const RETENTION_DEFAULTS = {
  events: "30d",
  dead_letters: "30d",
  partials: "7d",
} as const;

const GROUP_BY = [...STRING_COLUMNS, "status_class", "template"] as const;
const DAY_SECONDS = 86_400;
const KIB = 1024;

/** A value that is safe to show in an error message: short, in quotes, without control characters. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `"${printable(value.length > 40 ? `${value.slice(0, 40)}…` : value)}"`;
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : "a mapping";
}

/** `x is not one of a, b, c`, with a guess. */
export function notOneOf(value: unknown, allowed: readonly string[]): string {
  const guess = typeof value === "string" ? didYouMean(value, allowed) : null;
  return `${shown(value)} is not one of ${allowed.join(", ")}${guess === null ? "" : `; did you mean ${guess}?`}`;
}

/** An `error` option of zod: what is wrong with a value that is there; a missing one keeps the general words. */
function says(what: string): (issue: { readonly input?: unknown }) => string | undefined {
  return (issue) => (issue.input === undefined ? undefined : `${shown(issue.input)} ${what}`);
}

function text(lengthMax: number) {
  return z.string().min(1, { abort: true }).max(lengthMax);
}

const nameError = says('is not a name; use letters, digits, ".", "_" and "-", starting with a letter or digit');
function name(lengthMax: number) {
  return z.string({ error: nameError }).regex(namePattern(lengthMax), { error: nameError });
}
function namePattern(lengthMax: number): RegExp {
  return new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${lengthMax - 1}}$`);
}

const SOURCE_NAME_LENGTH_MAX = 200;
/** Whether a source may be called so. */
export function isSourceName(text: string): boolean {
  return namePattern(SOURCE_NAME_LENGTH_MAX).test(text);
}

function bytes(bytesMin: number, bytesMax: number) {
  const error = says('is not an amount of bytes; write a whole number, or a number and a unit, as in "32 MiB"');
  return z
    .union([z.int({ error }), z.string().regex(BYTES_PATTERN, { error })], { error })
    .transform((value, context) => {
      const amount = typeof value === "number" ? value : parseBytes(value);
      if (amount >= bytesMin && amount <= bytesMax) return amount;
      const range = `${writeBytes(bytesMin)} to ${writeBytes(bytesMax)}`;
      context.issues.push({ code: "custom", input: value, message: `${shown(value)} is not within ${range}` });
      return z.NEVER;
    });
}

function windowSeconds() {
  const error = says('is not a window size; write a number and s, m, h or d, as in "10s" or "1m"');
  return z
    .string({ error })
    .regex(DURATION_PATTERN, { error })
    .transform((value, context) => {
      const seconds = parseSeconds(value);
      if (seconds <= DAY_SECONDS) return seconds;
      context.issues.push({ code: "custom", input: value, message: `${shown(value)} is longer than 1d` });
      return z.NEVER;
    });
}

function days() {
  const error = says('is not a number of days; write it as in "30d"');
  return z
    .string({ error })
    .regex(DAYS_PATTERN, { error })
    .transform((value) => Number.parseInt(value, 10));
}

function groupBy() {
  const pattern = new RegExp(`^(${GROUP_BY.join("|")}|attributes\\..{1,200})$`);
  const error = (issue: { readonly input?: unknown }) =>
    issue.input === undefined ? undefined : notOneOf(issue.input, [...GROUP_BY, "attributes.NAME"]);
  return z.string({ error }).regex(pattern, { error });
}

const source = z.strictObject({
  name: name(SOURCE_NAME_LENGTH_MAX).describe("Name of the source, unique; also the topic of its records."),
  files: z
    .array(text(4096))
    .default([])
    .describe("Glob patterns of the files that weir run follows when it is given none."),
  format: z.enum(FORMATS).default("auto").describe("Format of its lines; auto decides once per file."),
  tenant: name(64).default("default").describe("Whose data it is."),
  service: text(200).optional().describe("service_name of its events; absent: taken from the record or the name."),
});

const rule = z.strictObject({
  name: name(64).describe("Name of the rule, unique."),
  window: windowSeconds().describe("Window size, 1s to 1d, such as 10s or 1m; windows are aligned to the epoch."),
  group_by: z
    .array(groupBy())
    .max(8)
    .describe("Columns that make the key, in order; attributes.NAME for an attribute."),
  distinct: z
    .enum(STRING_COLUMNS)
    .optional()
    .describe("Column whose distinct values are estimated per window and key."),
  where: z
    .enum(["all", "http", "body"])
    .default("all")
    .describe("Which events count: all, those with a response status (http), those with a message (body)."),
  version: z.int().min(1).max(65_535).default(1).describe("Raise it when the meaning of the rule changes."),
});

const DEFAULT_RULES = [
  {
    name: "route_10s",
    window: "10s",
    group_by: ["tenant", "service_name", "http_route", "status_class"],
    where: "all" as const,
  },
  { name: "template_10s", window: "10s", group_by: ["tenant", "service_name", "template"], where: "body" as const },
];

const maskRules = z.strictObject(
  Object.fromEntries(
    MASK_RULES.map((rule) => [rule, z.boolean().default(true).describe(`Mask what the rule ${rule} finds.`)]),
  ) as Record<MaskRule, z.ZodDefault<z.ZodBoolean>>,
);

/** The shape of `weir.yaml`: keys as written there, units parsed, defaults filled in. */
export const FILE_SCHEMA = z
  .strictObject({
    data: z
      .strictObject({
        directory: text(4096).default("./.weir").describe("Folder of the embedded store, the journal and the keys."),
      })
      .prefault({})
      .describe("Where Weir keeps its data."),
    clickhouse: z
      .strictObject({
        url: text(2048)
          .refine(isPlainHttpUrl, {
            error: "is not a plain address; write it as in http://localhost:8123, without user, password or query",
          })
          .optional()
          .describe("Address of a ClickHouse server; absent: the embedded engine, in data.directory."),
        username: text(256).default("default").describe("User at the server."),
        password: z.string().max(1024).optional().meta({ description: "Password of the user.", writeOnly: true }),
        password_file: text(4096).optional().describe("File that holds the password; instead of password."),
      })
      .prefault({})
      .describe("The ClickHouse to write to."),
    sources: z.array(source).max(10_000).default([]).describe("Where records come from."),
    batch: z
      .strictObject({
        records: z.int().min(1).max(1_000_000).default(100_000).describe("Most records in a batch."),
        bytes: bytes(64 * KIB, 256 * KIB * KIB)
          .prefault("24 MiB")
          .describe("Most bytes in a batch, 64 KiB to 256 MiB; a longer record is a batch of its own."),
        record_bytes: bytes(KIB, 64 * KIB * KIB)
          .prefault("1 MiB")
          .describe("Most bytes of one record, 1 KiB to 64 MiB; longer ones are cut."),
      })
      .prefault({})
      .describe("How much is handled as a unit."),
    rules: z.array(rule).max(1000).prefault(DEFAULT_RULES).describe("What is counted, in which windows, by which key."),
    mask: z
      .strictObject({
        enabled: z.boolean().default(true).describe("Replace personal data and secrets before anything is stored."),
        rules: maskRules.prefault({}).describe("Turns single rules off."),
        key_file: text(4096)
          .optional()
          .describe("File with the key of pseudonyms, hexadecimal; absent: keys/mask.key in data.directory."),
      })
      .prefault({})
      .describe("Masking."),
    retention: z
      .strictObject({
        events: days().prefault(RETENTION_DEFAULTS.events).describe("How long events are kept."),
        dead_letters: days().prefault(RETENTION_DEFAULTS.dead_letters).describe("How long dead letters are kept."),
        partials: days()
          .prefault(RETENTION_DEFAULTS.partials)
          .describe("How long the batches' shares of windows are kept."),
      })
      .prefault({})
      .describe(
        "After how many days data is deleted, counted from the day it was stored. The ledger is kept for good.",
      ),
    log: z
      .strictObject({ level: z.enum(LOG_LEVELS).default("info").describe("Least severe level that is written.") })
      .prefault({})
      .describe("Weir's own log, on standard error."),
  })
  .meta({ title: "weir.yaml", description: "Configuration of Weir." });

export type FileConfig = z.output<typeof FILE_SCHEMA>;

/** User, password and query would end up in logs and error messages. */
function isPlainHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return false;
  return url.username === "" && url.password === "" && url.search === "" && url.hash === "";
}

/** A node of the JSON Schema, as far as this program reads it. */
export interface JsonSchema {
  readonly type?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/** JSON Schema (draft 2020-12) of `weir.yaml`, for editors and for `weir config --schema`. */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(FILE_SCHEMA, {
    io: "input",
    target: "draft-2020-12",
    override: ({ jsonSchema }) => {
      // A section's default is the defaults of its keys, which stand there.
      if (jsonSchema.type === "object") delete jsonSchema.default;
    },
  }) as JsonSchema;
}
