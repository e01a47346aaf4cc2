import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import avsc from "avsc";
import { CompressionTypes } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { accountOf, makeFolder, until, wholeAccount } from "../integration/workbench.ts";
import { type KafkaTopics, openTopics } from "../support/kafka-topics.ts";
import { brokers, withKafka } from "./kafka.ts";
import { type Processing, processing, yamlOf } from "./processing.ts";

withKafka("weir process", () => {
  let topics: KafkaTopics;
  beforeAll(async () => {
    topics = await openTopics(brokers);
  });
  afterAll(() => topics.close());

  function jsonLines(count: number, from = 0): string[] {
    return Array.from({ length: count }, (_, i) =>
      JSON.stringify({ timestamp: new Date(Date.now() - 60_000).toISOString(), message: `order ${from + i} placed` }),
    );
  }

  async function fill(topic: string, partitions: number, count: number, from = 0): Promise<void> {
    for (let partition = 0; partition < partitions; partition++)
      await topics.send(topic, jsonLines(count, from), { partition, compression: CompressionTypes.LZ4 });
  }

  const stored = (count: number, ...by: Processing[]) =>
    until(`${count} events are stored`, async () => by.reduce((sum, { events }) => sum + events, 0) >= count);

  it("stores each record once, of two topics with several partitions, and goes on where it stood", async () => {
    const [a, b] = [await topics.make(3), await topics.make(2)];
    const data = join(makeFolder(), "data");
    const group = randomUUID();
    const yaml = yamlOf(group, { [a]: "json", [b]: "text" });
    await fill(a, 3, 500);
    await topics.send(b, ["one line", "", "2026-03-02 10:00:00 INFO another"], { partition: 1 });
    const first = processing(data, yaml);
    await stored(1502, first);
    expect(await first.stop()).toMatchObject({ records: 1503, events: 1502, deadLetters: 0, stopped: [] });

    await fill(a, 3, 100, 500);
    const second = processing(data, yaml);
    await stored(300, second);
    expect(await second.stop()).toMatchObject({ records: 300, events: 300 });
    expect(await accountOf(data)).toEqual({ ...wholeAccount(1802), ledgerRecords: 1803, completeness: 1803 });
    const [{ partitions }] = await topics.admin.fetchOffsets({ groupId: group, topics: [a] });
    expect(partitions.map(({ offset, metadata }) => `${offset} ${metadata}`)).toEqual([
      "600 null",
      "600 null",
      "600 null",
    ]);
  });

  it("shares the partitions among the processors of a group, also when one comes later and when one goes", async () => {
    const topic = await topics.make(4);
    const data = join(makeFolder(), "data");
    const yaml = yamlOf(randomUUID(), { [topic]: "json" });
    await fill(topic, 4, 300);
    const first = processing(data, yaml);
    await stored(100, first);
    const second = processing(data, yaml);
    await until(
      "both have partitions",
      async () => /"partitions":2\b/.test(first.log()) && /"partitions":2\b/.test(second.log()),
    );
    await fill(topic, 4, 300, 300);
    await stored(2400, first, second);
    await second.stop();
    await until("the first has all again", async () => /"epoch":3,"partitions":4/.test(first.log()));
    await fill(topic, 4, 100, 600);
    await stored(2800, first, second);
    await first.stop();
    expect(await accountOf(data)).toEqual(wholeAccount(2800));
  });

  it("covers transactions: what was given up is not stored, and nothing is left over", async () => {
    const topic = await topics.make(1);
    const data = join(makeFolder(), "data");
    const producer = topics.kafka.producer({ transactionalId: randomUUID(), idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const end of ["commit", "abort", "commit", "abort"] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: jsonLines(10).map((value) => ({ value, partition: 0 })) });
      await transaction[end]();
    }
    await producer.disconnect();
    const running = processing(data, yamlOf(randomUUID(), { [topic]: "json" }));
    // 40 records and 4 markers.
    await until("the ledger covers all offsets", async () => running.next === 44n);
    await running.stop();
    expect(await accountOf(data)).toEqual(wholeAccount(20));
  });

  it("stores every event of arrays and of Avro records, and makes dead letters of what can't be read", async () => {
    const [lists, avro] = [await topics.make(1), await topics.make(1)];
    const data = join(makeFolder(), "data");
    const folder = makeFolder();
    const order = { type: "record", name: "Order", fields: [{ name: "message", type: "string" }] };
    const types = [
      avsc.Type.forSchema({ type: "array", items: order } as avsc.Schema),
      avsc.Type.forSchema(order as avsc.Schema),
    ];
    for (const [i, type] of types.entries()) writeFileSync(join(folder, `${i}.avsc`), JSON.stringify(type.schema()));
    const framed = (id: number, value: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, 0, id]), value]);
    // The byte at the end of the second one is no line end.
    const [two, one] = [types[0].toBuffer([{ message: "a" }, { message: "b" }]), types[1].toBuffer({ message: "c\n" })];
    await topics.send(avro, [framed(5, two), framed(6, one), framed(7, one)]);
    await topics.send(lists, [`[${jsonLines(3).join(",")}]`, jsonLines(2).join("\n"), "[]", ...jsonLines(1)]);
    const yaml = yamlOf(
      randomUUID(),
      { [lists]: "json", [avro]: "avro" },
      { more: `  schemas: [{file: ${folder}/0.avsc, id: 5}, {file: ${folder}/1.avsc, id: 6}]` },
    );
    const first = processing(data, yaml);
    await until("all is in the ledger", async () => /"records":3/.test(first.log()) && /"records":4/.test(first.log()));
    expect(await first.stop()).toMatchObject({ records: 7, events: 9, deadLetters: 1, stopped: [] });
    expect(await accountOf(data)).toMatchObject({ events: 9, ledgerEvents: 9, deadLetters: 1 });
  });

  it("says that a topic does not exist", async () => {
    const data = join(makeFolder(), "data");
    const running = processing(data, yamlOf(randomUUID(), { "no-such-topic": "json" }));
    await expect(running.ended).rejects.toMatchObject({
      code: "SOURCE_NOT_FOUND",
      message: "The topic no-such-topic does not exist; create it, or correct sources[].topic.",
    });
  });

  it("stops the partitions of a topic that is deleted, and goes on with the others", async () => {
    // kafkajs's own clients hear nothing more of any topic when one is gone that they asked for.
    const lost = await openTopics(brokers);
    const [gone, kept] = [await lost.make(1), await topics.make(1)];
    const data = join(makeFolder(), "data");
    await lost.send(gone, jsonLines(10));
    const running = processing(data, yamlOf(randomUUID(), { [gone]: "json", [kept]: "json" }));
    await stored(10, running);
    await lost.admin.deleteTopics({ topics: [gone] });
    await lost.close();
    await until("it is stopped", async () => running.log().includes("SOURCE_NOT_FOUND"));
    await fill(kept, 1, 20);
    await stored(30, running);
    const { stopped } = await running.stop();
    expect(stopped.map(({ topic, error }) => [topic, error.code])).toEqual([[gone, "SOURCE_NOT_FOUND"]]);
    expect(await accountOf(data)).toEqual(wholeAccount(30));
  });

  it("stops a topic that was made anew, with as many records as the old one, while it ran and while it did not", async () => {
    const others = await openTopics(brokers);
    const [first, second] = [await others.make(1), await others.make(1)];
    const data = join(makeFolder(), "data");
    const yaml = yamlOf(randomUUID(), { [first]: "json", [second]: "json" });
    const anew = async (topic: string, count: number) => {
      await topics.admin.deleteTopics({ topics: [topic] });
      await until("it is gone", async () => !(await topics.admin.listTopics()).includes(topic));
      await topics.admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false });
      await until("its leader is known", async () =>
        topics.admin.fetchTopicOffsets(topic).then(
          () => true,
          () => false,
        ),
      );
      const fresh = await openTopics(brokers);
      await fresh.send(topic, jsonLines(count, 100));
      await fresh.close();
    };
    await others.send(first, jsonLines(10));
    await others.send(second, jsonLines(10));
    await others.close();
    const running = processing(data, yaml);
    await stored(20, running);
    await anew(first, 15);
    await until("it is stopped", async () => /SOURCE_REPLACED|SOURCE_NOT_FOUND/.test(running.log()));
    await running.stop();
    await anew(second, 15);
    const again = processing(data, yaml);
    await until("both are stopped", async () => again.log().match(/"code":"SOURCE_REPLACED"/g)?.length === 2);
    const { stopped } = await again.stop();
    expect(stopped.map(({ error }) => error.code)).toEqual(["SOURCE_REPLACED", "SOURCE_REPLACED"]);
    expect(await accountOf(data)).toEqual(wholeAccount(20));
  });

  it("stops a partition whose next records were deleted, and never goes on elsewhere by itself", async () => {
    const topic = await topics.make(1);
    const data = join(makeFolder(), "data");
    const yaml = yamlOf(randomUUID(), { [topic]: "json" });
    await fill(topic, 1, 10);
    const first = processing(data, yaml);
    await stored(10, first);
    await first.stop();
    await fill(topic, 1, 30, 10);
    await topics.admin.fetchTopicOffsets(topic);
    await topics.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "25" }] });
    const second = processing(data, yaml);
    await until("it is stopped", async () => /"level":"error"/.test(second.log()));
    const { stopped } = await second.stop();
    expect(stopped.map(({ error }) => error.code)).toEqual(["PLAN_SOURCE_SHRANK"]);
    expect(await accountOf(data)).toEqual(wholeAccount(10));
  });

  it("stops a partition that gives nothing but dead letters, before it makes dead letters of all", async () => {
    const [bad, good] = [await topics.make(1), await topics.make(1)];
    const data = join(makeFolder(), "data");
    await topics.send(
      bad,
      Array.from({ length: 3000 }, (_, i) => `no JSON ${i}`),
    );
    await fill(good, 1, 50);
    const running = processing(data, yamlOf(randomUUID(), { [bad]: "json", [good]: "json" }));
    await stored(50, running);
    await until("it is stopped", async () => running.log().includes("SOURCE_TOO_MANY_DEAD_LETTERS"));
    const { stopped } = await running.stop();
    expect(stopped.map(({ topic, error }) => [topic, error.code])).toEqual([[bad, "SOURCE_TOO_MANY_DEAD_LETTERS"]]);
    expect(await accountOf(data)).toEqual(wholeAccount(50));
  });
});
