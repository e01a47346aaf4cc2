import type { Journal } from "../../processors/journal/journal.ts";
import { readTopic } from "../../processors/journal/topic.ts";
import type { ReadRecord } from "../../processors/model/ports.ts";

/** Every record of a topic of the journal, in order. */
export function readWholeTopic(journal: Journal, topic: string): ReadRecord[] {
  const records: ReadRecord[] = [];
  for (let offset = 0; ; offset = records[records.length - 1].offset + 1) {
    const read = readTopic(journal, topic, offset);
    if (read.length === 0) return records;
    records.push(...read);
  }
}
