import { WeirError } from "../model/errors.ts";
import type { Frame, Join, Source } from "../model/ports.ts";
import type { Journal } from "./journal.ts";

/** A source over what was appended to the journal: for records that can't be read again where they came from. */
export interface JournalSource extends Source {
  /**
   * Appends complete lines, all with one append time (microseconds since the epoch); durable once resolved. Entries
   * never reach from one append into the next. Throws JOURNAL_DISK_FULL.
   */
  append(bytes: Buffer, appendTimeUs: number): Promise<void>;
}

export interface JournalSourceOptions {
  readonly journal: Journal;
  readonly topic: string;
  readonly partition: number;
  readonly format: string;
  readonly frame: Frame;
  readonly join: Join;
  readonly recordBytesMax: number;
}

/** Opens a partition of the journal, as its only owner. A record's offset is its position in the endless stream. */
export async function openJournalSource(options: JournalSourceOptions): Promise<JournalSource> {
  const { journal, topic, partition, format, frame, join, recordBytesMax } = options;
  const unlock = await journal.lock(topic, partition);
  const spool = journal.spool(topic, partition);
  /** Text of the chunk read last: small limits read one chunk many times. */
  let last = { begin: -1, text: "" };

  return {
    topic,
    partition,
    format,
    async append(bytes, appendTimeUs) {
      await spool.append(bytes, appendTimeUs);
    },
    async committed() {
      return journal.committed(topic, partition);
    },
    commit: (commit) => journal.commit(topic, partition, commit),
    async range() {
      const { begin, end } = spool.range();
      return { begin: BigInt(begin), end: BigInt(end) };
    },
    async read(from, limit, to) {
      const position = Number(from);
      if (to !== undefined && from >= to) return null;
      const chunk = spool.read(position);
      if (chunk === null) {
        if (position >= spool.range().end) return null;
        const message = `Offset ${from} of partition ${partition} of ${topic} was released from the journal and can't be read again; go on from ${spool.range().begin}.`;
        throw new WeirError("SOURCE_TRUNCATED", message);
      }
      if (last.begin !== chunk.begin) last = { begin: chunk.begin, text: chunk.bytes.toString("latin1") };
      const textEnd = to === undefined ? last.text.length : Math.min(last.text.length, Number(to) - chunk.begin);
      const framed = frame(last.text.slice(0, textEnd), position - chunk.begin, {
        join,
        recordBytesMax,
        recordsMax: limit.recordsMax,
        bytesMax: limit.bytesMax,
        atEnd: true,
      });
      return {
        topic,
        partition,
        text: last.text,
        count: framed.count,
        begins: framed.begins,
        ends: framed.ends,
        offsetDeltas: framed.offsetDeltas,
        firstOffset: from,
        nextOffset: BigInt(chunk.begin + framed.consumed),
        appendTimeUs: chunk.appendTimeUs,
        cut: framed.cut,
      };
    },
    release: (before) => spool.release(Number(before)),
    close: unlock,
  };
}
