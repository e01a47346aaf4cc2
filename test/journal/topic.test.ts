import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Journal, openJournal } from "../../processors/journal/journal.ts";
import { createPublisher, readTopic, topicNames, topicRange } from "../../processors/journal/topic.ts";
import type { TopicRecord } from "../../processors/model/ports.ts";
import { publisherContract } from "../contract/publisher.ts";
import { inMemory } from "../integration/workbench.ts";
import { readWholeTopic } from "../support/read-whole-topic.ts";

let folder: string;
let journal: Journal;
let nowUs: number;
beforeEach(async () => {
  folder = await mkdtemp(join(inMemory(), "weir-topic-"));
  journal = await openJournal(folder);
  nowUs = 1_000_000;
});
afterEach(async () => {
  await journal.close();
  await rm(folder, { recursive: true, force: true });
});

function records(count: number, from = 0): TopicRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `k${from + i}`,
    value: Buffer.from([from + i, 0, 255]),
    headers: { emit_id: String(from + i) },
  }));
}

const FOREVER = { ageUsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY };
const publisher = (retention = FOREVER) => createPublisher(journal, "p", retention, () => nowUs);

function readAll(topic: string, from = 0): string[] {
  const keys: string[] = [];
  for (let offset = from; ; ) {
    const read = readTopic(journal, topic, offset);
    if (read.length === 0) return keys;
    for (const record of read) {
      expect(record.offset).toBeGreaterThanOrEqual(offset);
      offset = record.offset + 1;
      keys.push(record.key);
    }
  }
}

describe("a topic", () => {
  it("gives back what was published, in order, from any offset, with bytes, headers and time", async () => {
    const open = publisher();
    await open.begin();
    await open.commit("t", records(1200), "1");
    nowUs = 2_000_000;
    await open.commit("t", records(3, 1200), "2");
    expect(topicNames(journal)).toEqual(["t"]);
    expect(readAll("t")).toEqual(records(1203).map(({ key }) => key));
    expect(readAll("t", 1199)).toEqual(["k1199", "k1200", "k1201", "k1202"]);
    expect(readTopic(journal, "t", 1201)[0]).toEqual({
      partition: 0,
      offset: 1201,
      timestampUs: 2_000_000,
      ...records(1, 1201)[0],
    });
    expect(readTopic(journal, "t", 1203)).toEqual([]);
    expect(readTopic(journal, "other", 0)).toEqual([]);
  });

  it("keeps no more bytes than it may, the newest always, under their old offsets", async () => {
    const open = publisher({ ageUsMax: Number.POSITIVE_INFINITY, bytesMax: 1 });
    await open.begin();
    for (let i = 0; i < 4; i++) await open.commit("t", records(10, i * 10), String(i));
    expect(topicRange(journal, "t")).toMatchObject({ begin: 30, end: 40 });
    expect(readAll("t")).toEqual(records(10, 30).map(({ key }) => key));
  });

  it("keeps nothing longer than it may", async () => {
    const open = publisher({ ageUsMax: 5_000_000, bytesMax: Number.POSITIVE_INFINITY });
    await open.begin();
    await open.commit("t", records(10), "1");
    nowUs += 5_000_000;
    await open.commit("t", records(10, 10), "2");
    expect(topicRange(journal, "t").begin).toBe(0);
    nowUs += 1;
    await open.commit("t", records(10, 20), "3");
    expect(topicRange(journal, "t").begin).toBe(10);
  });
});

publisherContract(async () => ({
  topic: "t",
  open: (name) => createPublisher(journal, name, FOREVER, () => nowUs),
  read: async (topic) => readWholeTopic(journal, topic),
}));
