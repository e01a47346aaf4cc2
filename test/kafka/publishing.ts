import { randomUUID } from "node:crypto";
import { createKafkaPublisher } from "../../processors/kafka/publisher.ts";
import { openTopicReader } from "../../processors/kafka/topic-reader.ts";
import type { Publisher, ReadRecord } from "../../processors/model/ports.ts";

/** A prefix of topics that nobody else has. */
export function newPrefix(): string {
  return `test-${randomUUID()}.`;
}

export function kafkaOf(brokers: string, clientId = "test") {
  return { brokers: [brokers], clientId, tls: null, sasl: null };
}

export interface PublisherOver {
  readonly owner?: string;
  readonly clientId?: string;
  /** Name of the topic, without the prefix. */
  readonly output?: string;
}

/** A publisher into a topic of a test's own. */
export function publisherAt(brokers: string, prefix: string, name: string, over: PublisherOver = {}): Publisher {
  const { owner = "me", clientId, output = "out" } = over;
  const made = { partitions: 3, replication: null, keepMs: 86_400_000 };
  return createKafkaPublisher({
    kafka: kafkaOf(brokers, clientId),
    name: `${prefix}${name}`,
    topic: { ...made, name: `${prefix}${output}` },
    progressTopic: { ...made, name: `${prefix}progress`, partitions: 1, keepMs: null },
    owner,
  });
}

/** Everything that a reader of committed records sees. */
export async function readCommitted(brokers: string, topic: string): Promise<ReadRecord[]> {
  const reader = await openTopicReader(kafkaOf(brokers), topic, { isWhole: true });
  const records: ReadRecord[] = [];
  try {
    while (!reader.isThrough) records.push(...((await reader.read()) ?? []));
  } finally {
    await reader.close();
  }
  return records;
}
