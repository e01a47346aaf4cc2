import { z } from "zod";
import { name, text } from "./config-values.ts";

/** The section `topics`. */
export const topics = z
  .strictObject({
    to: z
      .enum(["journal", "kafka"])
      .default("journal")
      .describe(
        "Where finished windows, anomalies and alerts are published: the journal, or the Kafka of kafka.brokers.",
      ),
    prefix: name(100)
      .default("weir.")
      .describe("What names of the topics begin with; another one for every Weir that publishes to the same Kafka."),
    partitions: z.int().min(1).max(10_000).default(4).describe("Partitions of topics that are made in Kafka."),
    replication: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe("Copies of topics that are made in Kafka; absent: 3, or as many as there are brokers."),
    registry: z
      .strictObject({
        url: text(2048)
          .regex(/^https?:\/\/[^\s@?#]+$/, {
            error: "is not a plain address; write it as in http://registry:8081, without user, password or query",
          })
          .optional()
          .describe("Schema registry; records have Confluent's framing then. Absent: Avro's single-object encoding."),
        username: text(256).optional().describe("User at the registry."),
        password: z.string().max(1024).optional().meta({ description: "Password of the user.", writeOnly: true }),
        password_file: text(4096).optional().describe("File that holds the password; instead of password."),
      })
      .prefault({})
      .describe("Where the schemas are registered."),
  })
  .prefault({})
  .describe("The topics that Weir publishes to.");

/** Where and how is published. */
export interface TopicsConfig {
  readonly to: "journal" | "kafka";
  readonly prefix: string;
  readonly partitions: number;
  /** null: as many as is usual. */
  readonly replication: number | null;
  /** null: none; records say by themselves what schema they have. */
  readonly registry: {
    readonly url: string;
    readonly username: string;
    /** Secret. Given directly or read from `passwordFile`; "" = none. */
    readonly password: string;
    readonly passwordFile: string | null;
  } | null;
}

export function toTopics(
  { to, prefix, partitions, replication, registry }: z.output<typeof topics>,
  password: string | null,
): TopicsConfig {
  return {
    to,
    prefix,
    partitions,
    replication: replication ?? null,
    registry:
      registry.url === undefined
        ? null
        : {
            url: registry.url,
            username: registry.username ?? "",
            password: password ?? registry.password ?? "",
            passwordFile: registry.password_file ?? null,
          },
  };
}

/** The section in the keys of `weir.yaml`, without a password that stands in it. */
export function writtenTopics({ to, prefix, partitions, replication, registry }: TopicsConfig, hidden: string): object {
  const password = registry === null || registry.password === "" ? {} : { password: hidden };
  return {
    to,
    prefix,
    partitions,
    ...(replication === null ? {} : { replication }),
    registry:
      registry === null
        ? {}
        : {
            url: registry.url,
            ...(registry.username === "" ? {} : { username: registry.username }),
            ...(registry.passwordFile === null ? password : { password_file: registry.passwordFile }),
          },
  };
}
