import { existsSync } from "node:fs";
import { join } from "node:path";
import { openJournal } from "../journal/journal.ts";
import { readTopic, type StoredRecord, topicNames } from "../journal/topic.ts";
import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import { printable } from "../runtime/terminal.ts";
import { ALERTS_TOPIC, openAlertCodec } from "./publish-alerts.ts";
import { openWindowCodec, WINDOWS_TOPIC } from "./publish-windows.ts";

export interface TopicOptions {
  readonly config: Config;
  readonly topic: string;
  /** First offset to read. */
  readonly from: number;
  /** Goes on with what comes, until the signal. */
  readonly follow: boolean;
  readonly json: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly out: NodeJS.WritableStream;
}

const LOOK_MS = 200;

/** Writes the records of an output topic, one a line. Throws TOPIC_NOT_FOUND. */
export async function showTopic(options: TopicOptions): Promise<void> {
  const { config, topic, follow, json, clock, signal, out } = options;
  const dir = config.data.directory;
  if (!existsSync(join(dir, "journal")))
    throw new WeirError(
      "TOPIC_NOT_FOUND",
      `There is no journal in ${dir} yet, and so no topic; start weir run first, or name another folder with --data.`,
    );
  const journal = await openJournal(dir);
  try {
    const names = topicNames(journal);
    if (!names.includes(topic) && !(follow && [WINDOWS_TOPIC, ALERTS_TOPIC].includes(topic))) {
      const known = names.length === 0 ? "there are none yet" : `there are ${names.join(", ")}`;
      throw new WeirError("TOPIC_NOT_FOUND", `There is no topic ${JSON.stringify(topic)} in ${dir}; ${known}.`);
    }
    const codec =
      topic === WINDOWS_TOPIC ? await openWindowCodec() : topic === ALERTS_TOPIC ? await openAlertCodec() : null;
    for (let offset = options.from; !signal.aborted; ) {
      const records = readTopic(journal, topic, offset);
      const lines = records.map((record) => lineOf(record, codec?.decode(record.value) ?? null, json));
      if (lines.length > 0) await written(out, `${lines.join("\n")}\n`);
      offset = records.at(-1) === undefined ? offset : records[records.length - 1].offset + 1;
      if (records.length > 0) continue;
      if (!follow) return;
      await clock.sleep(LOOK_MS);
    }
  } finally {
    await journal.close();
  }
}

/** Resolves when the text has left the process: its end must not cut it off, and a slow reader must be waited for. */
function written(out: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => out.write(text, (error) => (error ? reject(error) : resolve())));
}

/** JSON knows no bigint; as text it stays exact. */
function exact(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function lineOf({ offset, timestampUs, key, headers, value }: StoredRecord, decoded: unknown, json: boolean): string {
  const shown = decoded ?? Buffer.from(value).toString("base64");
  const text = JSON.stringify(shown, exact);
  const timestamp = new Date(timestampUs / 1000).toISOString();
  if (json) return JSON.stringify({ offset, timestamp, key, headers, value: shown }, exact);
  return `${offset}  ${timestamp}  ${printable(key)}  revision ${headers["revision"] ?? "-"}  ${printable(text)}`;
}
