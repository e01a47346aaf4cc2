import { z } from "zod";
import { alerts } from "./config-alerts.ts";
import { detection } from "./config-detection.ts";
import { format } from "./config-formats.ts";
import { breaker, kafka } from "./config-kafka.ts";
import { lookup, serviceRule } from "./config-lookups.ts";
import { mask } from "./config-mask.ts";
import { metrics } from "./config-metrics.ts";
import { DEFAULT_RULES, rule } from "./config-rules.ts";
import { serve } from "./config-serve.ts";
import { source } from "./config-sources.ts";
import { topics } from "./config-topics.ts";
import { bytes, days, text } from "./config-values.ts";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Days that are kept when the file doesn't say. */
export const RETENTION_DEFAULTS = {
  events: "30d",
  dead_letters: "30d",
  partials: "7d",
  windows: "400d",
  topics: "7d",
} as const;

const KIB = 1024;

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
    kafka,
    sources: z.array(source).max(10_000).default([]).describe("Where records come from."),
    formats: z.array(format).max(1000).default([]).describe("Formats of your own."),
    lookups: z.array(lookup).max(100).default([]).describe("Tables of your own that events are completed from."),
    service_rules: z
      .array(serviceRule)
      .max(1000)
      .default([])
      .describe("What events of records that name no service are called, by the first rule that fits."),
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
    breaker,
    rules: z.array(rule).max(1000).prefault(DEFAULT_RULES).describe("What is counted, in which windows, by which key."),
    topics,
    detection,
    alerts,
    mask,
    retention: z
      .strictObject({
        events: days().prefault(RETENTION_DEFAULTS.events).describe("How long events are kept."),
        dead_letters: days().prefault(RETENTION_DEFAULTS.dead_letters).describe("How long dead letters are kept."),
        partials: days()
          .prefault(RETENTION_DEFAULTS.partials)
          .describe("How long the batches' shares of windows are kept."),
        windows: days().prefault(RETENTION_DEFAULTS.windows).describe("How long finished windows are kept."),
        topics: days()
          .prefault(RETENTION_DEFAULTS.topics)
          .describe(
            "How long topics that Weir publishes to keep records, in the journal and where it makes them in Kafka.",
          ),
      })
      .prefault({})
      .describe(
        "After how many days data is deleted, counted from the day it was stored. The ledger is kept for good.",
      ),
    metrics,
    serve,
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
