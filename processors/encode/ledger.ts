import { type EventBatch, OUTCOME_DROPPED, OUTCOME_OK } from "../model/event-batch.ts";
import type { LedgerRow, Versions } from "../model/ledger.ts";
import type { InsertBlock } from "../model/ports.ts";
import { appendTimeOf } from "../model/record.ts";
import { BlockBuilder } from "./block.ts";
import { type BatchIdentity, tokenOf } from "./token.ts";

/** Counts what became of a batch's records. Throws if they don't add up: that would be a bug, not bad data. */
export function ledgerRowOf(batch: EventBatch): LedgerRow {
  const { count } = batch.records;
  let ok = 0;
  let dropped = 0;
  for (let record = 0; record < count; record++) {
    if (batch.outcomes[record] === OUTCOME_OK) ok++;
    else if (batch.outcomes[record] === OUTCOME_DROPPED) dropped++;
  }
  const deadLetters = batch.deadLetters.length;
  if (ok + dropped + deadLetters !== count)
    throw new Error(`${count} records became ${ok} ok, ${dropped} dropped and ${deadLetters} dead letters.`);
  let timestampUsMin = batch.rows === 0 ? 0 : Number.POSITIVE_INFINITY;
  let timestampUsMax = 0;
  for (let row = 0; row < batch.rows; row++) {
    const us = batch.timestampUs[row];
    if (us < timestampUsMin) timestampUsMin = us;
    if (us > timestampUsMax) timestampUsMax = us;
  }
  const minutes = minutesOf(batch, ok);
  return { records: count, ok, dropped, deadLetters, events: batch.rows, timestampUsMin, timestampUsMax, minutes };
}

/** Dead letters in a row: at the batch's start, at its end, and the most anywhere. All are its records where every one is dead. */
export interface DeadRuns {
  readonly leading: number;
  readonly longest: number;
  readonly trailing: number;
}

export function deadRunsOf({ records, deadLetters }: EventBatch): DeadRuns {
  const dead = deadLetters.map(({ record }) => record).sort((a, b) => a - b);
  let leading = 0;
  let longest = 0;
  let length = 0;
  for (const [i, record] of dead.entries()) {
    length = i > 0 && dead[i - 1] === record - 1 ? length + 1 : 1;
    if (record === length - 1) leading = length;
    if (length > longest) longest = length;
  }
  const trailing = dead.length > 0 && dead[dead.length - 1] === records.count - 1 ? length : 0;
  return { leading, longest, trailing };
}

/** Counts records per append minute and outcome. */
function minutesOf(batch: EventBatch, ok: number): LedgerRow["minutes"] {
  const { records, outcomes, droppedCodes, deadLetters } = batch;
  const byMinute = new Map<number, Map<string, number>>();
  const minuteOf = (record: number) => Math.floor(appendTimeOf(records, record) / 60_000_000) * 60;
  const add = (record: number, outcome: string, by: number) => {
    const minute = minuteOf(record);
    let counts = byMinute.get(minute);
    if (counts === undefined) byMinute.set(minute, (counts = new Map()));
    counts.set(outcome, (counts.get(outcome) ?? 0) + by);
  };
  // Which record was dropped for which reason is known only where there is one reason.
  const isOneMinute = records.appendTimesUs === undefined || droppedCodes.size > 1;
  if (isOneMinute) {
    if (ok > 0) add(0, "ok", ok);
    for (const [code, count] of droppedCodes) add(0, `dropped ${code}`, count);
  } else {
    const [droppedCode] = droppedCodes.keys();
    const nameOf = new Map<number, string>([
      [OUTCOME_OK, "ok"],
      [OUTCOME_DROPPED, `dropped ${droppedCode}`],
    ]);
    // Most records are like the one before: those are counted together.
    for (let begin = 0, end = 0; begin < records.count; begin = end) {
      const outcome = outcomes[begin];
      const minute = minuteOf(begin);
      do end++;
      while (end < records.count && outcomes[end] === outcome && minuteOf(end) === minute);
      const name = nameOf.get(outcome);
      if (name !== undefined) add(begin, name, end - begin);
    }
  }
  for (const { record, code } of deadLetters) add(record, `dead_letter ${code}`, 1);
  return [...byMinute].flatMap(([minute, counts]) =>
    [...counts].map(([outcome, count]) => ({ minute, outcome, records: count })),
  );
}

/** Encodes a batch's ledger row as one insert, the last of the batch. */
export function encodeLedger(row: LedgerRow, source: string, versions: Versions, identity: BatchIdentity): InsertBlock {
  const block = new BlockBuilder(true);
  block.begin({ rows: 1, indices: null });
  block.constant("topic", identity.topic);
  block.numbers("partition", "UInt32", Uint32Array.of(identity.partition));
  block.bigints("batch_start", "Int64", BigInt64Array.of(identity.batchStart));
  block.bigints("batch_end", "Int64", BigInt64Array.of(identity.batchEnd));
  block.numbers("run", "UInt32", Uint32Array.of(identity.run));
  block.constant("source", source);
  block.integers("records", "Int64", Float64Array.of(row.records));
  block.integers("ok", "Int64", Float64Array.of(row.ok));
  block.integers("dropped", "Int64", Float64Array.of(row.dropped));
  block.integers("dead_letters", "Int64", Float64Array.of(row.deadLetters));
  block.integers("events", "Int64", Float64Array.of(row.events));
  block.integers("timestamp_min", "DateTime64(6, 'UTC')", Float64Array.of(row.timestampUsMin));
  block.integers("timestamp_max", "DateTime64(6, 'UTC')", Float64Array.of(row.timestampUsMax));
  const { minutes } = row;
  block.arrays(
    "minutes.minute",
    "Array(DateTime('UTC'))",
    [minutes.length],
    [Uint32Array.from(minutes, (m) => m.minute)],
  );
  block.stringArrays("minutes.outcome", [minutes.map((m) => m.outcome)]);
  block.arrays(
    "minutes.records",
    "Array(Int64)",
    [minutes.length],
    [BigInt64Array.from(minutes, (m) => BigInt(m.records))],
  );
  block.constant("transform_version", versions.transform);
  block.constant("config_version", versions.config);
  block.constant("lookup_version", versions.lookup);
  return block.finish("ledger", tokenOf("ledger", identity, "all"));
}

/** Encodes a batch's dead letters as one insert; null if it has none. */
export function encodeDeadLetters(
  batch: EventBatch,
  tenant: string,
  source: string,
  identity: BatchIdentity,
): InsertBlock | null {
  const { deadLetters, records } = batch;
  const rows = deadLetters.length;
  if (rows === 0) return null;
  const block = new BlockBuilder();
  block.begin({ rows, indices: null });
  block.bigints(
    "observed_timestamp",
    "DateTime64(6, 'UTC')",
    BigInt64Array.from(deadLetters, ({ record }) => BigInt(appendTimeOf(records, record))),
  );
  block.constant("tenant", tenant);
  block.constant("source", source);
  for (const name of ["stage", "code", "reason", "payload"] as const)
    block.plainStrings(
      name,
      deadLetters.map((letter) => letter[name]),
    );
  block.numbers(
    "payload_is_exact",
    "UInt8",
    Uint8Array.from(deadLetters, ({ isExact }) => Number(isExact)),
  );
  block.constant("topic", identity.topic);
  block.numbers("partition", "UInt32", new Uint32Array(rows).fill(identity.partition));
  block.bigints(
    "offset",
    "Int64",
    BigInt64Array.from(deadLetters, ({ record }) => records.firstOffset + BigInt(records.offsetDeltas[record])),
  );
  block.bigints("batch_start", "Int64", new BigInt64Array(rows).fill(identity.batchStart));
  return block.finish(
    "dead_letters",
    tokenOf("dead_letters", identity, String(Math.floor(records.appendTimeUs / 86_400_000_000))),
  );
}
