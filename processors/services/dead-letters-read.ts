import type { ClickHouse } from "../model/ports.ts";
import type { StoredPartition } from "./reread.ts";

/** A dead letter whose batch is in the ledger. */
export interface Letter {
  /** Batch that it belongs to. */
  readonly batchStart: string;
  readonly batchEnd: string;
  /** Append time of its record, microseconds since the epoch. */
  readonly appendTimeUs: number;
  readonly offset: string;
  readonly code: string;
  readonly reason: string;
  /** The record as byte text, where what was kept is all of it and masking changed nothing; null otherwise. */
  readonly payload: string | null;
}

/** Partitions that have dead letters, of one code and source if given. */
export function partitionsWithLetters(
  store: ClickHouse,
  { code, source }: { readonly code: string | null; readonly source: string | null },
): Promise<StoredPartition[]> {
  return store.query<StoredPartition>(
    "SELECT topic, `partition`, any(dead_letters.source) AS source FROM dead_letters WHERE {code:String} IN ('', code) AND {source:String} IN ('', dead_letters.source) GROUP BY topic, `partition` ORDER BY topic, `partition`",
    { code: code ?? "", source: source ?? "" },
  );
}

interface Row {
  readonly batch_start: string;
  readonly batch_end: string;
  readonly append_time_us: string;
  readonly offset: string;
  readonly code: string;
  readonly reason: string;
  readonly is_exact: number;
  readonly payload: string;
}

/** A letter of a batch that is still being inserted does not exist yet: its batch has no row in the ledger. */
const LETTERS = `SELECT d.batch_start AS batch_start, l.batch_end AS batch_end,
    toString(toUnixTimestamp64Micro(d.observed_timestamp)) AS append_time_us, d.offset AS offset, d.code AS code,
    d.reason AS reason, d.payload_is_exact AS is_exact, if(d.payload_is_exact = 1, base64Encode(d.payload), '') AS payload
  FROM dead_letters AS d
  INNER JOIN (
    SELECT batch_start, max(batch_end) AS batch_end FROM ledger
    WHERE topic = {topic:String} AND \`partition\` = {partition:UInt32} GROUP BY batch_start
  ) AS l ON d.batch_start = l.batch_start
  WHERE d.topic = {topic:String} AND d.partition = {partition:UInt32}`;

/** The next letters of a partition, in order. */
export async function lettersAfter(
  store: ClickHouse,
  { topic, partition }: StoredPartition,
  code: string | null,
  after: Letter | null,
  limit: number,
): Promise<Letter[]> {
  const rows = await store.query<Row>(
    `${LETTERS} AND {code:String} IN ('', d.code) AND d.offset > {after:Int64} ORDER BY d.offset LIMIT {limit:UInt32}`,
    { topic, partition, code: code ?? "", after: after?.offset ?? "-1", limit },
  );
  return rows.map(toLetter);
}

/** Letters at known offsets, in order. */
export async function lettersAt(
  store: ClickHouse,
  { topic, partition }: StoredPartition,
  offsets: readonly string[],
): Promise<Letter[]> {
  const rows = await store.query<Row>(`${LETTERS} AND has({offsets:Array(Int64)}, d.offset) ORDER BY d.offset`, {
    topic,
    partition,
    offsets: offsets.map(Number),
  });
  return rows.map(toLetter);
}

function toLetter(row: Row): Letter {
  return {
    batchStart: row.batch_start,
    batchEnd: row.batch_end,
    appendTimeUs: Number(row.append_time_us),
    offset: row.offset,
    code: row.code,
    reason: row.reason,
    payload: row.is_exact === 1 ? Buffer.from(row.payload, "base64").latin1Slice() : null,
  };
}

/** Letters of one batch and one append time together. */
export function lettersByBatch(letters: readonly Letter[]): Letter[][] {
  const groups = new Map<string, Letter[]>();
  for (const letter of letters) {
    const key = `${letter.batchStart} ${letter.appendTimeUs}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [letter]);
    else group.push(letter);
  }
  return [...groups.values()];
}
