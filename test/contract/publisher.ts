import { describe, expect, it, onTestFinished } from "vitest";
import type { Publisher, ReadRecord, TopicRecord } from "../../processors/model/ports.ts";

export interface MadeTopic {
  readonly topic: string;
  /** Another publisher, of this name. */
  open(name: string): Publisher;
  /** What a reader of committed records sees. */
  read(topic: string): Promise<readonly ReadRecord[]>;
}

/** Records of some keys; of one key, later ones have a higher revision. */
export function topicRecords(count: number, from = 0, valueBytes = 3): TopicRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `kö${(from + i) % 7}`,
    value: Buffer.alloc(valueBytes, from + i),
    headers: { emit_id: String(from + i), revision: String(from + i), empty: "" },
  }));
}

const emitIds = (records: readonly TopicRecord[]) => records.map(({ headers }) => Number(headers["emit_id"]));

/** What every publisher promises; model/ports.ts says it in words. */
export function publisherContract(make: () => Promise<MadeTopic>): void {
  let made = 0;
  const open = async (topic: MadeTopic, name: string) => {
    const publisher = topic.open(name);
    onTestFinished(() => publisher.close());
    return { publisher, progress: await publisher.begin() };
  };
  const named = () => `publisher-${made++}-${Date.now()}`;

  describe("a publisher", () => {
    it("publishes key, value and headers as they are, records of one key in their order", async () => {
      const topic = await make();
      const { publisher, progress } = await open(topic, named());
      expect(progress).toBe("");
      const sent = topicRecords(1200);
      await publisher.commit(topic.topic, sent.slice(0, 500), "1");
      await publisher.commit(topic.topic, sent.slice(500), "2");
      const read = await topic.read(topic.topic);
      const plain = read.map(({ key, value, headers }) => ({ key, value: Buffer.from(value), headers }));
      const byId = (a: TopicRecord, b: TopicRecord) => Number(a.headers["emit_id"]) - Number(b.headers["emit_id"]);
      expect(plain.sort(byId)).toEqual(sent);
      for (const records of Map.groupBy(read, ({ key }) => key).values())
        expect(emitIds(records)).toEqual(emitIds(records).sort((a, b) => a - b));
      expect(read.every(({ timestampUs }) => timestampUs > 0)).toBe(true);
    });

    it("publishes more in one commit than a request holds", async () => {
      const topic = await make();
      const { publisher } = await open(topic, named());
      const sent = topicRecords(30, 0, 100_000);
      await publisher.commit(topic.topic, sent, "all");
      expect(emitIds(await topic.read(topic.topic)).sort((a, b) => a - b)).toEqual(emitIds(sent));
    });

    it("tells the next one how far it came, and no other", async () => {
      const topic = await make();
      const [mine, other] = [named(), named()];
      const { publisher } = await open(topic, mine);
      const { publisher: another } = await open(topic, other);
      await publisher.commit(topic.topic, topicRecords(1), "so far");
      await another.commit(topic.topic, topicRecords(1, 1), "elsewhere");
      await publisher.close();
      expect((await open(topic, mine)).progress).toBe("so far");
      expect((await open(topic, other)).progress).toBe("elsewhere");
    });

    it("is fenced by the next one: neither its records nor its progress count any more", async () => {
      const topic = await make();
      const name = named();
      const { publisher: first } = await open(topic, name);
      await first.commit(topic.topic, topicRecords(1), "first");
      const { publisher: second, progress } = await open(topic, name);
      expect(progress).toBe("first");
      await expect(first.commit(topic.topic, topicRecords(1, 1), "mine")).rejects.toMatchObject({
        code: "CLOSE_FENCED",
      });
      await second.commit(topic.topic, topicRecords(1, 2), "yours");
      expect(emitIds(await topic.read(topic.topic)).sort()).toEqual([0, 2]);
      expect((await open(topic, name)).progress).toBe("yours");
    });
  });
}
