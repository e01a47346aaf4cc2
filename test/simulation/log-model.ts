import type { FetchedBatch, Lane } from "../../processors/kafka/fetcher.ts";
import type { KafkaBatch } from "../../processors/kafka/record-batch.ts";
import { WeirError } from "../../processors/model/errors.ts";
import type { Actor, Network, Service } from "./network.ts";

interface LogEntry extends FetchedBatch {
  /** Offset and number of each record. */
  readonly records: readonly (readonly [offset: number, id: number])[];
}

/** One partition's log: record batches, and between them offsets that hold nothing (markers, what compaction removed). */
export class PartitionLog {
  readonly partition: number;
  readonly entries: LogEntry[] = [];
  begin = 0;
  end = 0;
  /** What a broker that has just become the leader says instead. */
  staleEnd: number | null = null;
  /** Number of the record at an offset; none where there is no record. Keeps what retention dropped. */
  readonly ids: number[] = [];
  #last = 0;

  constructor(partition: number) {
    this.partition = partition;
  }

  append(count: number, gap: number): void {
    if (gap > 0) {
      const lastOffset = BigInt(this.end + gap - 1);
      this.entries.push({ batch: null, baseOffset: BigInt(this.end), lastOffset, bytes: 0, records: [] });
      this.end += gap;
    }
    const base = this.end;
    const records = Array.from({ length: count }, (_, i): [number, number] => [base + i, this.#last++]);
    for (const [offset, id] of records) this.ids[offset] = id;
    const bytes = Buffer.concat(records.map(([offset, id]) => recordBytes(offset - base, String(id))));
    const batch: KafkaBatch = {
      baseOffset: BigInt(base),
      lastOffset: BigInt(base + count - 1),
      count,
      codec: 0,
      logAppendTimeMs: 1_760_000_000_000,
      firstTimestampMs: 0,
      isTransactional: false,
      isControl: false,
      producerId: -1n,
      records: bytes,
    };
    this.entries.push({
      batch,
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      bytes: bytes.length,
      records,
    });
    this.end += count;
  }

  /** Entries from an offset on; null: it is out of range. */
  from(offset: number): LogEntry[] | null {
    if (offset < this.begin || offset > this.end) return null;
    return this.entries.filter(({ lastOffset, baseOffset }) => lastOffset >= offset && baseOffset >= this.begin);
  }

  /** Drops the oldest entries, as retention does. */
  dropBefore(offset: number): void {
    while (this.entries.length > 0 && this.entries[0].lastOffset < offset) {
      this.begin = Number(this.entries[0].lastOffset) + 1;
      this.entries.shift();
    }
  }
}

/** Lengths and numbers here are below 64: one byte each, zigzag. */
function recordBytes(offsetDelta: number, value: string): Buffer {
  const body = [0, 0, offsetDelta * 2, 1, value.length * 2, ...Buffer.from(value), 0];
  return Buffer.from([body.length * 2, ...body]);
}

const FETCH_WAIT_MS = 700;
const ENTRIES_PER_FETCH = 3;

export interface LaneOptions {
  readonly network: Network;
  readonly actor: Actor;
  readonly broker: Service;
  readonly log: PartitionLog;
  readonly topic: string;
  /** A program that goes elsewhere by itself when its offset is gone. */
  readonly resets: boolean;
}

/** What the fetcher gives a partition, one fetch when somebody waits. Trouble with brokers is waited for, as there. */
export function openLane({ network, actor, broker, log, topic, resets }: LaneOptions): Lane {
  let next: number | null = null;
  let held: LogEntry[] = [];
  let lag: bigint | null = null;
  let failure: WeirError | null = null;
  let generation = 0;

  async function fetchOnce(): Promise<boolean> {
    const asked = generation;
    const read = () =>
      network.send<LogEntry[] | null>(actor, {
        service: broker,
        what: `fetch ${log.partition} from ${next}`,
        timeoutMs: 1500,
        unanswered: (why) => new Error(why),
        isRead: true,
        apply: (reply) => reply(log.from(next ?? 0)),
      });
    for (;;) {
      let found: LogEntry[] | null;
      try {
        found = await read();
        if (found?.length === 0) {
          await actor.sleep(FETCH_WAIT_MS);
          if (asked === generation && failure === null) found = await read();
        }
      } catch {
        await actor.sleep(300);
        if (asked !== generation) return false;
        if (failure !== null) throw failure;
        continue;
      }
      if (asked !== generation) return false;
      if (failure !== null) throw failure;
      if (found === null) {
        if (resets) {
          next = log.begin;
          continue;
        }
        failure = new WeirError("SOURCE_TRUNCATED", `The partition has no offset ${next}.`);
        throw failure;
      }
      held = found.slice(0, ENTRIES_PER_FETCH);
      if (held.length > 0) next = Number(held[held.length - 1].lastOffset) + 1;
      lag = BigInt(Math.max(0, log.end - (next ?? 0)));
      return held.length > 0;
    }
  }

  let fetching: Promise<boolean> | null = null;
  return {
    seek(offset) {
      next = Number(offset);
      held = [];
      lag = null;
      generation++;
      fetching = null;
    },
    take() {
      const first = held.shift();
      if (first === undefined && failure !== null) throw failure;
      return first ?? null;
    },
    get lag() {
      return lag;
    },
    arrived() {
      if (held.length > 0) return Promise.resolve(true);
      if (failure !== null) return Promise.reject(failure);
      if (fetching === null) {
        const begun = fetchOnce();
        fetching = begun;
        const clear = () => {
          if (fetching === begun) fetching = null;
        };
        begun.then(clear, clear);
      }
      return fetching;
    },
    close() {
      failure = new WeirError("KAFKA_FENCED", `The partition ${topic}/${log.partition} is not read any more.`);
    },
  };
}
