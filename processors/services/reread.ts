import { frame } from "../decode/frame.ts";
import { openKnownFile } from "../files/known-file.ts";
import type { RecordBatch } from "../model/record.ts";
import { formatOf, readingOf, sourceOptionsOf } from "./partition.ts";
import type { Reading, Workplace } from "./workplace.ts";

/** What reading again needs of a workplace. */
export type RereadPlace = Pick<Workplace, "config" | "store" | "journal" | "formats">;

/** A partition that is stored, to be read once more as the configuration has it now. */
export interface StoredPartition {
  readonly topic: string;
  readonly partition: number;
  /** Name of its source. */
  readonly source: string;
}

export interface Reread {
  /** null: the source is gone. */
  readonly path: string | null;
  /** How its lines are read now. */
  readonly reading: Reading;
  /** What begins lines that say how those after them are read; null: there are none. */
  readonly headerPrefix: string | null;
  /**
   * The records of [from, to), none more and none less; null when they can't be had any more. `as`: cut as the format
   * says that the lines have now, or had when they were first read.
   */
  read(from: bigint, to: bigint, appendTimeUs: number, as: "now" | "first"): Promise<RecordBatch | null>;
  close(): Promise<void>;
}

/**
 * Opens the source of what is stored. The format is the given one, else the configured one, else the one that was decided
 * when it was first read; "auto" decides anew. A format that lines were refused by was declared, and stays so.
 */
export async function openReread(
  workplace: RereadPlace,
  stored: StoredPartition,
  format: string | null,
): Promise<Reread> {
  const { config, store, journal } = workplace;
  const { topic, partition, source } = stored;
  const { joins, headerPrefix, detect, recordBytesMax } = sourceOptionsOf(workplace, topic, "auto");
  const file = await openKnownFile(journal, frame, topic, partition);
  const wanted = format ?? formatOf(config, source);
  let decided = wanted;
  let isDeclared = wanted !== "auto";
  if (wanted === "auto") {
    const [known] = await store.query<{ format: string }>(
      "SELECT format FROM events WHERE topic = {topic:String} AND `partition` = {partition:UInt32} GROUP BY format ORDER BY count() DESC LIMIT 1",
      { topic, partition },
    );
    decided = file?.format ?? known?.format ?? "text";
    if (format === "auto" && file !== null) decided = detect((await file.sample()).toString("latin1"));
    const refused = await store.query(
      "SELECT 1 AS found FROM ledger WHERE topic = {topic:String} AND `partition` = {partition:UInt32} AND arrayExists(outcome -> startsWith(outcome, 'dead_letter PARSE_'), minutes.outcome) LIMIT 1",
      { topic, partition },
    );
    isDeclared = format !== "auto" && refused.length > 0;
  }
  const headerPrefixNow = headerPrefix?.(decided) ?? null;
  const first = file === null || file.format === "" ? decided : file.format;
  return {
    path: file?.path ?? null,
    reading: readingOf(config, source, decided, isDeclared),
    headerPrefix: headerPrefixNow,
    async read(from, to, appendTimeUs, as) {
      const cutAs = as === "now" ? decided : first;
      const framing = {
        join: joins(cutAs),
        recordBytesMax,
        // Of the format that the lines are read as now, however they are cut.
        headerPrefix: headerPrefixNow,
        appendTimeUs,
      };
      return (await file?.read(Number(from), Number(to), framing)) ?? null;
    },
    async close() {
      await file?.close();
    },
  };
}
