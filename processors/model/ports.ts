import type { RecordBatch } from "./record.ts";

/** The time, as the shells see it. Acts never ask: they are told. */
export interface Clock {
  /** Microseconds since the Unix epoch. */
  nowUs(): number;
  /** Milliseconds that never go back, for durations. */
  monotonicMs(): number;
  sleep(ms: number): Promise<void>;
}

/** One partition of a source: an ordered, re-readable run of records. */
export interface Partition {
  readonly topic: string;
  readonly partition: number;
}

/** Where a partition's processing stands: what a Kafka offset commit holds. */
export interface Commit {
  /** Everything before this offset is in the ledger or was skipped on purpose. */
  readonly offset: bigint;
  /** Free text stored with the offset in one atomic write; "" when there is none. Weir keeps its plan here. */
  readonly metadata: string;
}

/** How much one read may return. At least one record is returned, however long. */
export interface ReadLimit {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/**
 * A source of records. Implemented by files and by the journal (and by Kafka); `test/contract/source.ts` holds what
 * every source promises:
 *
 * - reading [a, b) again gives the same records, whatever the limits were the first time;
 * - offsets rise, and a batch covers [firstOffset, nextOffset) without gap to the next one;
 * - a commit is atomic (offset and metadata together) and durable once it resolves.
 */
export interface Source {
  readonly topic: string;
  readonly partition: number;
  /** Format decided for this partition, e.g. "combined"; see parse/formats.ts. */
  readonly format: string;
  /** null: nothing was committed yet; start at `begin`. */
  committed(): Promise<Commit | null>;
  commit(commit: Commit): Promise<void>;
  /** First offset that can be read, and the end of what can be read now. */
  range(): Promise<{ readonly begin: bigint; readonly end: bigint | null }>;
  /**
   * Records from an offset on, ending before `to` if given. null: nothing there (the end of what is complete now).
   * Throws WeirError SOURCE_* when the offset can't be read any more.
   */
  read(from: bigint, limit: ReadLimit, to?: bigint): Promise<RecordBatch | null>;
  /** Records before this offset are no longer needed by anyone. Files ignore it, the journal frees the space. */
  release(before: bigint): Promise<void>;
  close(): Promise<void>;
}

/** true: continuation lines of stack traces and the like belong to the entry before them. Or whose chunks are put together. */
export type Join = boolean | "docker" | "cri";

export interface FrameOptions {
  readonly join: Join;
  /** A longer record is cut there; a joined entry that would become longer ends before the line that is too much. */
  readonly recordBytesMax: number;
  readonly recordsMax: number;
  /** Records stop before they would go beyond this many bytes; the first is given however long it is. */
  readonly bytesMax: number;
  /** Nothing comes after the text: what is open at its end is complete. */
  readonly atEnd: boolean;
}

/** Where the records of a text are. Record i is text[begins[i], ends[i]). */
export interface Framed {
  readonly count: number;
  readonly begins: Uint32Array;
  readonly ends: Uint32Array;
  /** begins[i] - from. */
  readonly offsetDeltas: Uint32Array;
  /** Position after the last complete record and its line end. */
  readonly consumed: number;
  /** Records whose end is cut at recordBytesMax, ascending. */
  readonly cut: readonly number[];
  /** recordsMax or bytesMax stopped it: more text would change nothing. */
  readonly isFull: boolean;
}

/**
 * Finds the records of byte text from a position on; decode/frame.ts says how. Sources are handed it, because things do
 * not know acts.
 */
export type Frame = (text: string, from: number, options: FrameOptions) => Framed;

/** One insert: a block of one table partition, sent with its own token, the same bytes on every retry. */
export interface InsertBlock {
  readonly table: string;
  /** Column names in the order of the block. */
  readonly columns: readonly string[];
  /** A block in ClickHouse's Native format, in one or more pieces. */
  readonly native: readonly Uint8Array[];
  /** Names and types, as `name Type, ...`: what the block's header says. */
  readonly structure: string;
  readonly rows: number;
  /** The insert_deduplication_token. */
  readonly token: string;
}

/**
 * ClickHouse, in process or over HTTP. `test/contract/clickhouse.ts` holds what both promise.
 */
export interface ClickHouse {
  /** Resolves when ClickHouse has acknowledged. Throws WeirError STORE_*; `retriable` says whether to try again. */
  insert(block: InsertBlock): Promise<void>;
  /** Rows of a query as objects; 64-bit integers come as strings. Values only through `parameters` ({name:Type} in SQL). */
  query<Row>(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<Row[]>;
  /** A statement without a result (DDL, ALTER). */
  command(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

/** A record of an output topic. */
export interface TopicRecord {
  /** The same for every value of the same thing, so that a topic can be compacted. */
  readonly key: string;
  readonly value: Uint8Array;
  /** `emit_id` is in every record's: whoever saw it before can leave the record out. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A record of a topic as a reader sees it. */
export interface ReadRecord extends TopicRecord {
  readonly partition: number;
  readonly offset: number;
  /** When it was published, microseconds since the epoch. */
  readonly timestampUs: number;
}

/**
 * Appends records to output topics, each once: records and the publisher's own progress become visible together or not at
 * all. Progress is text that only the publisher's user understands.
 *
 * After any error a publisher is of no more use: a new one begins, and reads how far the old one came.
 */
export interface Publisher {
  /** Fences every publisher of the same name that began before; only then tells the progress, "" at first. */
  begin(): Promise<string>;
  /** Throws CLOSE_FENCED when another publisher has begun since. */
  commit(topic: string, records: readonly TopicRecord[], progress: string): Promise<void>;
  /** Leaves what is committed as it is. */
  close(): Promise<void>;
}
