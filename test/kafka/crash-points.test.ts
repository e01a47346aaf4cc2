import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CompressionTypes } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKafka } from "../../processors/kafka/client.ts";
import { createFetcher } from "../../processors/kafka/fetcher.ts";
import { createKafkaSource } from "../../processors/kafka/kafka-source.ts";
import { createMembership, type Epoch } from "../../processors/kafka/membership.ts";
import type { ClickHouse, Source } from "../../processors/model/ports.ts";
import { systemClock } from "../../processors/runtime/clock.ts";
import { takeOver } from "../../processors/services/process.ts";
import { openWorkroom, type Workroom } from "../../processors/services/workplace.ts";
import { accountIn, configOf, inMemory, wholeAccount } from "../integration/workbench.ts";
import { type KafkaTopics, openTopics } from "../support/kafka-topics.ts";
import { brokers, withKafka } from "./kafka.ts";

/*
 * Every point of the protocol where a processor of a topic can die, one after the other: its ports throw from call number k
 * on. The next member of the group goes on, with another batch size or other rules. The rows must be there once.
 */

const RECORDS = 40;
const EVENTS = 34;
const DEAD_LETTERS = 4;

/** Records on two days, so that a batch has two inserts of events; some empty, some that are no JSON. */
function records(): string[] {
  return Array.from({ length: RECORDS }, (_, i) => {
    if (i % 20 === 7) return "";
    if (i % 10 === 3) return `no JSON ${i}`;
    return JSON.stringify({
      timestamp: `2026-03-0${1 + (i % 2)}T10:00:${String(i).padStart(2, "0")}Z`,
      message: `m ${i}`,
    });
  });
}

const EXPECTED = {
  ...wholeAccount(EVENTS),
  ledgerRecords: RECORDS,
  completeness: RECORDS,
  deadLetters: DEAD_LETTERS,
  distinctDeadLetters: DEAD_LETTERS,
  ledgerDeadLetters: DEAD_LETTERS,
};

interface Life {
  /** The call whose answer never arrives: it was done, but nobody knows. null: none. */
  readonly death: number | null;
  readonly recordsMax: number;
  readonly version: string;
}

const CRASH = new Error("crash");

function createMortality(death: number | null): <T>(call: () => Promise<T>) => Promise<T> {
  let calls = 0;
  let isDead = false;
  return async function step(call) {
    if (isDead) throw CRASH;
    const isLast = calls++ === death;
    const result = await call();
    if (isLast) isDead = true;
    if (isDead) throw CRASH;
    return result;
  };
}

withKafka("a processor of a topic that dies at any call", () => {
  let topics: KafkaTopics;
  let folder: string;
  let room: Workroom;
  beforeAll(async () => {
    topics = await openTopics(brokers);
    folder = mkdtempSync(join(inMemory(), "weir-kafka-crash-"));
    room = await openWorkroom(configOf(join(folder, "data")));
  });
  afterAll(async () => {
    await topics.close();
    await room.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What a member of the group does with the partition; it is gone afterwards, as the group sees it. */
  async function asMember(topic: string, group: string, work: (source: Source, epoch: Epoch) => Promise<void>) {
    const client = await openKafka({ brokers: [brokers], clientId: "weir", tls: null, sasl: null }, [topic]);
    const fetcher = createFetcher(client, { waitMsMax: 10 });
    const common = { clock: systemClock, sessionMs: 6000, rebalanceMs: 6000 };
    const membership = createMembership({ client, group, topics: [topic], ...common });
    try {
      const epoch = await membership.join();
      const source = createKafkaSource({
        client,
        fetcher,
        epoch,
        topic,
        partition: 0,
        format: "json",
        recordBytesMax: 10_000,
      });
      await work(source, epoch).finally(() => source.close());
    } finally {
      await membership.leave();
      await fetcher.close();
      await client.close();
    }
  }

  /** One member's life; true when it came to the end of the topic. */
  async function live(topic: string, group: string, { death, recordsMax, version }: Life): Promise<boolean> {
    let isOver = false;
    await asMember(topic, group, async (kafka) => {
      const step = createMortality(death);
      const source: Source = Object.assign(Object.create(kafka) as Source, {
        committed: () => step(() => kafka.committed()),
        commit: (commit: Parameters<Source["commit"]>[0]) => step(() => kafka.commit(commit)),
      });
      const store: ClickHouse = {
        insert: (block) => step(() => room.store.insert(block)),
        query: (sql, parameters) => step(() => room.store.query(sql, parameters)),
        command: (sql, parameters) => step(() => room.store.command(sql, parameters)),
        close: async () => {},
      };
      const reading = { source: topic, format: "json", isDeclared: true, tenant: "default", service: version };
      try {
        const processor = await takeOver({
          source,
          store,
          pipeline: room.pipelineFor(reading),
          limit: { recordsMax, bytesMax: 1 << 20 },
          batchesPerPlan: 2,
          version,
          signal: new AbortController().signal,
        });
        await processor.drain();
        isOver = true;
      } catch (error) {
        if (error !== CRASH) throw error;
      }
    });
    return isOver;
  }

  async function filledTopic(): Promise<string> {
    const topic = await topics.make();
    const all = records();
    // Record batches that lie otherwise than the batches that are made of them.
    for (let at = 0; at < all.length; at += 13)
      await topics.send(topic, all.slice(at, at + 13), { compression: CompressionTypes.LZ4 });
    return topic;
  }

  describe.each([
    ["larger batches", { recordsMax: 27, version: "a" }, 1],
    // Every third: removing what other rules had made takes its time.
    ["other rules and smaller batches", { recordsMax: 11, version: "b" }, 3],
  ])("and is followed by one with %s", (_, then, each) => {
    it("leaves every row once", async () => {
      for (let death = 0; ; death += each) {
        const topic = await filledTopic();
        const group = randomUUID();
        const isOver = await live(topic, group, { death, recordsMax: 10, version: "a" });
        await live(topic, group, { ...then, death: null });
        expect({ death, ...(await accountIn(room.store, `topic = '${topic}'`)) }).toEqual({ death, ...EXPECTED });
        if (!isOver) continue;
        expect(death).toBeGreaterThan(14);
        return;
      }
    });
  });

  it("starts from the ledger when the group's offsets are gone", async () => {
    const topic = await filledTopic();
    const group = randomUUID();
    await live(topic, group, { death: 9, recordsMax: 10, version: "a" });
    await topics.admin.deleteGroups([group]);
    await live(topic, group, { death: null, recordsMax: 10, version: "a" });
    expect(await accountIn(room.store, `topic = '${topic}'`)).toEqual(EXPECTED);
  });

  it("goes back when the store lost what it had acknowledged", async () => {
    const topic = await filledTopic();
    const group = randomUUID();
    await live(topic, group, { death: null, recordsMax: 10, version: "a" });
    for (const table of ["ledger", "partials", "dead_letters", "events"])
      await room.store.command(
        `ALTER TABLE ${table} DELETE WHERE topic = '${topic}' AND batch_start >= 20 SETTINGS mutations_sync = 1`,
      );
    await live(topic, group, { death: null, recordsMax: 10, version: "a" });
    expect(await accountIn(room.store, `topic = '${topic}'`)).toEqual(EXPECTED);
  });

  it("can't commit any more once another member has the partition", async () => {
    const topic = await filledTopic();
    const group = randomUUID();
    await asMember(topic, group, async (first, epoch) => {
      await first.commit({ offset: 3n, metadata: "first" });
      // The group forgets a member that is silent; here it is told.
      await leaveAs(topic, group, epoch.memberId);
      await asMember(topic, group, (second) => second.commit({ offset: 10n, metadata: "second" }));
      await expect(first.commit({ offset: 5n, metadata: "late" })).rejects.toMatchObject({ code: "KAFKA_FENCED" });
      expect(() => epoch.assertHeld()).toThrow(expect.objectContaining({ code: "KAFKA_FENCED" }));
    });
    await asMember(topic, group, async (third) => {
      expect(await third.committed()).toEqual({ offset: 10n, metadata: "second" });
    });
  });

  /** Has the group believe that a member left. */
  async function leaveAs(topic: string, group: string, memberId: string): Promise<void> {
    const client = await openKafka({ brokers: [brokers], clientId: "weir", tls: null, sasl: null }, [topic]);
    const coordinator = await client.cluster.findGroupCoordinator({ groupId: group });
    await coordinator.leaveGroup({ groupId: group, memberId });
    await client.close();
  }
});
