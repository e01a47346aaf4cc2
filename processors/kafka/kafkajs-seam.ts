import { createRequire } from "node:module";
import { PartitionAssigners } from "kafkajs";
import { WeirError } from "../model/errors.ts";

/*
 * The parts of kafkajs that Weir drives itself, below its consumer: the cluster with its connections, and the group's
 * member. What the consumer would add is what must not happen here: it decodes every record into an object, goes to
 * another offset by itself when the one asked for is out of range, passes over control records in silence, and lets one slow
 * partition hold up all others of a broker. None of this is public, so the version is pinned, and test/kafka/kafkajs-seam.test.ts
 * fails when another one is installed or one of these parts changed its shape.
 */

export const KAFKAJS_VERSION = "2.2.4";

const load = createRequire(import.meta.url);

export interface KafkajsLog {
  readonly level: number;
  readonly log: { readonly message: string; readonly error?: unknown; readonly broker?: unknown };
}

export interface KafkajsLogger {
  namespace(name: string): KafkajsLogger;
}

export interface TopicOffsets {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly offset?: string;
    readonly metadata?: string | null;
    readonly timestamp?: number;
  }[];
}

/** A request with the reader of its answer. */
export interface ProtocolRequest {
  readonly request: { readonly apiVersion: number };
  readonly response: {
    decode(payload: Buffer): Promise<unknown>;
    parse(decoded: unknown): Promise<unknown>;
  };
  readonly requestTimeout?: number;
}

export interface FetchTopic {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly fetchOffset: string;
    readonly maxBytes: number;
  }[];
}

export interface KafkajsBroker {
  readonly connectionPool: { send(request: ProtocolRequest): Promise<unknown> };
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null;
  lookupRequest(apiKey: number, request: unknown): (request: Readonly<Record<string, unknown>>) => ProtocolRequest;
  disconnect(): Promise<void>;
  metadata(topics: readonly string[]): Promise<{ readonly clusterId: string | null }>;
  listOffsets(request: { isolationLevel: number; topics: readonly TopicOffsets[] }): Promise<{
    responses: { topic: string; partitions: { partition: number; errorCode: number; offset: string }[] }[];
  }>;
  offsetFetch(request: { groupId: string; topics: readonly TopicOffsets[] }): Promise<{
    responses: { topic: string; partitions: { partition: number; offset: string; metadata: string | null }[] }[];
  }>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  offsetCommit(request: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: readonly TopicOffsets[];
  }): Promise<unknown>;
}

export interface PartitionMetadata {
  readonly partitionId: number;
  readonly leader: number;
}

export interface KafkajsCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  targetTopics: Set<string>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  getNodeIds(): readonly string[];
  findBroker(request: { nodeId: number | string }): Promise<KafkajsBroker>;
  findGroupCoordinator(request: { groupId: string }): Promise<KafkajsBroker>;
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
}

export interface KafkajsConsumerGroup {
  coordinator: KafkajsBroker;
  generationId: number;
  memberId: string | null;
  connect(): Promise<void>;
  joinAndSync(): Promise<void>;
  heartbeat(options: { interval: number }): Promise<void>;
  leave(): Promise<void>;
  assigned(): readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  checkForStaleAssignment(): void;
}

type Constructor<T> = new (options: Readonly<Record<string, unknown>>) => T;

interface RequestQueue {
  throttledUntil: number;
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

const Cluster = load("kafkajs/src/cluster") as Constructor<KafkajsCluster>;
const ConsumerGroup = load("kafkajs/src/consumer/consumerGroup") as Constructor<KafkajsConsumerGroup>;
const socketFactory = load("kafkajs/src/network/socketFactory") as () => unknown;
const { createLogger } = load("kafkajs/src/loggers") as {
  createLogger(options: { level: number; logCreator: () => (entry: KafkajsLog) => void }): KafkajsLogger;
};
const { requests } = load("kafkajs/src/protocol/requests") as { requests: { readonly Fetch: unknown } };
const Encoder = load("kafkajs/src/protocol/encoder") as new () => { writeBufferInternal(bytes: Buffer): void };
const RequestQueue = load("kafkajs/src/network/requestQueue") as { prototype: RequestQueue };

/**
 * Without anything pending or throttled, kafkajs asks itself every millisecond whether something is (and newer Node.js
 * warns of its negative timeout).
 */
const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;
RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleWhenNeeded(this: RequestQueue) {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
};

/** What kafkajs is told about retrying one request; Weir's own loops go on after that. */
const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1000 };
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

export interface ClusterOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: object | undefined;
  readonly sasl: object | undefined;
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly onLog: (entry: KafkajsLog) => void;
}

const LOG_WARN = 2;

export function createCluster(options: ClusterOptions): { cluster: KafkajsCluster; logger: KafkajsLogger } {
  const { version } = load("kafkajs/package.json") as { version: string };
  if (version !== KAFKAJS_VERSION)
    throw new WeirError(
      "INTERNAL",
      `kafkajs ${version} is installed where Weir needs ${KAFKAJS_VERSION}; install the pinned version.`,
    );
  const { onLog, ...rest } = options;
  const logger = createLogger({ level: LOG_WARN, logCreator: () => onLog });
  const cluster = new Cluster({
    ...rest,
    logger,
    socketFactory: socketFactory(),
    retry: RETRY,
    authenticationTimeout: options.connectionTimeout,
    reauthenticationThreshold: 10_000,
    enforceRequestTimeout: true,
    metadataMaxAge: 30_000,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: READ_COMMITTED,
  });
  return { cluster, logger };
}

export interface GroupOptions {
  readonly cluster: KafkajsCluster;
  readonly logger: KafkajsLogger;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  /** Told when the group's coordinator has answered a heartbeat. */
  readonly onHeartbeat: () => void;
}

export function createConsumerGroup(options: GroupOptions): KafkajsConsumerGroup {
  const { cluster, onHeartbeat, ...rest } = options;
  return new ConsumerGroup({
    ...rest,
    cluster,
    retry: RETRY,
    topicConfigurations: {},
    assigners: [PartitionAssigners.roundRobin({ cluster } as never)],
    instrumentationEmitter: {
      emit(event: string) {
        if (event === "consumer.heartbeat") onHeartbeat();
      },
    },
    autoCommit: false,
    isolationLevel: READ_COMMITTED,
    metadataMaxAge: 30_000,
  });
}

const FETCH = 1;
/** Kafka 2.3 and later. */
const FETCH_VERSION = 11;

export interface FetchRequest {
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly FetchTopic[];
}

/** Fetches with a reader of our own: kafkajs sends the request and finds its answer, whose bytes it does not look at. */
export async function fetchRaw(broker: KafkajsBroker, fetch: FetchRequest): Promise<Buffer> {
  const protocol = broker.lookupRequest(FETCH, requests.Fetch)({ ...fetch, isolationLevel: READ_COMMITTED });
  const { apiVersion } = protocol.request;
  if (apiVersion !== FETCH_VERSION)
    throw new WeirError(
      "KAFKA_REFUSED",
      `The broker speaks version ${apiVersion} of fetch, where ${FETCH_VERSION} is needed; use Kafka 2.3 or later.`,
    );
  try {
    const response = {
      decode: async (payload: Buffer) => ({ payload, clientSideThrottleTime: payload.readInt32BE(0) }),
      parse: async (decoded: unknown) => (decoded as { payload: Buffer }).payload,
    };
    return (await broker.connectionPool.send({ ...protocol, response })) as Buffer;
  } catch (error) {
    if ((error as { name?: string }).name === "KafkaJSConnectionClosedError") await broker.disconnect();
    throw error;
  }
}

export interface RawRequest {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  /** What comes after the client's name in the header. */
  readonly body: Buffer;
}

/** Sends a request that kafkajs does not know; gives the answer's bytes after the header's number. */
export async function sendRaw(broker: KafkajsBroker, { body, ...request }: RawRequest): Promise<Buffer> {
  const response = {
    decode: async (payload: Buffer) => ({ payload, clientSideThrottleTime: 0 }),
    parse: async (decoded: unknown) => (decoded as { payload: Buffer }).payload,
  };
  const encode = async () => {
    const encoder = new Encoder();
    encoder.writeBufferInternal(body);
    return encoder;
  };
  return (await broker.connectionPool.send({ request: { ...request, encode }, response } as ProtocolRequest)) as Buffer;
}

/** Offsets that stand for the ends of a log in ListOffsets. */
export const LATEST = -1;
export const EARLIEST = -2;

/** `isCommitted`: the latest is where the first open transaction begins, and not the end of the log. */
export async function listOffset(
  broker: KafkajsBroker,
  topic: string,
  partition: number,
  timestamp: number,
  isCommitted = true,
): Promise<bigint> {
  const { responses } = await broker.listOffsets({
    isolationLevel: isCommitted ? READ_COMMITTED : READ_UNCOMMITTED,
    topics: [{ topic, partitions: [{ partition, timestamp }] }],
  });
  return BigInt(responses[0].partitions[0].offset);
}
