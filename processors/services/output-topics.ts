import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type AvroCodec, createAvroCodec } from "../encode/avro.ts";
import { createPublisher } from "../journal/topic.ts";
import { createKafkaPublisher } from "../kafka/publisher.ts";
import { registerSchema } from "../kafka/schema-registry.ts";
import type { Clock, Publisher } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import { kafkaOptionsOf } from "./kafka-options.ts";
import type { Workplace } from "./workplace.ts";

/** What is published: the schema of its records, and how much of it the journal keeps, compressed. */
const OUTPUTS = {
  windows: { schema: "window.v1.avsc", bytesMax: 256 << 20 },
  anomalies: { schema: "anomaly.v1.avsc", bytesMax: 64 << 20 },
  alerts: { schema: "alert.v1.avsc", bytesMax: 64 << 20 },
} as const;

export type Output = keyof typeof OUTPUTS;

const DAY_US = 86_400_000_000;

/** Name of the topic of an output. */
export function topicOf({ topics }: Pick<Config, "topics">, output: Output): string {
  return `${topics.prefix}${output}`;
}

/** The output that has a topic of this name; null: none. */
export function outputOf(config: Pick<Config, "topics">, topic: string): Output | null {
  return (Object.keys(OUTPUTS) as Output[]).find((output) => topicOf(config, output) === topic) ?? null;
}

/** The codec of an output's records; with a schema registry, after its schema was registered there. */
export async function openCodec({ topics }: Pick<Config, "topics">, output: Output): Promise<AvroCodec> {
  const schema = readSchema(output);
  if (topics.to === "journal" || topics.registry === null) return createAvroCodec(schema);
  const subject = `${topicOf({ topics }, output)}-value`;
  return createAvroCodec(schema, { registryId: await registerSchema(topics.registry, subject, schema) });
}

/** The same for reading, which needs no registry. */
export function openReadingCodec(output: Output): AvroCodec {
  return createAvroCodec(readSchema(output));
}

function readSchema(output: Output): string {
  return readFileSync(fileURLToPath(new URL(`../../schemas/${OUTPUTS[output].schema}`, import.meta.url)), "utf8");
}

/** The publisher of an output, into the journal or into Kafka, as is configured. */
export function openPublisher(
  { journal, config }: Pick<Workplace, "journal" | "config">,
  output: Output,
  clock: Clock,
): Publisher {
  const { topics, retention } = config;
  const name = topicOf(config, output);
  const ageUsMax = retention.topicsDays * DAY_US;
  if (topics.to === "journal")
    return createPublisher(journal, name, { ageUsMax, bytesMax: OUTPUTS[output].bytesMax }, clock.nowUs);
  const made = { partitions: topics.partitions, replication: topics.replication, keepMs: ageUsMax / 1000 };
  return createKafkaPublisher({
    kafka: kafkaOptionsOf(config, null),
    name,
    topic: { ...made, name },
    progressTopic: { ...made, name: `${topics.prefix}progress`, partitions: 1, keepMs: null },
    owner: journal.id,
  });
}
