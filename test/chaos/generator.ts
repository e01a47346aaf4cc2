import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Admin, type Message, type Producer } from "kafkajs";
import { type ContentOptions, contentAt, lastText } from "./content.ts";
import { type SentRecords, type TrueWindows, WINDOW_SECONDS, type WindowSum, windowKey } from "./truth.ts";

/*
 * The generator: a process of its own that fills the topic and writes down what Kafka has acknowledged. It knows nothing of Weir.
 * Tells its parent how far each partition is; on any word from it, ends every partition and itself.
 */

export interface GeneratorOptions extends ContentOptions {
  readonly brokers: string;
  readonly topic: string;
  /** Records a second, of all partitions. */
  readonly rate: number;
  /** File for the truth. */
  readonly truth: string;
}

const RECORDS_PER_REQUEST = 2000;
const PAUSE_MS = 200;
const TELL_MS = 100;
/** An old connection's request is done or lost after so long. */
const SETTLE_MS = 3000;

const { Kafka, logLevel } = kafkajs;
const options = JSON.parse(process.argv[2]) as GeneratorOptions;
const kafka = new Kafka({
  brokers: options.brokers.split(","),
  clientId: "generator",
  logLevel: logLevel.NOTHING,
  retry: { retries: 60, initialRetryTime: 100, maxRetryTime: 1000 },
});
const windows = new Map<string, WindowSum>();
const acknowledged = new Array<number>(options.partitions).fill(0);
let isEnding = false;

process.once("message", () => {
  isEnding = true;
});
process.once("disconnect", () => process.exit(1));
const telling = setInterval(() => process.send?.(acknowledged), TELL_MS);

const startedMs = performance.now();
await Promise.all(acknowledged.map((_, partition) => fill(partition)));
const end: TrueWindows = { windows: Object.fromEntries(windows) };
writeDown(end);
clearInterval(telling);
process.send?.(acknowledged, () => process.exit(0));

async function fill(partition: number): Promise<void> {
  const perMs = options.rate / 1000 / options.partitions;
  let producer = await connected();
  const append = async (messages: Message[], sent: SentRecords) => {
    while (!(await send(producer, messages, sent))) {
      await producer.disconnect().catch(() => {});
      producer = await connected();
    }
    writeDown(sent);
    acknowledged[partition] = sent.first + sent.records;
  };
  while (!isEnding) {
    const first = acknowledged[partition];
    const due = Math.floor((performance.now() - startedMs) * perMs) - first;
    const records = Math.min(due, RECORDS_PER_REQUEST);
    if (records > 0) await append(...make(partition, first, records));
    if (records < RECORDS_PER_REQUEST) await sleep(PAUSE_MS);
  }
  const first = acknowledged[partition];
  const value = Buffer.from(lastText(Date.now() * 1000 - 60_000_000, first * options.partitions + partition + 1));
  await append([{ value, partition }], { partition, first, records: 1, bad: [], blank: [] });
  await producer.disconnect().catch(() => {});
}

function make(partition: number, first: number, records: number): [Message[], SentRecords] {
  const messages: Message[] = [];
  const bad: number[] = [];
  const blank: number[] = [];
  for (let offset = first; offset < first + records; offset++) {
    const { text, outcome, timeUs, service, isError, number } = contentAt(options, partition, offset);
    messages.push({ value: Buffer.from(text), partition });
    if (outcome === "bad") bad.push(offset);
    else if (outcome === "blank") blank.push(offset);
    else count(timeUs, service, isError, number);
  }
  return [messages, { partition, first, records, bad, blank }];
}

function count(timeUs: number, service: string, isError: boolean, number: number): void {
  const key = windowKey(Math.floor(timeUs / 1e6 / WINDOW_SECONDS) * WINDOW_SECONDS, service);
  let sum = windows.get(key);
  if (sum === undefined) windows.set(key, (sum = { events: 0, errors: 0, numbers: 0 }));
  sum.events++;
  sum.numbers += number;
  if (isError) sum.errors++;
}

/** A producer has one partition, so that the end of the partition tells what became of a request without an answer. */
async function connected(): Promise<Producer> {
  for (;;) {
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
    try {
      await producer.connect();
      return producer;
    } catch {
      await producer.disconnect().catch(() => {});
      await sleep(PAUSE_MS);
    }
  }
}

/** Whether the topic has them; if not, they may be sent again by another producer. */
async function send(
  producer: Producer,
  messages: Message[],
  { partition, first, records }: SentRecords,
): Promise<boolean> {
  try {
    await producer.send({ topic: options.topic, messages });
    return true;
  } catch {
    await producer.disconnect().catch(() => {});
    await sleep(SETTLE_MS);
    const end = await endOf(partition);
    if (end === first + records) return true;
    if (end === first) return false;
    throw new Error(`Partition ${partition} ends at ${end}, which is neither ${first} nor ${first + records}.`);
  }
}

async function endOf(partition: number): Promise<number> {
  for (;;) {
    const admin: Admin = kafka.admin();
    try {
      await admin.connect();
      const offsets = await admin.fetchTopicOffsets(options.topic);
      return Number(offsets.find((one) => one.partition === partition)!.high);
    } catch {
      await sleep(PAUSE_MS);
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }
}

function writeDown(entry: SentRecords | TrueWindows): void {
  appendFileSync(options.truth, `${JSON.stringify(entry)}\n`);
}
