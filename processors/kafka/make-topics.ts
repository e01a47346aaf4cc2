import kafkajs, { type Admin, type ITopicConfig } from "kafkajs";
import { WeirError } from "../model/errors.ts";
import { errorType, toKafkaError } from "./kafka-error.ts";

const { ConfigResourceTypes } = kafkajs;

/** A topic that is published to. */
export interface TopicSettings {
  readonly name: string;
  /** Of a topic that is made now. */
  readonly partitions: number;
  /** null: three, or as many as there are brokers. */
  readonly replication: number | null;
  /** How long records are kept in a topic that is made now; null: the newest of each key, for good. */
  readonly keepMs: number | null;
}

const REPLICATION_DEFAULT = 3;
/** What a request of the publisher holds; a topic that takes less would refuse it. */
const MESSAGE_BYTES_MIN = 1 << 20;
/** What is superseded is looked for in segments that are complete. */
const SEGMENT_MS = 3_600_000;

/** Makes topics that are not there, and looks at those that are. Throws TOPIC_SETTINGS, and what Kafka says. */
export async function makeTopics(admin: Admin, topics: readonly TopicSettings[]): Promise<void> {
  try {
    const known = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !known.has(name));
    if (missing.length > 0) await create(admin, missing);
    for (const topic of topics) if (known.has(topic.name)) await check(admin, topic);
  } catch (error) {
    throw toKafkaError(error, `making ${topics.map(({ name }) => name).join(", ")}`);
  }
}

async function create(admin: Admin, topics: readonly TopicSettings[]): Promise<void> {
  const { brokers } = await admin.describeCluster();
  const wanted = topics.map((topic): ITopicConfig => {
    const replication = topic.replication ?? Math.min(REPLICATION_DEFAULT, brokers.length);
    const settings = {
      ...(topic.keepMs === null
        ? { "cleanup.policy": "compact", "segment.ms": String(SEGMENT_MS) }
        : { "cleanup.policy": "delete", "retention.ms": String(topic.keepMs) }),
      "max.message.bytes": String(2 * MESSAGE_BYTES_MIN),
      "min.insync.replicas": String(replication > 2 ? replication - 1 : 1),
      "unclean.leader.election.enable": "false",
    };
    return {
      topic: topic.name,
      numPartitions: topic.partitions,
      replicationFactor: replication,
      configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
    };
  });
  try {
    await admin.createTopics({ topics: wanted, waitForLeaders: true });
  } catch (error) {
    // Another process was quicker.
    if (!isTaken(error)) throw error;
  }
}

function isTaken(error: unknown): boolean {
  const { errors } = error as { errors?: readonly unknown[] };
  return (errors ?? [error]).every((one) => errorType(one) === "TOPIC_ALREADY_EXISTS");
}

async function check(admin: Admin, { name, keepMs }: TopicSettings): Promise<void> {
  const { resources } = await admin.describeConfigs({
    resources: [{ type: ConfigResourceTypes.TOPIC, name, configNames: ["cleanup.policy", "max.message.bytes"] }],
    includeSynonyms: false,
  });
  const values = new Map(resources[0].configEntries.map((entry) => [entry.configName, entry.configValue]));
  const policy = values.get("cleanup.policy") ?? "";
  if (keepMs === null && policy !== "compact")
    throw wrongSettings(
      name,
      `has cleanup.policy=${policy}`,
      "cleanup.policy=compact, or it forgets what was published",
    );
  const bytesMax = Number(values.get("max.message.bytes"));
  if (bytesMax < MESSAGE_BYTES_MIN)
    throw wrongSettings(name, `has max.message.bytes=${bytesMax}`, `${MESSAGE_BYTES_MIN} or more`);
  if (keepMs !== null) return;
  const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
  const { length } = topics[0].partitions;
  if (length !== 1) throw wrongSettings(name, `has ${length} partitions`, "one");
}

function wrongSettings(topic: string, what: string, wanted: string): WeirError {
  return new WeirError(
    "TOPIC_SETTINGS",
    `The topic ${topic} ${what} where it needs ${wanted}; change it, or give topics.prefix another value.`,
  );
}
