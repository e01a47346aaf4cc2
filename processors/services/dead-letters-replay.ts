import { encodeLedger } from "../encode/ledger.ts";
import type { BatchIdentity } from "../encode/token.ts";
import type { Clock, InsertBlock } from "../model/ports.ts";
import type { RecordBatch } from "../model/record.ts";
import { type Correction, type CorrectionPlan, countsOfLetters, differenceOf } from "../plan/correction.ts";
import type { Config } from "../runtime/config.ts";
import { type Letter, lettersAfter, lettersAt, lettersByBatch, partitionsWithLetters } from "./dead-letters-read.ts";
import { byHeader, type Found, type Run, recordAt, recordsOf } from "./dead-letters-records.ts";
import { nextAttempt, whileAlone } from "./replay-lock.ts";
import { resumeSwap } from "./replay-swap.ts";
import { openReread, type Reread, type StoredPartition } from "./reread.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

export interface ReplayDeadLettersOptions extends LetterSelection {
  readonly config: Config;
  readonly clock: Clock;
}

/** Which dead letters, and what to do with them. */
export interface LetterSelection {
  /** null: all codes, all sources. */
  readonly code: string | null;
  readonly source: string | null;
  /** Instead of the configured format; null: none was given. */
  readonly format: string | null;
  /** Tells what would become of them, and stores nothing. */
  readonly isDry: boolean;
  readonly signal: AbortSignal;
}

/** What became of the dead letters of one source, or would become. */
export interface ReplayedLetters {
  readonly source: string;
  letters: number;
  /** Became events. */
  events: number;
  dropped: number;
  /** Are refused still; how many for another reason than before. */
  refused: number;
  refusedAnew: number;
  /** Could not be had again: the source is gone, and what is kept of the record is cut or masked. */
  unreadable: number;
  /** Read again from their file; the others were made out of what was kept of them. */
  fromFile: number;
  fromPayload: number;
  /** Reasons of those that stay: code -> records. */
  readonly codes: Record<string, number>;
}

const PLAN = "replay.corrections";
/** How much is planned at once. */
const LETTERS_MAX = 5000;
const BYTES_MAX = 64 << 20;

/** A correction with the blocks that it consists of, the ledger's last. */
interface Prepared {
  readonly correction: Correction;
  readonly blocks: readonly InsertBlock[];
}

/**
 * Reads dead letters once more, with today's rules. Those that are lines now become events; the ledger gets a correction
 * (ok + n, dead letters - n), and the letters go. The others stay, with the reason that they have now.
 *
 * Plan, insert, ledger, as for batches: the plan is in the journal before the first insert, and what a killed process has
 * left of it is finished first by the next replay. The letters go after the ledger has the correction.
 */
export async function replayDeadLetters(options: ReplayDeadLettersOptions): Promise<ReplayedLetters[]> {
  const workplace = await openWorkplace(options.config, options.clock);
  try {
    return await replayLettersIn(workplace, options);
  } finally {
    await workplace.close();
  }
}

/** The same in a workplace that is open. */
export function replayLettersIn(workplace: Workplace, selection: LetterSelection): Promise<ReplayedLetters[]> {
  return whileAlone(workplace, async () => {
    if (!selection.isDry) await finishReplays(workplace);
    const told = new Map<string, ReplayedLetters>();
    for (const stored of await partitionsWithLetters(workplace.store, selection)) {
      if (selection.signal.aborted) break;
      const tally = told.get(stored.source) ?? emptyTally(stored.source);
      told.set(stored.source, tally);
      await replayPartition(workplace, stored, selection, tally);
    }
    return [...told.values()];
  });
}

async function replayPartition(
  workplace: Workplace,
  stored: StoredPartition,
  { code, format, isDry, signal }: LetterSelection,
  tally: ReplayedLetters,
): Promise<void> {
  const { store } = workplace;
  const reread = await openReread(workplace, stored, format);
  try {
    let after: Letter | null = null;
    while (!signal.aborted) {
      const letters: Letter[] = await lettersAfter(store, stored, code, after, LETTERS_MAX);
      const last = letters.at(-1);
      if (last === undefined) return;
      after = last;
      await replayLetters(workplace, stored, format, reread, letters, isDry, tally);
    }
  } finally {
    await reread.close();
  }
}

/** Plans and inserts corrections for letters of one partition, as many at once as fit into memory. */
async function replayLetters(
  workplace: Workplace,
  stored: StoredPartition,
  format: string | null,
  reread: Reread,
  letters: readonly Letter[],
  isDry: boolean,
  tally: ReplayedLetters,
): Promise<void> {
  const run = (await highestRun(workplace, stored)) + 1;
  const attempt = isDry ? 0 : await nextAttempt(workplace);
  let prepared: Prepared[] = [];
  let bytes = 0;
  const plan = (): CorrectionPlan => {
    const { topic, partition, source } = stored;
    const corrections = prepared.map(({ correction }) => correction);
    return { topic, partition, source, format, run, attempt, corrections };
  };
  for (const group of lettersByBatch(letters)) {
    for (const one of await prepare(workplace, stored, reread, group, { run, attempt }, tally)) {
      if (isDry) continue;
      prepared.push(one);
      bytes += one.blocks.reduce((sum, { native }) => sum + native.reduce((n, part) => n + part.length, 0), 0);
    }
    if (bytes < BYTES_MAX) continue;
    await carryOut(workplace, plan(), prepared);
    prepared = [];
    bytes = 0;
  }
  if (prepared.length > 0) await carryOut(workplace, plan(), prepared);
}

async function highestRun({ store }: Workplace, { topic, partition }: StoredPartition): Promise<number> {
  const [row] = await store.query<{ run: number }>(
    "SELECT max(run) AS run FROM ledger WHERE topic = {topic:String} AND `partition` = {partition:UInt32}",
    { topic, partition },
  );
  return Number(row?.run ?? 0);
}

/** Runs the pipeline over letters of one batch; a correction for each header line that they are read by. None: nothing changes. */
async function prepare(
  workplace: Workplace,
  stored: StoredPartition,
  reread: Reread,
  letters: readonly Letter[],
  attempt: Pick<BatchIdentity, "run" | "attempt">,
  tally: ReplayedLetters,
): Promise<Prepared[]> {
  const [{ batchStart, batchEnd, appendTimeUs }] = letters;
  const whole = await reread.read(BigInt(batchStart), BigInt(batchEnd) + 1n, appendTimeUs, "first");
  const found: Found[] = [];
  tally.letters += letters.length;
  for (const letter of letters) {
    const record = whole === null ? null : recordAt(whole, BigInt(letter.offset));
    if (record !== null) tally.fromFile++;
    else if (letter.payload !== null) tally.fromPayload++;
    else tally.unreadable++;
    if (record !== null) found.push({ letter, ...record });
    else if (letter.payload !== null) found.push({ letter, text: letter.payload, isCut: false });
  }
  if (found.length === 0) return [];
  const runs = whole === null ? [{ header: "", found }] : byHeader(whole, reread.headerPrefix, found);
  return runs.flatMap((run) => prepareRun(workplace, stored, reread, run, attempt, tally) ?? []);
}

/** Runs the pipeline over letters that are read by one header; null when nothing changes. */
function prepareRun(
  workplace: Workplace,
  { topic, partition, source }: StoredPartition,
  reread: Reread,
  of: Run,
  { run, attempt }: Pick<BatchIdentity, "run" | "attempt">,
  tally: ReplayedLetters,
): Prepared | null {
  const { found } = of;
  const [{ batchStart, batchEnd, appendTimeUs }] = found.map(({ letter }) => letter);
  const offsets = found.map(({ letter }) => letter.offset);
  const identity: BatchIdentity = {
    topic,
    partition,
    batchStart: BigInt(offsets[0]),
    batchEnd: BigInt(offsets[offsets.length - 1]),
    run,
    attempt,
  };
  const records = recordsOf(identity, of, appendTimeUs);
  const encoded = runPipeline(workplace, reread, records, identity);
  const refusedNow = new Map(encoded.refused.map((letter) => [letter.record, letter]));
  const settled = offsets.filter((_, i) => !refusedNow.has(i));
  const refused = found.flatMap(({ letter }, i) => {
    const now = refusedNow.get(i);
    if (now === undefined) return [];
    tally.codes[now.code] = (tally.codes[now.code] ?? 0) + 1;
    if (now.code === letter.code && now.reason === letter.reason) return [];
    return [{ offset: letter.offset, stage: now.stage, code: now.code, reason: now.reason }];
  });
  tally.events += encoded.row.events;
  tally.dropped += encoded.row.dropped;
  tally.refused += refusedNow.size;
  tally.refusedAnew += refused.length;
  if (settled.length === 0 && refused.length === 0) return null;
  const codes = found.map(({ letter }) => letter.code);
  const difference = differenceOf(encoded.row, [countsOfLetters(codes, appendTimeUs)]);
  const blocks = [...encoded.events.map(({ block }) => block), encoded.partials].filter((block) => block !== null);
  const ledger = encodeLedger(difference, source, workplace.versions, identity);
  return {
    correction: { batchStart, batchEnd, appendTimeUs, offsets, settled, refused },
    blocks: [...blocks, ledger].map(kept),
  };
}

function runPipeline(workplace: Workplace, reread: Reread, records: RecordBatch, identity: BatchIdentity) {
  const stages = workplace.pipelineFor(reread.reading).run(records, identity);
  for (;;) {
    const { done, value } = stages.next();
    if (done) return value;
  }
}

/** An encoder's bytes are valid until it is used again. */
function kept(block: InsertBlock): InsertBlock {
  return { ...block, native: block.native.map((part) => new Uint8Array(part)) };
}

/** Plan, insert, ledger, and then the letters. */
async function carryOut(workplace: Workplace, plan: CorrectionPlan, prepared: readonly Prepared[]): Promise<void> {
  await workplace.journal.putMeta(PLAN, JSON.stringify(plan));
  for (const { blocks } of prepared) for (const block of blocks) await workplace.store.insert(block);
  await settleLetters(workplace, plan);
  await workplace.journal.putMeta(PLAN, "");
}

/** The ledger has every correction: the letters that it took back go, and the others get their reason. */
async function settleLetters({ store }: Workplace, { topic, partition, corrections }: CorrectionPlan): Promise<void> {
  const where = "topic = {topic:String} AND `partition` = {partition:UInt32} AND has({offsets:Array(Int64)}, `offset`)";
  const settled = corrections.flatMap((correction) => correction.settled.map(Number));
  if (settled.length > 0)
    await store.command(`ALTER TABLE dead_letters DELETE WHERE ${where} SETTINGS mutations_sync = 1`, {
      topic,
      partition,
      offsets: settled,
    });
  const byReason = new Map<string, { stage: string; code: string; reason: string; offsets: number[] }>();
  for (const { offset, stage, code, reason } of corrections.flatMap(({ refused }) => refused)) {
    const key = JSON.stringify([stage, code, reason]);
    const alike = byReason.get(key) ?? { stage, code, reason, offsets: [] };
    alike.offsets.push(Number(offset));
    byReason.set(key, alike);
  }
  for (const alike of byReason.values())
    await store.command(
      `ALTER TABLE dead_letters UPDATE stage = {stage:String}, code = {code:String}, reason = {reason:String} WHERE ${where} SETTINGS mutations_sync = 1`,
      { topic, partition, ...alike },
    );
}

/** Finishes what killed replays of either kind have left half done. */
export async function finishReplays(workplace: Workplace): Promise<void> {
  await resumeSwap(workplace);
  await finishPlanned(workplace);
}

/** Finishes what a killed replay has planned: what the ledger has of it counts, the rest is removed and made anew. */
async function finishPlanned(workplace: Workplace): Promise<void> {
  const { journal, store } = workplace;
  const text = journal.getMeta(PLAN) ?? "";
  if (text === "") return;
  const planned = JSON.parse(text) as CorrectionPlan;
  const { topic, partition, run, format } = planned;
  const rows = await store.query<{ first: string; last: string }>(
    "SELECT toString(batch_start) AS first, toString(batch_end) AS last FROM ledger WHERE topic = {topic:String} AND `partition` = {partition:UInt32} AND run = {run:UInt32}",
    { topic, partition, run },
  );
  const counted = new Set(rows.map(({ first, last }) => `${first}-${last}`));
  const isDone = ({ offsets }: Correction): boolean => counted.has(`${offsets[0]}-${offsets[offsets.length - 1]}`);
  const done = planned.corrections.filter(isDone);
  const undone = planned.corrections.filter((correction) => !isDone(correction));
  await removeRows(workplace, planned, undone);
  const attempt = await nextAttempt(workplace);
  const prepared: Prepared[] = [];
  const reread = await openReread(workplace, planned, format);
  try {
    for (const correction of undone) {
      const letters = await lettersAt(store, planned, correction.offsets);
      if (letters.length === 0) continue;
      prepared.push(
        ...(await prepare(workplace, planned, reread, letters, { run, attempt }, emptyTally(planned.source))),
      );
    }
  } finally {
    await reread.close();
  }
  const corrections = [...done, ...prepared.map(({ correction }) => correction)];
  await carryOut(workplace, { ...planned, attempt, corrections }, prepared);
}

/** Removes what there is of corrections that the ledger does not have. */
async function removeRows({ store }: Workplace, plan: CorrectionPlan, undone: readonly Correction[]): Promise<void> {
  const { topic, partition, run } = plan;
  const offsets = undone.flatMap((correction) => correction.offsets.map(Number));
  const of = "topic = {topic:String} AND `partition` = {partition:UInt32}";
  for (const [table, where] of [
    ["partials", `${of} AND run = {run:UInt32} AND has({offsets:Array(Int64)}, batch_start)`],
    ["events", `${of} AND has({offsets:Array(Int64)}, \`offset\`)`],
  ]) {
    const parameters = { topic, partition, run, offsets };
    // Looking is cheap; a deletion goes through every part of the table.
    const found = await store.query(`SELECT 1 AS found FROM ${table} WHERE ${where} LIMIT 1`, parameters);
    if (found.length > 0)
      await store.command(`ALTER TABLE ${table} DELETE WHERE ${where} SETTINGS mutations_sync = 1`, parameters);
  }
}

function emptyTally(source: string): ReplayedLetters {
  return {
    source,
    letters: 0,
    events: 0,
    dropped: 0,
    refused: 0,
    refusedAnew: 0,
    unreadable: 0,
    fromFile: 0,
    fromPayload: 0,
    codes: {},
  };
}
