import { existsSync } from "node:fs";
import { join } from "node:path";
import { openJournal } from "../journal/journal.ts";
import { readTopic, topicNames } from "../journal/topic.ts";
import { openTopicReader } from "../kafka/topic-reader.ts";
import { WeirError } from "../model/errors.ts";
import type { Clock, ReadRecord } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import { printable } from "../runtime/terminal.ts";
import { kafkaOptionsOf } from "./kafka-options.ts";
import { openReadingCodec, outputOf } from "./output-topics.ts";

export interface TopicOptions {
  readonly config: Config;
  readonly topic: string;
  /** First offset to read, of every partition. */
  readonly from: number;
  /** Goes on with what comes, until the signal. */
  readonly follow: boolean;
  readonly json: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly out: NodeJS.WritableStream;
}

/** Where records are read from, journal or Kafka. */
interface OpenTopic {
  /** Records that come next; null: there is nothing now. */
  read(): Promise<readonly ReadRecord[] | null>;
  /** Whether everything was read that was there at first. */
  readonly isThrough: boolean;
  close(): Promise<void>;
}

const LOOK_MS = 200;

/** Writes the committed records of an output topic, one a line. Throws TOPIC_NOT_FOUND. */
export async function showTopic(options: TopicOptions): Promise<void> {
  const { config, topic, follow, json, clock, signal, out } = options;
  const output = outputOf(config, topic);
  const codec = output === null ? null : openReadingCodec(output);
  const reader = config.topics.to === "journal" ? await openInJournal(options) : await openInKafka(options);
  try {
    while (!signal.aborted && (follow || !reader.isThrough)) {
      const records = await reader.read();
      if (records === null) {
        if (follow) await clock.sleep(LOOK_MS);
        continue;
      }
      const lines = records.map((record) => lineOf(record, codec?.decode(record.value) ?? null, json));
      await written(out, `${lines.join("\n")}\n`);
    }
  } finally {
    await reader.close();
  }
}

async function openInKafka({ config, topic, from }: TopicOptions): Promise<OpenTopic> {
  try {
    return await openTopicReader(kafkaOptionsOf(config, null), topic, { from: BigInt(from) });
  } catch (cause) {
    if (!(cause instanceof WeirError && cause.code === "SOURCE_NOT_FOUND")) throw cause;
    const where = config.kafka.brokers.join(", ");
    const message = `There is no topic ${JSON.stringify(topic)} at ${where}; it is made when something is published.`;
    throw new WeirError("TOPIC_NOT_FOUND", message, { cause });
  }
}

async function openInJournal({ config, topic, from, follow }: TopicOptions): Promise<OpenTopic> {
  const dir = config.data.directory;
  if (!existsSync(join(dir, "journal")))
    throw new WeirError(
      "TOPIC_NOT_FOUND",
      `There is no journal in ${dir} yet, and so no topic; start weir run first, or name another folder with --data.`,
    );
  const journal = await openJournal(dir);
  const names = topicNames(journal);
  if (!names.includes(topic) && !(follow && outputOf(config, topic) !== null)) {
    await journal.close();
    const known = names.length === 0 ? "there are none yet" : `there are ${names.join(", ")}`;
    throw new WeirError("TOPIC_NOT_FOUND", `There is no topic ${JSON.stringify(topic)} in ${dir}; ${known}.`);
  }
  let offset = from;
  let isThrough = false;
  return {
    async read() {
      const records = readTopic(journal, topic, offset);
      isThrough = records.length === 0;
      if (isThrough) return null;
      offset = records[records.length - 1].offset + 1;
      return records;
    },
    get isThrough() {
      return isThrough;
    },
    close: () => journal.close(),
  };
}

/** Resolves when the text has left the process: its end must not cut it off, and a slow reader must be waited for. */
function written(out: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => out.write(text, (error) => (error ? reject(error) : resolve())));
}

/** JSON knows no bigint; as text it stays exact. */
function exact(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function lineOf(record: ReadRecord, decoded: unknown, json: boolean): string {
  const { partition, offset, timestampUs, key, headers, value } = record;
  const shown = decoded ?? Buffer.from(value).toString("base64");
  const text = JSON.stringify(shown, exact);
  const timestamp = new Date(timestampUs / 1000).toISOString();
  if (json) return JSON.stringify({ partition, offset, timestamp, key, headers, value: shown }, exact);
  return `${partition}/${offset}  ${timestamp}  ${printable(key)}  revision ${headers["revision"] ?? "-"}  ${printable(text)}`;
}
