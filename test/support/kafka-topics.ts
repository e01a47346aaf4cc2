import { randomUUID } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import kafkajs, { type Admin, type CompressionTypes, type Kafka, type Message, type Producer } from "kafkajs";
import { compressFrameSync } from "lz4-napi";
import { compressSync } from "snappy";

// Node.js itself, without vitest, does not find all of its names.
const { CompressionCodecs, CompressionTypes: CODECS, Kafka: Client, logLevel } = kafkajs;

/** Topics of a test's own on a broker, and what is put into them, by kafkajs's own producer. */
export interface KafkaTopics {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly producer: Producer;
  /** Makes a topic with a name that nobody else has. */
  make(partitions?: number, config?: Readonly<Record<string, string>>): Promise<string>;
  send(topic: string, values: readonly (string | Buffer | Message)[], options?: SendOptions): Promise<void>;
  close(): Promise<void>;
}

export interface SendOptions {
  readonly partition?: number;
  readonly compression?: CompressionTypes;
}

/** kafkajs inflates and deflates gzip alone by itself. */
function addCodecs(): void {
  const codec = (compress: (bytes: Buffer) => Buffer) => () => ({
    compress: async (encoder: { buffer: Buffer }) => compress(encoder.buffer),
    decompress: async () => {
      throw new Error("The tests never read by kafkajs's consumer.");
    },
  });
  CompressionCodecs[CODECS.Snappy] = codec((bytes) => compressSync(bytes));
  CompressionCodecs[CODECS.LZ4] = codec((bytes) => compressFrameSync(bytes));
  CompressionCodecs[CODECS.ZSTD] = codec((bytes) => zstdCompressSync(bytes));
}

export async function openTopics(brokers: string, options: object = {}): Promise<KafkaTopics> {
  addCodecs();
  const kafka = new Client({
    brokers: brokers.split(","),
    clientId: "test",
    logLevel: logLevel.NOTHING,
    retry: { retries: 20, initialRetryTime: 50, maxRetryTime: 500 },
    ...options,
  });
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await admin.connect();
  await producer.connect();
  return {
    kafka,
    admin,
    producer,
    async make(partitions = 1, config = {}) {
      const topic = `test-${randomUUID()}`;
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
      await admin.createTopics({
        topics: [{ topic, numPartitions: partitions, configEntries }],
        waitForLeaders: true,
      });
      return topic;
    },
    async send(topic, values, { partition = 0, compression } = {}) {
      const messages = values.map((value): Message => {
        if (typeof value === "string") return { value: Buffer.from(value, "latin1"), partition };
        return Buffer.isBuffer(value) ? { value, partition } : { partition, ...value };
      });
      await producer.send({ topic, messages, ...(compression === undefined ? {} : { compression }) });
    },
    async close() {
      await producer.disconnect();
      await admin.disconnect();
    },
  };
}
