import type { Transaction } from "kafkajs";
import { WeirError } from "../model/errors.ts";
import type { KafkaOptions } from "./client.ts";
import { errorType, toKafkaError } from "./kafka-error.ts";
import { createKafkajs, LZ4 } from "./kafkajs-client.ts";

export interface SenderOptions {
  readonly kafka: KafkaOptions;
  /** Name that nobody else sends by. Who opens it again shuts out whoever had it. */
  readonly name: string;
  readonly topic: string;
  /** Key of every record: they all go to one partition, and keep their order. */
  readonly key: string;
}

export interface SentRecord {
  readonly value: Buffer;
  readonly headers?: Readonly<Record<string, Buffer>>;
}

/**
 * Appends to a topic, each record once: records and the position that they were taken from become visible together, in one
 * transaction, or not at all. After any error a sender is of no more use: the next one tells how far it came.
 */
export interface Sender {
  /** How far senders of this name came; null: nothing is known. */
  readonly position: bigint | null;
  send(records: readonly SentRecord[]): Promise<void>;
  /** Makes visible what was sent, and the position after it. */
  commit(position: bigint): Promise<void>;
  close(): Promise<void>;
}

/** Shuts out older senders of the name and undoes what they did not complete; then asks how far they came. */
export async function openSender(options: SenderOptions): Promise<Sender> {
  const { kafka, name, topic, key } = options;
  const client = createKafkajs(kafka);
  const producer = client.producer({ transactionalId: name, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  const admin = client.admin();
  let transaction: Transaction | null = null;
  let position: bigint | null = null;
  try {
    await producer.connect();
    // This is what shuts the others out; only then is the position the last one.
    transaction = await producer.transaction();
    await admin.connect();
    const [{ partitions }] = await admin.fetchOffsets({ groupId: name, topics: [topic] });
    const offset = BigInt(partitions.find(({ partition }) => partition === 0)?.offset ?? -1);
    position = offset < 0n ? null : offset;
  } catch (error) {
    await producer.disconnect().catch(() => {});
    throw sendError(error, topic);
  } finally {
    await admin.disconnect().catch(() => {});
  }

  async function tried<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    try {
      transaction ??= await producer.transaction();
      return await work(transaction);
    } catch (error) {
      throw sendError(error, topic);
    }
  }

  return {
    position,
    async send(records) {
      const messages = records.map((record) => ({ key, ...record }));
      await tried((open) => open.send({ topic, messages, compression: LZ4 }));
    },
    async commit(next) {
      await tried(async (open) => {
        // A group of this name that nobody joins: its offset is the file's, not the topic's.
        const partitions = [{ partition: 0, offset: String(next) }];
        await open.sendOffsets({ consumerGroupId: name, topics: [{ topic, partitions }] });
        await open.commit();
      });
      transaction = null;
    },
    async close() {
      // What was sent and not completed would hold up those who read the topic until the broker gives up waiting.
      await transaction?.abort().catch(() => {});
      await producer.disconnect().catch(() => {});
    },
  };
}

function sendError(error: unknown, topic: string): WeirError {
  if (/MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE/.test(errorType(error)))
    return new WeirError(
      "KAFKA_REFUSED",
      `The topic ${topic} does not take a record that long; raise its max.message.bytes or lower batch.record_bytes.`,
      { cause: error },
    );
  return toKafkaError(error, `sending to ${topic}`);
}
