import { join } from "node:path";
import type { FileSource } from "../files/file-source.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { openKafka } from "../kafka/client.ts";
import { openSender, type SentRecord } from "../kafka/sender.ts";
import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import { HEADER_LENGTH_MAX, HEADER_LINE, type RecordBatch } from "../model/record.ts";
import { formatByName } from "../parse/formats.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { followFiles } from "./follow.ts";
import type { FileProcessor } from "./followed-file.ts";
import { kafkaOptionsOf } from "./kafka-options.ts";
import { ownFormatsOf } from "./own-formats.ts";
import { sleepUnlessAborted } from "./topic-partition.ts";

export interface CollectOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** Ends it after the records in hand. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly onSent?: (topic: string, records: number) => void;
}

/** Of one request: with keys and lengths it stays below the 1 MiB that a topic takes by default. */
const LIMIT = { recordsMax: 2000, bytesMax: 512 << 10 };
const REQUESTS_PER_TRANSACTION = 16;
const LINGER_MS = 250;
const PAUSE_MS = 1000;

/**
 * Follows the files of the configuration's sources and appends their records to the topics of the sources' names, until the
 * signal. How far each file was sent goes into Kafka with the records, in one transaction, and then into a journal of
 * collecting's own. After an error everything is let go of, and begun again from there. Returns the number of records.
 */
export async function collect(options: CollectOptions): Promise<number> {
  const { config, clock, signal, logger } = options;
  const topics = config.sources.filter(({ files }) => files.length > 0).map(({ name }) => name);
  if (topics.length === 0 || config.kafka.brokers.length === 0) {
    const what = topics.length === 0 ? "no source with files" : "no brokers in kafka.brokers";
    throw new WeirError(
      "CONFIG_INVALID",
      `There is nothing to collect: the configuration has ${what}; add it to weir.yaml.`,
    );
  }
  const formats = ownFormatsOf(config);
  const client = await openKafka(kafkaOptionsOf(config, logger), topics);
  await client.close();
  // What it knows of a file must not make `weir run` think that the file is stored.
  const journal = await openJournal(join(config.data.directory, "collect"));
  let sent = 0;
  /** What Kafka refused of one file keeps no other from being sent; it is tried again. */
  const refused = new Set<string>();
  const onSent = (topic: string, records: number) => {
    sent += records;
    options.onSent?.(topic, records);
  };
  logger.info({ topics }, "Collecting started.");
  try {
    while (!signal.aborted) {
      const isOfOneFile = (error: WeirError) => error.code === "KAFKA_REFUSED" && refused.add(error.message) !== null;
      const inputs = followFiles({ ...options, files: [], isOfOneFile }, { journal, config, formats }, (source) =>
        openCollector({ ...options, onSent }, journal, source),
      );
      try {
        while (!signal.aborted) {
          await inputs.drain();
          await sleepUnlessAborted(clock, LINGER_MS, signal);
        }
      } catch (error) {
        if (!(error instanceof WeirError) || !error.retriable) throw error;
        logger.warn({ code: error.code }, error.message);
        await sleepUnlessAborted(clock, PAUSE_MS, signal);
      } finally {
        await inputs.close();
      }
    }
  } finally {
    await journal.close();
  }
  logger.info({ records: sent, refused: refused.size }, "Collecting ended.");
  return sent;
}

async function openCollector(
  { config, signal, logger, onSent }: CollectOptions,
  journal: Journal,
  source: FileSource,
): Promise<FileProcessor> {
  const { topic, partition, format } = source;
  const { recordBytesMax } = config.batch;
  const headerPrefix = formatByName(format, ownFormatsOf(config)).headerPrefix ?? null;
  const sender = await openSender({
    kafka: kafkaOptionsOf(config, logger),
    name: `weir-collect-${journal.id}-${topic}-${partition}`,
    topic,
    key: topic,
  });
  let from: bigint;
  try {
    from = (await source.committed())?.offset ?? (await source.range()).begin;
    if (sender.position !== null && sender.position > from) {
      // Sent before, and then something happened.
      from = sender.position;
      await source.commit({ offset: from, metadata: "" });
    }
  } catch (error) {
    await sender.close();
    throw error;
  }

  /** One transaction; false: there was nothing. */
  async function sendSome(): Promise<boolean> {
    let next = from;
    let records = 0;
    for (let i = 0; i < REQUESTS_PER_TRANSACTION; i++) {
      const batch = await source.read(next, LIMIT);
      if (batch === null) break;
      if (batch.count > 0) await sender.send(recordsOf(batch, recordBytesMax, headerPrefix));
      next = batch.nextOffset;
      records += batch.count;
    }
    if (next === from) return false;
    await sender.commit(next);
    await source.commit({ offset: next, metadata: "" });
    from = next;
    onSent?.(topic, records);
    return true;
  }

  return {
    async drain() {
      while (!signal.aborted && (await sendSome()));
    },
    close: () => sender.close(),
  };
}

/**
 * The records' bytes, of a format with header lines each with the last one up to it: files meet in one partition. One that was
 * cut gets a byte more than is allowed, so that who reads it knows.
 */
function recordsOf(batch: RecordBatch, recordBytesMax: number, headerPrefix: string | null): SentRecord[] {
  const { text, begins, ends, count, cut } = batch;
  const values = Array.from({ length: count }, (_, i) => Buffer.from(text.slice(begins[i], ends[i]), "latin1"));
  for (const i of cut) values[i] = Buffer.concat([values[i].subarray(0, recordBytesMax), Buffer.from(".")]);
  let header = Buffer.from(batch.header ?? "", "latin1");
  return values.map((value) => {
    if (headerPrefix === null) return { value };
    if (value.length <= HEADER_LENGTH_MAX && value.toString("latin1", 0, headerPrefix.length) === headerPrefix)
      header = value;
    return header.length === 0 ? { value } : { value, headers: { [HEADER_LINE]: header } };
  });
}
