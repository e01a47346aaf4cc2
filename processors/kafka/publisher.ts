import type { Message, Producer, Transaction } from "kafkajs";
import { WeirError } from "../model/errors.ts";
import type { Publisher, TopicRecord } from "../model/ports.ts";
import type { KafkaOptions } from "./client.ts";
import { errorType, toKafkaError } from "./kafka-error.ts";
import { createKafkajs, LZ4 } from "./kafkajs-client.ts";
import { makeTopics, type TopicSettings } from "./make-topics.ts";
import { openTopicReader } from "./topic-reader.ts";

export interface KafkaPublisherOptions {
  readonly kafka: KafkaOptions;
  /** Name that nobody else publishes by: the transactional id, and the key of the progress. */
  readonly name: string;
  /** What is published to; made when it begins. */
  readonly topic: TopicSettings;
  /** Keeps the progress of all publishers. */
  readonly progressTopic: TopicSettings;
  /** Whose progress it is: that of another store means nothing here. */
  readonly owner: string;
}

/** The value of a record of the progress topic. */
interface StoredProgress {
  readonly owner: string;
  readonly progress: string;
}

/** Uncompressed; a topic takes a mebibyte or more at a time. */
const REQUEST_BYTES_MAX = 512 << 10;
/** Beside key and value: lengths, numbers, names of headers. */
const RECORD_BYTES_EXTRA = 100;
/** After so long without an end Kafka gives a transaction up: readers do not wait longer for a publisher that is gone. */
const TRANSACTION_MS_MAX = 30_000;
/** So many looks of a quarter of a second each outlast it. */
const LOOKS_MAX = 300;

/**
 * A publisher into Kafka: records and progress in one transaction, of which readers of committed records see all or nothing.
 * The progress is a record of a compacted topic: a group's offset would be forgotten after a week without any.
 */
export function createKafkaPublisher(options: KafkaPublisherOptions): Publisher {
  const { kafka, name, topic, progressTopic, owner } = options;
  let producer: Producer | null = null;
  let transaction: Transaction | null = null;

  /** After an error the producer may have promised what it did not keep: its next record could take the number of a lost one. */
  async function discard(): Promise<void> {
    const old = producer;
    producer = null;
    transaction = null;
    await old?.disconnect().catch(() => {});
  }

  async function readProgress(): Promise<string> {
    // What is committed lies behind the open transaction of another publisher, which is waited for.
    const reader = await openTopicReader(kafka, progressTopic.name, { isWhole: true });
    try {
      let stored: StoredProgress | null = null;
      for (let looks = 0; !reader.isThrough; ) {
        const records = await reader.read();
        for (const { key, value } of records ?? [])
          if (key === name) stored = JSON.parse(Buffer.from(value).toString()) as StoredProgress;
        if (records === null && ++looks > LOOKS_MAX) throw new Error("a transaction of another publisher stays open");
      }
      if (stored !== null && stored.owner !== owner)
        throw new WeirError(
          "TOPIC_FOREIGN",
          `The topic ${topic.name} is published by another Weir; give topics.prefix another value, or remove the topic and its progress in ${progressTopic.name}.`,
        );
      return stored?.progress ?? "";
    } finally {
      await reader.close();
    }
  }

  return {
    async begin() {
      await discard();
      const client = createKafkajs(kafka);
      const admin = client.admin();
      try {
        await admin.connect();
        await makeTopics(admin, [topic, progressTopic]);
        producer = client.producer({
          transactionalId: name,
          maxInFlightRequests: 1,
          allowAutoTopicCreation: false,
          transactionTimeout: TRANSACTION_MS_MAX,
        });
        await producer.connect();
        // This is what fences the others, and ends what they had begun; only then is the progress the last one.
        transaction = await producer.transaction();
        return await readProgress();
      } catch (error) {
        await discard();
        throw toKafkaError(error, `beginning to publish to ${topic.name}`);
      } finally {
        await admin.disconnect().catch(() => {});
      }
    },
    async commit(to, records, progress) {
      if (producer === null) throw new Error("The publisher has failed or has not begun.");
      let isSent = false;
      try {
        transaction ??= await producer.transaction();
        for (const messages of requestsOf(records)) await transaction.send({ topic: to, messages, compression: LZ4 });
        const value = JSON.stringify({ owner, progress } satisfies StoredProgress);
        await transaction.send({ topic: progressTopic.name, messages: [{ key: name, value }] });
        isSent = true;
        await transaction.commit();
        transaction = null;
      } catch (error) {
        await discard();
        throw publishError(error, to, isSent);
      }
    },
    close: discard,
  };
}

function* requestsOf(records: readonly TopicRecord[]): Generator<Message[]> {
  let messages: Message[] = [];
  let bytes = 0;
  for (const { key, value, headers } of records) {
    const size = key.length * 3 + value.length + JSON.stringify(headers).length + RECORD_BYTES_EXTRA;
    if (messages.length > 0 && bytes + size > REQUEST_BYTES_MAX) {
      yield messages;
      messages = [];
      bytes = 0;
    }
    messages.push({ key, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength), headers });
    bytes += size;
  }
  if (messages.length > 0) yield messages;
}

/** What a broker answers to a producer whose place another one has taken, or whose transaction it has given up. */
const FENCED = /PRODUCER_FENCED|INVALID_PRODUCER_EPOCH|INVALID_PRODUCER_ID_MAPPING|TRANSACTION_COORDINATOR_FENCED/;

function publishError(error: unknown, topic: string, isSent: boolean): WeirError {
  const type = errorType(error);
  const cause = { cause: error };
  if (FENCED.test(type))
    return new WeirError(
      "CLOSE_FENCED",
      `Another process has taken over publishing to ${topic}, or this one stood still for too long; it leaves that to the next.`,
      cause,
    );
  if (/MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE/.test(type))
    return new WeirError(
      "TOPIC_SETTINGS",
      `The topic ${topic} does not take a record that long; raise its max.message.bytes.`,
      cause,
    );
  if (isSent && type === "")
    return new WeirError(
      "KAFKA_COMMIT_UNKNOWN",
      `Kafka did not answer whether what was published to ${topic} counts; it is looked up before anything more is published.`,
      cause,
    );
  return toKafkaError(error, `publishing to ${topic}`);
}
