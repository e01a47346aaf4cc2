import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStore } from "../../processors/clickhouse/store.ts";
import { systemClock } from "../../processors/runtime/clock.ts";
import { audit } from "../../processors/services/audit.ts";
import { auditText } from "../../processors/services/audit-report.ts";
import { configOf, makeFolder, until } from "../integration/workbench.ts";
import { type KafkaTopics, openTopics } from "../support/kafka-topics.ts";
import { brokers, withKafka } from "./kafka.ts";
import { processing, yamlOf } from "./processing.ts";

withKafka("weir audit of topics", () => {
  let topics: KafkaTopics;
  beforeAll(async () => {
    topics = await openTopics(brokers);
  });
  afterAll(() => topics.close());

  const lines = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      JSON.stringify({ timestamp: "2026-03-02T10:00:00Z", message: `order ${i}` }),
    );

  it("compares the group's commits, and names missing offsets where every offset is a record", async () => {
    const topic = await topics.make(2);
    const data = join(makeFolder(), "data");
    const yaml = `${yamlOf(randomUUID(), { [topic]: "json" })}metrics: {listen: "127.0.0.1:0"}\n`;
    await topics.send(topic, lines(100), { partition: 1 });
    const running = processing(data, yaml);
    await until("100 events are stored", async () => running.events === 100);
    const url = /"url":"([^"]+)"/.exec(running.log())?.[1];
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(`weir_partition_state{topic="${topic}",partition="1",state="running"} 1\n`);
    expect(metrics).toContain(`weir_events_total{topic="${topic}"} 100\n`);
    await until("nothing waits", async () =>
      (await (await fetch(`${url}/metrics`)).text()).includes(`weir_lag_records{topic="${topic}",partition="1"} 0\n`),
    );
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const config = configOf(data, { yaml });
    // While the other process holds the store, and after.
    expect((await audit({ config, clock: systemClock })).findings).toEqual([]);
    await running.stop();
    const whole = await audit({ config, clock: systemClock });
    expect(whole).toMatchObject({ findings: [], partitions: [{ topic, partition: 1, committed: 100n }] });

    const store = await openStore({ dataDir: data });
    await store.command("ALTER TABLE events DELETE WHERE `offset` IN (5, 17, 18) SETTINGS mutations_sync = 1");
    await store.command("ALTER TABLE partials DELETE WHERE 1 SETTINGS mutations_sync = 1");
    await store.close();
    await topics.send(topic, lines(20), { partition: 1 });
    // kafkajs finds the partitions' leaders out that way.
    await topics.admin.fetchTopicOffsets(topic);
    await topics.admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: "110" }] });
    const { findings } = await audit({ config, clock: systemClock });
    expect(findings.map(({ code, ranges }) => [code, ...ranges])).toEqual([
      ["EVENTS_MISSING", [5n, 5n], [17n, 18n]],
      ...findings.filter(({ code }) => code === "PARTIALS_DIFFER").map(() => ["PARTIALS_DIFFER", [0n, 99n]]),
      ["SOURCE_BEHIND", [100n, 109n]],
    ]);
    expect(findings.some(({ code }) => code === "PARTIALS_DIFFER")).toBe(true);
  });

  it("goes on without the commits when Kafka does not answer, and says so", async () => {
    const topic = await topics.make(1);
    const data = join(makeFolder(), "data");
    await topics.send(topic, lines(10));
    const group = randomUUID();
    const running = processing(data, yamlOf(group, { [topic]: "json" }));
    await until("10 events are stored", async () => running.events === 10);
    await running.stop();
    const config = configOf(data, { yaml: yamlOf(group, { [topic]: "json" }, { at: "127.0.0.1:1" }) });
    const report = await audit({ config, clock: systemClock });
    expect(report).toMatchObject({ findings: [], partitions: [{ events: 10, committed: null }] });
    expect(auditText(report)).toContain("Commits in Kafka were not compared: ");
  });
});
