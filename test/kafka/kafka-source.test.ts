import { randomUUID } from "node:crypto";
import { CompressionTypes, type Message } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import { type KafkaClient, openKafka } from "../../processors/kafka/client.ts";
import { createFetcher, type Fetcher } from "../../processors/kafka/fetcher.ts";
import { createKafkaSource, type KafkaSource, type KafkaSourceOptions } from "../../processors/kafka/kafka-source.ts";
import { createMembership, type Membership } from "../../processors/kafka/membership.ts";
import type { RecordBatch } from "../../processors/model/record.ts";
import { systemClock } from "../../processors/runtime/clock.ts";
import { type MadeSource, type MakeOptions, sourceContract } from "../contract/source.ts";
import { type KafkaTopics, openTopics } from "../support/kafka-topics.ts";
import { brokers, withKafka } from "./kafka.ts";

const BIG = { recordsMax: 1_000_000, bytesMax: 1 << 30 };

interface Opened {
  readonly source: KafkaSource;
  close(): Promise<void>;
}

/** Partition 0 of a topic as a processor of its own has it. */
async function open(topic: string, group: string, options: Partial<KafkaSourceOptions> = {}): Promise<Opened> {
  const client: KafkaClient = await openKafka({ brokers: [brokers], clientId: "weir", tls: null, sasl: null }, [topic]);
  const fetcher: Fetcher = createFetcher(client, { waitMsMax: 20, partitionBytesMax: 64 << 10 });
  const membership: Membership = createMembership({
    client,
    group,
    topics: [topic],
    clock: systemClock,
    sessionMs: 6000,
    rebalanceMs: 6000,
  });
  const epoch = await membership.join();
  const source = createKafkaSource({
    client,
    fetcher,
    epoch,
    topic,
    partition: 0,
    format: "text",
    recordBytesMax: 500,
    ...options,
  });
  return {
    source,
    async close() {
      await source.close();
      await membership.leave();
      await fetcher.close();
      await client.close();
    },
  };
}

/** The entries of a content, as a program would send them: one a record, whole. */
function recordsOf(content: string, { join, recordBytesMax }: MakeOptions): Buffer[] {
  const framed = frame(content, 0, { join, recordBytesMax, ...BIG, atEnd: true });
  return Array.from({ length: framed.count }, (_, i) => {
    const end = framed.cut.includes(i) ? (framed.begins[i + 1] ?? content.length) : framed.ends[i];
    return Buffer.from(content.slice(framed.begins[i], end).replace(/\r?\n$/, ""), "latin1");
  });
}

withKafka("Kafka", () => {
  let topics: KafkaTopics;
  beforeAll(async () => {
    topics = await openTopics(brokers);
  });
  afterAll(() => topics.close());

  const codecs = [
    CompressionTypes.None,
    CompressionTypes.GZIP,
    CompressionTypes.Snappy,
    CompressionTypes.LZ4,
    CompressionTypes.ZSTD,
  ];
  let made = 0;

  async function make(content: Buffer, options: MakeOptions): Promise<MadeSource> {
    const topic = await topics.make();
    const group = randomUUID();
    const compression = codecs[made++ % codecs.length];
    const records = recordsOf(content.latin1Slice(), options);
    // Record batches of all sizes.
    for (let at = 0, size = 1; at < records.length; at += size, size = (size * 7 + 3) % 400)
      await topics.send(topic, records.slice(at, at + size), { compression });
    const opening = { recordBytesMax: options.recordBytesMax };
    let opened = await open(topic, group, opening);
    return {
      source: opened.source,
      async reopen() {
        await opened.close();
        opened = await open(topic, group, opening);
        return opened.source;
      },
      dispose: () => opened.close(),
    };
  }

  sourceContract("A topic's partition", make, "records");

  function recordsIn(batch: RecordBatch | null): string[] {
    if (batch === null) return [];
    return Array.from({ length: batch.count }, (_, i) => batch.text.slice(batch.begins[i], batch.ends[i]));
  }

  function offsetsIn(batch: RecordBatch | null): number[] {
    if (batch === null) return [];
    return Array.from({ length: batch.count }, (_, i) => Number(batch.firstOffset) + batch.offsetDeltas[i]);
  }

  describe("what a topic may hold", () => {
    let opened: Opened | null = null;
    async function reading(topic: string, options: Partial<KafkaSourceOptions> = {}): Promise<KafkaSource> {
      opened = await open(topic, randomUUID(), options);
      return opened.source;
    }
    const close = async () => {
      await opened?.close();
      opened = null;
    };

    it.each([
      ["no codec", CompressionTypes.None],
      ["gzip", CompressionTypes.GZIP],
      ["snappy", CompressionTypes.Snappy],
      ["lz4", CompressionTypes.LZ4],
      ["zstd", CompressionTypes.ZSTD],
    ])("records under %s", async (_, compression) => {
      const topic = await topics.make();
      const values = Array.from({ length: 300 }, (_, i) => `line ${i} ${"x".repeat(i % 50)} \xff`);
      await topics.send(topic, values, { compression });
      const source = await reading(topic);
      expect(recordsIn(await source.read(0n, BIG))).toEqual(values);
      await close();
    });

    it("keys, headers, no value, line ends", async () => {
      const topic = await topics.make();
      const messages: Message[] = [
        { key: "k".repeat(200), value: "a", headers: { h: "v", list: ["1", "2"] } },
        { key: null, value: null },
        { value: "b\r\n" },
        { value: "c\n" },
        { value: "" },
      ];
      await topics.send(topic, messages);
      const source = await reading(topic);
      expect(recordsIn(await source.read(0n, BIG))).toEqual(["a", "", "b", "c", ""]);
      await close();
    });

    it("transactions: what was given up is not read, markers are covered", async () => {
      const topic = await topics.make();
      const producer = topics.kafka.producer({
        transactionalId: randomUUID(),
        maxInFlightRequests: 1,
        idempotent: true,
      });
      await producer.connect();
      const send = async (value: string, end: "commit" | "abort") => {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: [{ value, partition: 0 }] });
        await transaction[end]();
      };
      await send("kept 1", "commit");
      await send("given up", "abort");
      await topics.send(topic, ["plain"]);
      await send("given up", "abort");
      await send("kept 2", "commit");
      await producer.disconnect();
      const source = await reading(topic);
      // Markers are written after the producer was answered.
      while ((await source.range()).end !== 9n) await new Promise((resolve) => setTimeout(resolve, 10));
      const batch = await source.read(0n, BIG);
      expect(recordsIn(batch)).toEqual(["kept 1", "plain", "kept 2"]);
      expect(offsetsIn(batch)).toEqual([0, expect.toSatisfy((offset) => offset === 3 || offset === 4), 7]);
      expect(batch!.nextOffset).toBe(9n);
      // A range that holds nothing for us is a batch of no records.
      const empty = await source.read(5n, BIG, 7n);
      expect(empty).toMatchObject({ count: 0, firstOffset: 5n, nextOffset: 7n });
      await close();
    });

    it("a batch that would inflate to too much: its records are known, not their content", async () => {
      const topic = await topics.make();
      for (const compression of codecs.slice(1)) {
        await topics.send(topic, ["before"]);
        await topics.send(topic, ["y".repeat(700_000), "y".repeat(500_000)], { compression });
      }
      await topics.send(topic, ["after"]);
      const source = await reading(topic, { inflatedBytesMax: 1 << 20 });
      const batch = await source.read(0n, BIG);
      expect(recordsIn(batch)).toEqual([...codecs.slice(1).flatMap(() => ["before", "", ""]), "after"]);
      expect(batch!.cut).toEqual([1, 2, 4, 5, 7, 8, 10, 11]);
      await close();
    });

    it("append times: the record's own, or the broker's", async () => {
      const own = await topics.make();
      const times = ["1700000000000", "1700000059999", "1700000060000"];
      await topics.send(
        own,
        times.map((timestamp) => ({ value: "x", timestamp })),
      );
      const source = await reading(own);
      const batch = await source.read(0n, BIG);
      expect([...batch!.appendTimesUs!]).toEqual(times.map((time) => Number(time) * 1000));
      await close();

      const brokersOwn = await topics.make(1, { "message.timestamp.type": "LogAppendTime" });
      const before = Date.now();
      await topics.send(brokersOwn, [{ value: "x", timestamp: times[0] }]);
      const other = await reading(brokersOwn);
      const taken = await other.read(0n, BIG);
      expect(taken!.appendTimesUs![0]).toBeGreaterThanOrEqual(before * 1000);
      await close();
    });

    it("records of two days: a batch ends with its day", async () => {
      const topic = await topics.make();
      const midnight = Date.UTC(2024, 4, 2);
      await topics.send(topic, [
        { value: "a", timestamp: String(midnight - 1) },
        { value: "b", timestamp: String(midnight) },
      ]);
      const source = await reading(topic);
      expect(recordsIn(await source.read(0n, BIG))).toEqual(["a"]);
      expect(recordsIn(await source.read(1n, BIG))).toEqual(["b"]);
      await close();
    });
  });
});
