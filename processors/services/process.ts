import type { BatchIdentity } from "../encode/events.ts";
import { WeirError } from "../model/errors.ts";
import type { LedgerRow } from "../model/ledger.ts";
import type { ClickHouse, InsertBlock, ReadLimit, Source } from "../model/ports.ts";
import type { RecordBatch } from "../model/record.ts";
import type { EncodedBatch, Pipeline } from "../pipeline.ts";
import { decodePlan, encodePlan, type Plan } from "../plan/plan.ts";
import { ledgerNext, reconcile, type Tile } from "../plan/reconcile.ts";

export interface ProcessOptions {
  readonly source: Source;
  readonly store: ClickHouse;
  readonly pipeline: Pipeline;
  /** How large a batch may be. A planned batch is read whole, whatever the limits are now. */
  readonly limit: ReadLimit;
  /** Everything that turns the same bytes into the same rows, as one text. */
  readonly version: string;
  /** Ends the loop after the batch in hand. */
  readonly signal: AbortSignal;
  readonly onBatch?: (batch: FinishedBatch) => void;
  /** Told after every stage, for measuring. */
  readonly onStage?: (stage: string) => void;
}

export interface FinishedBatch {
  readonly row: LedgerRow;
  readonly start: bigint;
  readonly next: bigint;
}

/** A batch as it will be inserted. */
interface Prepared {
  readonly plan: Plan;
  readonly encoded: EncodedBatch;
}

/** A partition that was taken over. */
export interface PartitionProcessor {
  /** Processes everything that the source has now. */
  drain(): Promise<void>;
}

/**
 * Processes one partition: plan, insert, ledger.
 *
 * 1. Reconcile, when the partition is taken over: read commit, plan and ledger, and decide (plan/reconcile.ts) to
 *    continue, skip, replay, rewind or stop.
 * 2. Plan: write the range of the next batch into the commit. One commit moves the offset past the batch before and
 *    stores the new plan.
 * 3. Insert: events (one insert per day), dead letters, partials; the ledger row last.
 * 4. The next plan's commit moves the offset; when there is nothing more, a commit without a plan does.
 *
 * The next batch is read and encoded while the present one is inserted: that is pure, so a crash loses nothing.
 * A rejected insert ends the loop with its error: a batch is never skipped.
 */
export async function takeOver(options: ProcessOptions): Promise<PartitionProcessor> {
  const { source, limit, signal } = options;
  const standing = await reconcilePartition(options);
  if (standing.replay !== null) await replay(options, standing.replay);
  let { from } = standing;
  const { run } = standing;

  return {
    async drain() {
      let prepared = await prepare(options, from, limit, { run, attempt: 0 });
      while (prepared !== null) {
        const { plan } = prepared;
        await source.commit({ offset: plan.start, metadata: encodePlan(plan) });
        // After the commit: a source must still have what comes after the committed offset.
        await source.release(plan.start);
        const inserting = insertBatch(options, prepared, new Set());
        const following = signal.aborted ? null : prepare(options, plan.next, limit, { run, attempt: 0 });
        // Both come to their end, whichever fails: a batch whose successor can't be read is stored all the same.
        await Promise.allSettled([inserting, following]);
        await inserting;
        from = plan.next;
        prepared = signal.aborted ? null : await following;
        if (prepared === null) {
          await source.commit({ offset: from, metadata: "" });
          await source.release(from);
        }
      }
    },
  };
}

/** Step 1. What to go on with; rows that the store must not have any more are removed. */
async function reconcilePartition(
  options: ProcessOptions,
): Promise<{ from: bigint; run: number; replay: Plan | null }> {
  const { source, store } = options;
  const commit = await source.committed();
  const rewinding = commit === null ? null : decodeRewind(commit.metadata);
  if (commit !== null && rewinding !== null) {
    await removeRows(options, commit.offset);
    return { from: commit.offset, run: rewinding, replay: null };
  }
  const { begin, end } = await source.range();
  const rows = await store.query<{ batch_start: string; batch_end: string; run: number }>(
    "SELECT batch_start, batch_end, run FROM ledger FINAL WHERE topic = {topic:String} AND `partition` = {partition:UInt32} ORDER BY batch_start",
    { topic: source.topic, partition: source.partition },
  );
  const tiles = rows.map((row): Tile => ({ batchStart: BigInt(row.batch_start), batchEnd: BigInt(row.batch_end) }));
  const plan = commit === null ? null : decodePlan(commit.offset, commit.metadata);
  // What is before the source's beginning was released because the ledger has it.
  const first = tiles[0] === undefined || tiles[0].batchStart > begin ? begin : tiles[0].batchStart;
  const decision = reconcile({
    committed: commit?.offset ?? null,
    plan,
    ledgerNext: ledgerNext(tiles, first),
    begin,
    end,
  });
  const runMax = rows.reduce((max, row) => Math.max(max, row.run), plan?.run ?? 0);
  switch (decision.kind) {
    case "continue":
    case "skip":
      return { from: decision.from, run: runMax, replay: null };
    case "replay":
      return { from: decision.plan.next, run: decision.plan.run, replay: decision.plan };
    case "rewind":
      // First the new run: what is removed is the only other place that tells it, and its tokens must not be used again.
      await source.commit({ offset: decision.from, metadata: encodeRewind(runMax + 1) });
      await removeRows(options, decision.from);
      return { from: decision.from, run: runMax + 1, replay: null };
    case "stop":
      throw new WeirError(
        "PLAN_CONFLICT",
        `Partition ${source.topic}/${source.partition} was stopped: ${decision.reason}`,
      );
  }
}

/** Metadata of a commit that says: everything from its offset on is being removed, to be inserted anew as this run. */
function encodeRewind(run: number): string {
  return JSON.stringify({ v: 1, rewind: run });
}

function decodeRewind(metadata: string): number | null {
  const run = /^\{"v":1,"rewind":([0-9]+)\}$/.exec(metadata)?.[1];
  return run === undefined ? null : Number(run);
}

/** Inserts a planned batch again, exactly its range. Days that were inserted before the crash are left as they are. */
async function replay(options: ProcessOptions, planned: Plan): Promise<void> {
  const { source, store, version } = options;
  let plan = planned;
  if (plan.version !== version) {
    // Other rules would make other rows: what is there of this batch goes, and the tokens must be new. The plan says so
    // first, with no version: after a crash the old tokens would be refused for rows that are gone.
    plan = { ...plan, version: "", attempt: plan.attempt + 1 };
    await source.commit({ offset: plan.start, metadata: encodePlan(plan) });
    await removeRows(options, plan.start);
    plan = { ...plan, version };
    await source.commit({ offset: plan.start, metadata: encodePlan(plan) });
  }
  // Readers make room for as much as the limit allows; a record has at least one byte.
  const bytes = Number(plan.next - plan.start);
  const whole = { recordsMax: bytes, bytesMax: bytes };
  const prepared = await prepare(options, plan.start, whole, plan, plan.next);
  if (prepared === null || prepared.plan.next !== plan.next)
    throw new WeirError(
      "PLAN_CONFLICT",
      `Partition ${source.topic}/${source.partition}: the planned batch ${plan.start}-${plan.next} reads as ${prepared?.plan.next ?? "nothing"} now; the source has changed under its offsets.`,
    );
  const present = await store.query<{ day: number }>(
    "SELECT DISTINCT toUInt32(toDate(timestamp)) AS day FROM events WHERE topic = {topic:String} AND `partition` = {partition:UInt32} AND batch_start = {start:Int64} AND `offset` >= {start:Int64}",
    { topic: source.topic, partition: source.partition, start: String(plan.start) },
  );
  await insertBatch(options, prepared, new Set(present.map(({ day }) => Number(day))));
  await source.commit({ offset: plan.next, metadata: "" });
  await source.release(plan.next);
}

/** Reads the records from an offset on and turns them into blocks; lets other work run between the stages. */
async function prepare(
  options: ProcessOptions,
  from: bigint,
  limit: ReadLimit,
  { run, attempt }: { readonly run: number; readonly attempt: number },
  to?: bigint,
): Promise<Prepared | null> {
  const { source, pipeline, version, onStage } = options;
  const records: RecordBatch | null = await source.read(from, limit, to);
  if (records === null) return null;
  onStage?.("read");
  const { topic, partition, firstOffset, nextOffset } = records;
  const identity: BatchIdentity = {
    topic,
    partition,
    batchStart: firstOffset,
    batchEnd: nextOffset - 1n,
    run,
    attempt,
  };
  const stages = pipeline.run(records, identity);
  for (;;) {
    const { done, value } = stages.next();
    if (done) return { plan: { start: firstOffset, next: nextOffset, run, attempt, version }, encoded: value };
    onStage?.(value);
    await new Promise((resolve) => setImmediate(resolve));
    onStage?.("other");
  }
}

/** Step 3. The ledger row comes last: until it is there, the batch does not exist for readers. */
async function insertBatch(
  options: ProcessOptions,
  { plan, encoded }: Prepared,
  presentDays: ReadonlySet<number>,
): Promise<void> {
  const insert = async (block: InsertBlock | null) => {
    if (block !== null) await options.store.insert(block);
  };
  for (const { day, block } of encoded.events) if (!presentDays.has(day)) await insert(block);
  await insert(encoded.deadLetters);
  await insert(encoded.partials);
  await insert(encoded.ledger);
  options.onBatch?.({ row: encoded.row, start: plan.start, next: plan.next });
}

/** Removes every row of the partition from an offset on, the ledger's first so that nobody counts on the rest. */
async function removeRows({ source, store }: ProcessOptions, from: bigint): Promise<void> {
  const parameters = { topic: source.topic, partition: source.partition, from: String(from) };
  for (const table of ["ledger", "partials", "dead_letters", "events"])
    await store.command(
      `ALTER TABLE ${table} DELETE WHERE topic = {topic:String} AND \`partition\` = {partition:UInt32} AND batch_start >= {from:Int64} SETTINGS mutations_sync = 1`,
      parameters,
    );
}
