import { WeirError } from "../model/errors.ts";
import { errorType, toKafkaError } from "./kafka-error.ts";
import {
  createCluster,
  EARLIEST,
  type KafkajsBroker,
  type KafkajsCluster,
  type KafkajsLogger,
  LATEST,
  listOffset,
} from "./kafkajs-seam.ts";
import { readTopicId } from "./topic-id.ts";

export interface KafkaOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** null: no TLS. Certificates as PEM; without `ca` the usual authorities are trusted. */
  readonly tls: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null } | null;
  readonly sasl: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    /** Secret. */
    readonly password: string;
  } | null;
  /** Told what the client complains of: connections that break, requests that fail. Never a record's content. */
  readonly onWarning?: (message: string) => void;
}

const CONNECT_MS_MAX = 5000;
const REQUEST_MS_MAX = 10_000;

/** A connection to a Kafka cluster. */
export interface KafkaClient {
  readonly cluster: KafkajsCluster;
  readonly logger: KafkajsLogger;
  /** The id that the cluster gave itself when it was made. */
  readonly clusterId: string;
  /** Whether a broker knows the topic now. */
  hasTopic(topic: string): Promise<boolean>;
  /** The id that a topic was given when it was made; null: it is not there, or the brokers know of no ids. */
  topicId(topic: string): Promise<string | null>;
  /** Numbers of a topic's partitions, ascending. */
  partitionsOf(topic: string): number[];
  /** A topic that is gone must not be asked for any more, or nothing is heard of the others. */
  forgetTopic(topic: string): void;
  /** First offset that a partition has, and the end of what can be read now. */
  range(topic: string, partition: number): Promise<{ readonly begin: bigint; readonly end: bigint }>;
  /** The end of a partition's log, with what is in open transactions. */
  logEnd(topic: string, partition: number): Promise<bigint>;
  leaderOf(topic: string, partition: number): number | null;
  close(): Promise<void>;
}

/**
 * Connects, and makes sure that the topics are there. Throws KAFKA_UNREACHABLE, KAFKA_REFUSED, and SOURCE_NOT_FOUND for a
 * topic that is not there: none is ever made.
 */
export async function openKafka(options: KafkaOptions, topics: readonly string[]): Promise<KafkaClient> {
  const { cluster, logger } = createCluster({
    brokers: options.brokers,
    clientId: options.clientId,
    ssl: options.tls === null ? undefined : tlsOptions(options.tls),
    sasl: options.sasl ?? undefined,
    connectionTimeout: CONNECT_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    onLog: ({ log }) => options.onWarning?.(log.error === undefined ? log.message : `${log.message}: ${log.error}`),
  });
  try {
    await cluster.connect();
    for (const topic of topics) await addTopic(cluster, topic);
    const { clusterId } = await (await anyBroker(cluster)).metadata([...topics]);
    return asClient(cluster, logger, clusterId ?? "");
  } catch (error) {
    await cluster.disconnect().catch(() => {});
    throw toKafkaError(error, `connecting to ${options.brokers.join(", ")}`);
  }
}

/** TLS as kafkajs and Node.js take it. */
export function tlsOptions({ ca, cert, key }: NonNullable<KafkaOptions["tls"]>): object {
  return {
    ...(ca === null ? {} : { ca: [ca] }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}

async function addTopic(cluster: KafkajsCluster, topic: string): Promise<void> {
  try {
    await cluster.addMultipleTargetTopics([topic]);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new WeirError(
      "SOURCE_NOT_FOUND",
      `The topic ${topic} does not exist; create it, or correct sources[].topic.`,
      {
        cause: error,
      },
    );
  }
}

function isMissing(error: unknown): boolean {
  const type = errorType(error);
  return type === "UNKNOWN_TOPIC_OR_PARTITION" || type === "INVALID_TOPIC_EXCEPTION";
}

async function anyBroker(cluster: KafkajsCluster): Promise<KafkajsBroker> {
  let failure: unknown = new Error("no broker is known");
  for (const nodeId of cluster.getNodeIds()) {
    try {
      return await cluster.findBroker({ nodeId });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function asClient(cluster: KafkajsCluster, logger: KafkajsLogger, clusterId: string): KafkaClient {
  const leaderOf = (topic: string, partition: number): number | null => {
    const found = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition);
    return found === undefined || found.leader < 0 ? null : found.leader;
  };
  async function askLeader<T>(
    topic: string,
    partition: number,
    ask: (leader: KafkajsBroker) => Promise<T>,
  ): Promise<T> {
    try {
      await cluster.refreshMetadataIfNecessary();
      const leader = leaderOf(topic, partition);
      if (leader === null) throw new Error("the partition has no leader");
      return await ask(await cluster.findBroker({ nodeId: leader }));
    } catch (error) {
      await cluster.refreshMetadata().catch(() => {});
      throw toKafkaError(error, `asking for the offsets of ${topic}/${partition}`);
    }
  }
  return {
    cluster,
    logger,
    clusterId,
    async hasTopic(topic) {
      try {
        await (await anyBroker(cluster)).metadata([topic]);
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw toKafkaError(error, `asking for the topic ${topic}`);
      }
    },
    async topicId(topic) {
      try {
        return await readTopicId(await anyBroker(cluster), topic);
      } catch (error) {
        throw toKafkaError(error, `asking for the topic ${topic}`);
      }
    },
    partitionsOf(topic) {
      const found = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
      return found.sort((a, b) => a - b);
    },
    forgetTopic(topic) {
      cluster.targetTopics.delete(topic);
    },
    range: (topic, partition) =>
      askLeader(topic, partition, async (broker) => {
        const begin = await listOffset(broker, topic, partition, EARLIEST);
        return { begin, end: await listOffset(broker, topic, partition, LATEST) };
      }),
    logEnd: (topic, partition) =>
      askLeader(topic, partition, (broker) => listOffset(broker, topic, partition, LATEST, false)),
    leaderOf,
    close: () => cluster.disconnect(),
  };
}
