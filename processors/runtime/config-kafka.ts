import { z } from "zod";
import { name, shown, text, windowSeconds } from "./config-values.ts";

const BROKERS_MAX = 100;
const BROKER_PATTERN = /^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$/;

/** `host:port`, as a list or as one text with commas, which a variable can hold; gives a list. */
const brokers = z.union([z.array(text(300)).max(BROKERS_MAX), z.string().max(4096)]).transform((value, context) => {
  const list = typeof value === "string" ? value.split(",").map((part) => part.trim()) : value;
  const broken = list.find((broker) => !BROKER_PATTERN.test(broker));
  if (broken === undefined) return list;
  const message = `${shown(broken)} is no broker; write host:port, as in kafka.example.org:9092`;
  context.issues.push({ code: "custom", input: value, message });
  return z.NEVER;
});

/** The section `kafka`. */
export const kafka = z
  .strictObject({
    brokers: brokers.prefault([]).describe("Brokers to ask first, as host:port; a list, or one text with commas."),
    client_id: name(200).default("weir").describe("What the brokers call this program in their logs and quotas."),
    group: name(200)
      .default("weir")
      .describe("Consumer group; processors of one group share the partitions, and the group keeps what is done."),
    session: windowSeconds()
      .prefault("15s")
      .describe("Without a sign of life for so long, the group gives a processor's partitions to others; 2s or more."),
    tls: z
      .strictObject({
        enabled: z.boolean().default(false).describe("Speak TLS with the brokers."),
        ca_file: text(4096).optional().describe("Certificates to trust (PEM) instead of the usual authorities."),
        cert_file: text(4096).optional().describe("Certificate of this program (PEM), where the brokers want one."),
        key_file: text(4096).optional().describe("Its private key (PEM)."),
      })
      .prefault({})
      .describe("Encryption of the connections."),
    sasl: z
      .strictObject({
        mechanism: z
          .enum(["plain", "scram-sha-256", "scram-sha-512"])
          .optional()
          .describe("How this program proves who it is; absent: not at all."),
        username: text(256).optional().describe("User at the brokers."),
        password: z.string().max(1024).optional().meta({ description: "Password of the user.", writeOnly: true }),
        password_file: text(4096).optional().describe("File that holds the password; instead of password."),
      })
      .prefault({})
      .describe("Account at the brokers."),
    schemas: z
      .array(
        z.strictObject({
          file: text(4096).describe("File of the schema (.avsc): a record, or an array of records."),
          id: z
            .int()
            .min(0)
            .max(0xffff_ffff)
            .optional()
            .describe("Its number in the registry of whoever writes; absent: records name it by its fingerprint only."),
        }),
      )
      .max(1000)
      .default([])
      .describe("Schemas by which records of the format avro may be written, besides Weir's own log_record.v1."),
  })
  .prefault({})
  .describe("The Kafka that weir process reads the topics of the sources from.");

/** The section `breaker`. */
export const breaker = z
  .strictObject({
    consecutive: z.int().min(1).max(1_000_000_000).default(1000).describe("Most dead letters in a row."),
    ratio: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("Largest share of dead letters among the last 10,000 records, 0 to 1; 1: any."),
  })
  .prefault({})
  .describe("When weir process stops a partition instead of making dead letters of everything.");
