import { z } from "zod";
import { name, namePattern, says, seconds, text } from "./config-values.ts";

/** What a format may be called: `auto`, and the names of the formats that can be parsed. */
export const FORMATS = [
  "auto",
  "docker",
  "cri",
  "combined",
  "common",
  "vhost_combined",
  "nginx_error",
  "apache_error",
  "alb",
  "elb",
  "cef",
  "leef",
  "w3c",
  "syslog",
  "json",
  "logfmt",
  "text",
  "avro",
] as const;

const SOURCE_NAME_LENGTH_MAX = 200;
/** Whether a source may be called so. */
export function isSourceName(text: string): boolean {
  return namePattern(SOURCE_NAME_LENGTH_MAX).test(text);
}

/** Whether the IANA database has such a zone. */
function isTimezone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: text });
    return /^[A-Za-z]/.test(text);
  } catch {
    return false;
  }
}
/** What holds for sources that the file doesn't name. */
export const PUNCTUALITY_DEFAULTS = { disorder: "10s", lateness: "1d" } as const;

/** What Kafka takes for a topic's name. */
const TOPIC_PATTERN = /^[A-Za-z0-9._-]{1,249}$/;

/** An entry of `sources`. */
export const source = z.strictObject({
  name: name(SOURCE_NAME_LENGTH_MAX).describe(
    "Name of the source, unique; also the topic of the records of its files.",
  ),
  files: z
    .array(text(4096))
    .default([])
    .describe("Glob patterns of the files that weir run follows when it is given none."),
  topic: z
    .string()
    .regex(TOPIC_PATTERN, { error: says('is no topic; use up to 249 letters, digits, ".", "_" and "-"') })
    .optional()
    .describe("Kafka topic that weir process reads; its format must be declared."),
  format: name(64)
    .default("auto")
    .describe(
      "Format of its lines: auto, which decides once per file, a built-in one (avro: of topics only), or a name in formats.",
    ),
  tenant: name(64).default("default").describe("Whose data it is."),
  timezone: text(64)
    .refine(isTimezone, "There is no such time zone; use a name such as Europe/Berlin.")
    .default("UTC")
    .describe("Time zone of times that are written without one, by its name in the IANA database."),
  disorder: seconds(7)
    .prefault(PUNCTUALITY_DEFAULTS.disorder)
    .describe("How much event times may be out of order; windows are closed so much later."),
  lateness: seconds(366)
    .prefault(PUNCTUALITY_DEFAULTS.lateness)
    .describe("How late events may be and still revise their windows; weir load knows no limit."),
  service: text(200).optional().describe("service_name of its events; absent: taken from the record or the name."),
});
