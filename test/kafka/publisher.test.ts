import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { publisherContract, topicRecords } from "../contract/publisher.ts";
import { type KafkaTopics, openTopics } from "../support/kafka-topics.ts";
import { brokers, withKafka } from "./kafka.ts";
import { newPrefix, publisherAt, readCommitted } from "./publishing.ts";

withKafka("a publisher into Kafka", () => {
  let topics: KafkaTopics;
  beforeAll(async () => {
    topics = await openTopics(brokers);
  });
  afterAll(() => topics.close());

  const prefix = newPrefix();
  publisherContract(async () => {
    const own = newPrefix();
    return {
      topic: `${own}out`,
      open: (name) => publisherAt(brokers, own, name),
      read: (topic) => readCommitted(brokers, topic),
    };
  });

  function opened(own: string, name = "p", owner = "me") {
    const publisher = publisherAt(brokers, own, name, { owner });
    onTestFinished(() => publisher.close());
    return publisher;
  }

  async function settingsOf(topic: string): Promise<Record<string, string>> {
    const { resources } = await topics.admin.describeConfigs({
      resources: [{ type: 2, name: topic }],
      includeSynonyms: false,
    });
    return Object.fromEntries(resources[0].configEntries.map((one) => [one.configName, one.configValue]));
  }

  describe("its topics", () => {
    it("are made with the settings that they need", async () => {
      await opened(prefix).begin();
      expect(await settingsOf(`${prefix}progress`)).toMatchObject({
        "cleanup.policy": "compact",
        "unclean.leader.election.enable": "false",
      });
      expect(await settingsOf(`${prefix}out`)).toMatchObject({
        "cleanup.policy": "delete",
        "retention.ms": "86400000",
      });
      const { topics: known } = await topics.admin.fetchTopicMetadata({
        topics: [`${prefix}progress`, `${prefix}out`],
      });
      const counts = Object.fromEntries(known.map(({ name, partitions }) => [name, partitions.length]));
      expect(counts).toEqual({ [`${prefix}progress`]: 1, [`${prefix}out`]: 3 });
    });

    it.each([
      ["would forget the progress", "progress", { "cleanup.policy": "delete" }, 1, "cleanup.policy=delete"],
      ["would scatter the progress", "progress", { "cleanup.policy": "compact" }, 2, "has 2 partitions"],
      ["would refuse what is sent", "out", { "max.message.bytes": "1000" }, 1, "max.message.bytes=1000"],
    ])("are refused where they %s", async (_, name, settings, numPartitions, says) => {
      const own = newPrefix();
      const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value: value as string }));
      await topics.admin.createTopics({ topics: [{ topic: `${own}${name}`, numPartitions, configEntries }] });
      await expect(opened(own).begin()).rejects.toMatchObject({
        code: "TOPIC_SETTINGS",
        message: expect.stringContaining(says),
      });
    });

    it("that another store publishes to are left to it", async () => {
      const own = newPrefix();
      const publisher = opened(own);
      await publisher.begin();
      await publisher.commit(`${own}out`, topicRecords(1), "7");
      await expect(opened(own, "p", "other").begin()).rejects.toMatchObject({ code: "TOPIC_FOREIGN" });
    });
  });

  it("reads its progress behind what another publisher has begun and not ended", async () => {
    const own = newPrefix();
    const [mine, other] = [opened(own, "mine"), opened(own, "other")];
    await mine.begin();
    await other.begin();
    await mine.commit(`${own}out`, topicRecords(1), "before");
    const producer = topics.kafka.producer({ transactionalId: `${own}slow` });
    await producer.connect();
    onTestFinished(() => producer.disconnect());
    const slow = await producer.transaction();
    await slow.send({ topic: `${own}progress`, messages: [{ key: "slow", value: "{}" }] });
    await mine.commit(`${own}out`, topicRecords(1, 1), "after");
    const began = opened(own, "mine").begin();
    let isDone = false;
    void began.then(() => {
      isDone = true;
    });
    await other.commit(`${own}out`, topicRecords(1, 2), "meanwhile");
    expect(isDone).toBe(false);
    await slow.abort();
    expect(await began).toBe("after");
  });

  it("is of no more use after an error, and the next one goes on", async () => {
    const own = newPrefix();
    const publisher = opened(own);
    await publisher.begin();
    const noise = topicRecords(1).map((record) => ({ ...record, value: randomBytes(3 << 20) }));
    await expect(publisher.commit(`${own}out`, noise, "1")).rejects.toMatchObject({
      code: "TOPIC_SETTINGS",
    });
    await expect(publisher.commit(`${own}out`, topicRecords(1), "1")).rejects.toThrow("has failed");
    const next = opened(own);
    expect(await next.begin()).toBe("");
    await next.commit(`${own}out`, topicRecords(1), "1");
    expect(await readCommitted(brokers, `${own}out`)).toHaveLength(1);
  });
});
