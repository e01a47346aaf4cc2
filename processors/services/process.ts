import { joinBlocks } from "../encode/join.ts";
import { type BatchIdentity, tokenOf } from "../encode/token.ts";
import { WeirError } from "../model/errors.ts";
import type { LedgerRow } from "../model/ledger.ts";
import type { Lookups } from "../model/lookups.ts";
import type { ClickHouse, InsertBlock, Partition, ReadLimit, Source } from "../model/ports.ts";
import type { RecordBatch } from "../model/record.ts";
import { type EncodedBatch, type Pipeline, WAITING } from "../pipeline.ts";
import {
  decodeFinished,
  decodePlan,
  decodeRewind,
  encodeFinished,
  encodePlan,
  encodeRewind,
  type Plan,
  planEnd,
} from "../plan/plan.ts";
import { ledgerNext, reconcile, type StopCode } from "../plan/reconcile.ts";
import { type InsertRange, insertAgain } from "./insert-again.ts";
import { type LedgerTile, readLedger } from "./read-ledger.ts";

export interface ProcessOptions {
  readonly source: Source;
  readonly store: ClickHouse;
  readonly pipeline: Pipeline;
  /** How large a batch may be. A planned batch is read whole, whatever the limits are now. */
  readonly limit: ReadLimit;
  /** Everything that turns the same bytes into the same rows, as one text. */
  readonly version: string;
  /**
   * Tables of the user's that may change, and the version of everything with them; asked before each batch, which uses
   * what it gives to its end. Absent: there are none, and `version` stays.
   */
  readonly refresh?: () => Promise<BatchRules>;
  /** Reads the ledger of a partition; by default with a query of its own. */
  readonly ledgerOf?: (partition: Partition) => Promise<readonly LedgerTile[]>;
  /** Batches that are planned before their partials and ledger rows are inserted together; at most CUTS_MAX. Default 4. */
  readonly batchesPerPlan?: number;
  /** Ends the loop after the batch in hand, and the waiting for records that have not come. */
  readonly signal: AbortSignal;
  readonly onBatch?: (batch: FinishedBatch) => void;
  /** Told after every stage, for measuring. */
  readonly onStage?: (stage: string) => void;
}

/** What a batch is made by that may be other for the next. */
export interface BatchRules {
  readonly version: string;
  /** undefined: those that the pipeline has. */
  readonly lookups: Lookups | undefined;
}

export interface FinishedBatch {
  readonly row: LedgerRow;
  readonly start: bigint;
  readonly next: bigint;
}

/** What is kept of a batch until all of its plan are completed: not its events, which are much more. */
interface Planned extends FinishedBatch {
  /** What its rows are made by. */
  readonly version: string;
  readonly identity: BatchIdentity;
  readonly partials: InsertBlock | null;
  readonly ledger: InsertBlock;
}

/** A batch as it will be inserted. */
interface Prepared extends Pick<EncodedBatch, "events" | "deadLetters"> {
  readonly planned: Planned;
}

/** A partition that was taken over. */
export interface PartitionProcessor {
  /** Processes everything that the source has now; what the signal keeps from being processed stays in the source. */
  drain(): Promise<void>;
}

/**
 * Processes one partition: plan, insert, ledger. Whoever calls this owns the partition, and stops owning it no later than
 * `source.commit` or `store` throw for that reason: then nothing more is written, and the next owner goes on from 1.
 *
 * 1. Reconcile, when the partition is taken over: read commit, plan and ledger, and decide (plan/reconcile.ts) to
 *    continue, skip, replay, rewind or stop.
 * 2. Plan: write the range of the next batch into the commit. The offset stays at the first batch that has no ledger
 *    row, and the plan holds the ranges of all from there on.
 * 3. Insert: events (one insert per day), then dead letters. With the last batch of a plan, or when there is nothing
 *    more: the partials of all its batches in one insert, beside its events, and then their ledger rows in one.
 * 4. The next plan's commit moves the offset; when there is nothing more, a commit without a plan does.
 *
 * The next batch is read and encoded while the present one is inserted: that is pure, so a crash loses nothing.
 * A rejected insert ends the loop with its error: a batch is never skipped. So does one whose outcome is not known, and a commit
 * without an answer: nothing is sent again from here, but the partition taken over anew, which looks first.
 */
export async function takeOver(options: ProcessOptions): Promise<PartitionProcessor> {
  const { source, batchesPerPlan = 4 } = options;
  const { start, run, planned } = await reconcilePartition(options);
  let from = planned === null ? start : await replay(options, planned);

  return {
    async drain() {
      let prepared = await prepareNext(options, from, run);
      let planned: Planned[] = [];
      while (prepared !== null) {
        planned.push(prepared.planned);
        const { start, version } = planned[0];
        const cuts = planned.map(({ next }) => next);
        await source.commit({ offset: start, metadata: encodePlan({ start, cuts, run, attempt: 0, version }) });
        // After the commit: a source must still have what comes after the committed offset.
        await source.release(start);
        from = prepared.planned.next;
        const isFull = planned.length >= batchesPerPlan;
        const inserting = insertBatch(options, prepared, isFull ? planned : []);
        const following = prepareNext(options, from, run);
        // Both come to their end, whichever fails: a batch whose successor can't be read is stored all the same.
        await Promise.allSettled([inserting, following]);
        await inserting;
        if (isFull) planned = [];
        prepared = await following.catch(async (error: unknown) => {
          await insertShares(options, planned);
          throw error;
        });
        if (options.signal.aborted) prepared = null;
        // A plan has one version.
        if (prepared !== null && planned.length > 0 && prepared.planned.version !== version) {
          await insertShares(options, planned);
          planned = [];
        }
        if (prepared === null) {
          await insertShares(options, planned);
          planned = [];
          await finish(source, from, run);
        }
      }
    },
  };
}

/** What a partition is to go on with. */
interface TakenOver {
  readonly start: bigint;
  readonly run: number;
  /** Batches that may be partly inserted, to be inserted again before anything else; the first begins at `start`. */
  readonly planned: Plan | null;
}

/** Step 1. Rows that the store must not have any more are removed. Throws PLAN_CONFLICT, PLAN_SOURCE_SHRANK. */
async function reconcilePartition(options: ProcessOptions): Promise<TakenOver> {
  const { source, store, ledgerOf = (partition) => readLedger(store, partition) } = options;
  const commit = await source.committed();
  const { begin, end } = await source.range();
  const tiles = await ledgerOf({ topic: source.topic, partition: source.partition });
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
  const rewinding = commit === null ? null : decodeRewind(commit.metadata);
  const announced = plan?.run ?? rewinding ?? (commit === null ? 0 : decodeFinished(commit.metadata));
  const run = tiles.reduce((max, tile) => Math.max(max, tile.run), announced);
  // A rewind that was begun, unless the store was set back further meanwhile.
  if (commit !== null && rewinding !== null && (decision.kind === "continue" || decision.kind === "skip")) {
    await removeRows(options, commit.offset);
    return { start: commit.offset, run: rewinding, planned: null };
  }
  switch (decision.kind) {
    case "continue":
    case "skip":
      return { start: decision.from, run, planned: null };
    case "replay":
      return { start: decision.plan.start, run: decision.plan.run, planned: decision.plan };
    case "rewind":
      // First the new run: what is removed is the only other place that tells it, and its tokens must not be used again.
      await source.commit({ offset: decision.from, metadata: encodeRewind(run + 1) });
      await removeRows(options, decision.from);
      return { start: decision.from, run: run + 1, planned: null };
    case "stop":
      throw stopped(source, decision.code, decision.reason);
  }
}

/**
 * Removes every row of the partition from an offset on, the ledger's first so that nobody counts on the rest. Their tokens
 * are not used again, so nothing keeps an insert out that an earlier owner sent and that the store has still to carry out:
 * its rows would be there twice. A removal that is carried out late would take rows that come now. Throws STORE_BUSY while
 * there is such a statement.
 */
async function removeRows({ source, store }: ProcessOptions, from: bigint): Promise<void> {
  const { topic, partition } = source;
  const [{ found }] = await store.query<{ found: string }>(
    "SELECT count() AS found FROM system.processes WHERE query_kind = 'Insert' AND position(query, {inToken:String}) > 0 OR query_kind = 'Alter' AND position(query, {quoted:String}) > 0",
    { inToken: `|${topic}/${partition}|`, quoted: `'${topic}'` },
  );
  if (Number(found) > 0)
    throw new WeirError(
      "STORE_BUSY",
      `ClickHouse is still carrying out what an earlier process sent for ${topic}/${partition}; wait until it is done, and try again.`,
    );
  const parameters = { topic, partition, from: String(from) };
  for (const table of ["ledger", "partials", "dead_letters", "events"])
    await store.command(
      `ALTER TABLE ${table} DELETE WHERE topic = {topic:String} AND \`partition\` = {partition:UInt32} AND batch_start >= {from:Int64} SETTINGS mutations_sync = 1`,
      parameters,
    );
}

function stopped({ topic, partition }: Source, code: StopCode, reason: string): WeirError {
  return new WeirError(code, `Partition ${topic}/${partition} was stopped: ${reason}`);
}

/** Inserts planned batches again, exactly their ranges, without what is there already; gives the position after them. */
async function replay(options: ProcessOptions, planned: Plan): Promise<bigint> {
  const { source } = options;
  const rules = await rulesOf(options);
  const { version } = rules;
  let plan = planned;
  if (plan.version !== version) {
    // Other rules would make other rows: what is there of these batches goes, and the tokens must be new. The plan says so
    // first, with no version: after a crash the old tokens would be refused for rows that are gone.
    plan = { ...plan, version: "", attempt: plan.attempt + 1 };
    await source.commit({ offset: plan.start, metadata: encodePlan(plan) });
    await removeRows(options, plan.start);
    plan = { ...plan, version };
    await source.commit({ offset: plan.start, metadata: encodePlan(plan) });
  }
  const insert: Insert = (block, range) => insertAgain(options.store, block, range);
  const again: Planned[] = [];
  let start = plan.start;
  for (const next of plan.cuts) {
    const records = await source.read(start, WHOLE, next);
    if (records === null || records.nextOffset !== next) {
      const found = records === null ? "has nothing" : `ends at ${records.nextOffset}`;
      const reason = `The source ${found} where the batch ${start}-${next} was planned: it was truncated or replaced.`;
      throw stopped(source, "PLAN_SOURCE_SHRANK", reason);
    }
    const prepared = await prepare(options, records, plan, rules);
    again.push(prepared.planned);
    await insertBatch(options, prepared, again.length === plan.cuts.length ? again : [], insert);
    start = next;
  }
  await finish(source, planEnd(plan), plan.run);
  return planEnd(plan);
}

/** A planned batch is read in one piece. */
const WHOLE: ReadLimit = { recordsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY };

/** Steps 2 and 3, made ready: the next batch; null when nothing is there, or when the signal comes before it is. */
async function prepareNext(options: ProcessOptions, from: bigint, run: number): Promise<Prepared | null> {
  const { source, limit, signal } = options;
  if (signal.aborted) return null;
  const records = await unlessAborted(source.read(from, limit), signal);
  return records === null ? null : prepare(options, records, { run, attempt: 0 }, await rulesOf(options));
}

/**
 * What a read gives, or null as soon as the signal comes: a pipe may stay open and give nothing for ever. The read is
 * left to itself; closing its source ends it.
 */
async function unlessAborted<T>(reading: Promise<T | null>, signal: AbortSignal): Promise<T | null> {
  let onAbort = (): void => {};
  const aborted = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([reading, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** What the next batch is made by. */
async function rulesOf({ refresh, version }: ProcessOptions): Promise<BatchRules> {
  return refresh === undefined ? { version, lookups: undefined } : refresh();
}

/** So few records go through all stages at once: letting other work run in between costs more than they do. */
const RECORDS_AT_ONCE = 256;

/** Turns records into blocks; lets other work run between the stages. */
async function prepare(
  { pipeline, onStage }: ProcessOptions,
  records: RecordBatch,
  { run, attempt }: { readonly run: number; readonly attempt: number },
  { version, lookups }: BatchRules,
): Promise<Prepared> {
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
  const stages = pipeline.run(records, identity, lookups);
  for (;;) {
    const { done, value } = stages.next();
    if (done) {
      const { events, deadLetters, partials, ledger, row } = value;
      const planned = { identity, version, start: firstOffset, next: nextOffset, partials, ledger, row };
      return { planned, events, deadLetters };
    }
    onStage?.(value);
    if (records.count > RECORDS_AT_ONCE || value === WAITING) await new Promise((resolve) => setImmediate(resolve));
    onStage?.("other");
  }
}

/** How a block is inserted: at once, or after a look at what is there. */
type Insert = (block: InsertBlock, range: InsertRange) => Promise<void>;

/** Step 3: a batch's events and dead letters; beside them what completes the batches of a plan that ends with it, if any. */
async function insertBatch(
  options: ProcessOptions,
  { planned, events, deadLetters }: Prepared,
  completed: readonly Planned[],
  insert: Insert = options.store.insert.bind(options.store),
): Promise<void> {
  const range = { ...planned.identity, start: planned.start, next: planned.next };
  const insertRows = async () => {
    for (const { day, block } of events) await insert(block, { ...range, day });
    if (deadLetters !== null) await insert(deadLetters, range);
  };
  await insertShares(options, completed, insert, insertRows());
}

/**
 * Completes batches whose events are stored, or will be when `rows` resolves: partials, then ledger rows, one insert
 * each. The ledger comes last: until its row is there, a batch does not exist for readers.
 */
async function insertShares(
  { store, onBatch }: ProcessOptions,
  batches: readonly Planned[],
  insert: Insert = store.insert.bind(store),
  rows: Promise<void> = Promise.resolve(),
): Promise<void> {
  const insertAll = async (table: string, blocks: readonly (InsertBlock | null)[]) => {
    const some = blocks.filter((block) => block !== null);
    if (some.length === 0) return;
    const first = batches[0];
    const { next, identity } = batches[batches.length - 1];
    const token = tokenOf(table, { ...first.identity, batchEnd: identity.batchEnd }, "all");
    await insert(joinBlocks(some, token), { ...identity, start: first.start, next });
  };
  // Partials may go beside the events; both come to their end before an error is thrown.
  const inserts = [
    rows,
    insertAll(
      "partials",
      batches.map(({ partials }) => partials),
    ),
  ];
  await Promise.allSettled(inserts);
  await Promise.all(inserts);
  await insertAll(
    "ledger",
    batches.map(({ ledger }) => ledger),
  );
  for (const { row, start, next } of batches) onBatch?.({ row, start, next });
}

/** Step 4. Nothing is planned any more; what is stored need not be kept. */
async function finish(source: Source, offset: bigint, run: number): Promise<void> {
  await source.commit({ offset, metadata: encodeFinished(run) });
  await source.release(offset);
}
