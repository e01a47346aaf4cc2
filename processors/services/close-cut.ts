import { type Chunk, type DueWindows, packChunks } from "../close/chunk.ts";
import { WINDOW_US_MAX } from "../close/decide.ts";
import { encodeCut } from "../encode/cut.ts";
import type { Cut } from "../model/cut.ts";
import { WeirError } from "../model/errors.ts";
import type { ClickHouse } from "../model/ports.ts";
import type { RollUp } from "../model/rule.ts";
import { DUE, DUE_AGAIN, INSERT_TOO_LATE, insertRollUps, insertWindows, ROLL_UPS_DUE } from "./close-statements.ts";

/** Shares that one statement adds up: about 100 MB of states. */
const SHARES_MAX = 50_000;
/**
 * ClickHouse writes an insert's token down before it puts the part in its place: killed in between, it refuses the token
 * ever after without having the rows. So whoever repeats an insert looks for its rows, and takes the next token when they
 * don't come. A stretch may have no windows to revise: then it is tried in vain.
 */
const TRIES_MAX = 3;
/** The end of what `DateTime` can say. */
const FOREVER_SECONDS = 4_294_967_295;

/** A cut as its row says, without what only deciding it needed. */
export interface StoredCut extends Omit<Cut, "added" | "removed" | "partitions"> {
  /** Some shares of its batches are too late for their windows. */
  readonly hasTooLate: boolean;
}

/**
 * Stores the windows that a cut makes due, and what came too late for its windows. Roll-ups come after what they are made
 * of. `isRepeat`: the cut may have been carried out in part; what is there stays.
 */
export async function carryOut(
  store: ClickHouse,
  cut: StoredCut,
  rollUps: readonly RollUp[],
  isRepeat: boolean,
): Promise<number> {
  const after = Math.min(cut.isDrained ? cut.drainedAfter : cut.id, cut.isRevising ? cut.reviseAfter : cut.id);
  const openFromUs = Math.max(0, cut.watermarkBeforeUs - WINDOW_US_MAX);
  const isRecomputing = cut.recomputeToUs > 0;
  const parameters = {
    cut: String(cut.id),
    watermark: String(cut.watermarkUs),
    watermarkBefore: String(cut.watermarkBeforeUs),
    reviseBefore: String(cut.reviseBeforeUs),
    reviseAfter: String(cut.reviseAfter),
    isDrained: cut.isDrained ? 1 : 0,
    drainedAfter: String(cut.drainedAfter),
    recomputeFrom: String(cut.recomputeFromUs),
    recomputeTo: String(cut.recomputeToUs),
    after: String(isRecomputing ? 0 : after),
    openFrom: String(openFromUs),
  };
  const from = Math.floor(Math.min(openFromUs, (await lateFromUs(store, cut, after)) - WINDOW_US_MAX) / 1_000_000);
  const range = { from: String(Math.max(0, from)), to: String(FOREVER_SECONDS) };

  const due = await store.query<DueWindows>(DUE, { ...parameters, ...range });
  if (isRecomputing) due.push(...(await store.query<DueWindows>(DUE_AGAIN, parameters)));
  let inserted = 0;
  const insert = async (
    chunks: readonly Chunk[],
    statement: (token: string) => string,
    more: Record<string, unknown>,
  ): Promise<void> => {
    for (const chunk of chunks) {
      const { rule, version, from, to } = chunk;
      const token = `cut ${cut.id}|${rule}|${version}|${from}`;
      for (let attempt = 0; attempt < (isRepeat ? TRIES_MAX : 1); attempt++) {
        if (isRepeat && (await isThere(store, cut, chunk))) break;
        const place = { rule, version, from: String(from), to: String(to), token: tokenOf(token, attempt) };
        await store.command(statement("{token:String}"), { ...parameters, ...more, ...place });
        inserted++;
      }
    }
  };
  await insert(packChunks(merge(due), SHARES_MAX), insertWindows, {});
  for (const { name, version, windowSeconds, from, fromVersion, indices } of rollUps) {
    const more = {
      rule: name,
      version,
      size: windowSeconds,
      base: from,
      baseVersion: fromVersion,
      indices: indices.map((index) => index + 1),
    };
    const rolled = await store.query<DueWindows>(ROLL_UPS_DUE, { ...parameters, ...more, from: range.from });
    await insert(packChunks(rolled, SHARES_MAX), insertRollUps, more);
  }
  if (cut.hasTooLate) await store.command(INSERT_TOO_LATE, { cut: String(cut.id) });
  return inserted;
}

function tokenOf(token: string, attempt: number): string {
  return attempt === 0 ? token : `${token}|${attempt}`;
}

/** Stores a cut, and returns the one of its number that counts: another closer may have been first. */
export async function storeCut(store: ClickHouse, cut: Cut): Promise<StoredCut> {
  const block = encodeCut(cut);
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    await store.insert({ ...block, token: tokenOf(block.token, attempt) });
    const stored = await readCut(store, cut.id);
    if (stored !== null) return stored;
  }
  throw new WeirError("STORE_REJECTED", `ClickHouse acknowledged cut ${cut.id} and does not have it; look at its log.`);
}

/** Least event time of batches after a cut; windows begin up to a day before. */
async function lateFromUs(store: ClickHouse, cut: StoredCut, after: number): Promise<number> {
  const [row] = await store.query<{ least: string }>(
    `SELECT toUnixTimestamp64Micro(min(time)) AS least FROM cuts ARRAY JOIN added.timestamp_min AS time
    WHERE cut_id > {after:UInt64} AND cut_id <= {cut:UInt64} AND toUnixTimestamp64Micro(time) > 0`,
    { after: String(after), cut: String(cut.id) },
  );
  const least = Number(row?.least ?? 0);
  const late = least > 0 ? least : Number.POSITIVE_INFINITY;
  return Math.min(late, cut.recomputeToUs > 0 ? cut.recomputeFromUs : Number.POSITIVE_INFINITY);
}

async function isThere(store: ClickHouse, cut: Pick<Cut, "id">, { rule, version, from, to }: Chunk): Promise<boolean> {
  const found = await store.query(
    `SELECT 1 AS found FROM windows WHERE rule = {rule:String} AND rule_version = {version:UInt32} AND cut_id = {cut:UInt64}
      AND window_start >= toDateTime({from:Int64}, 'UTC') AND window_start <= toDateTime({to:Int64}, 'UTC') LIMIT 1`,
    { rule, version, cut: String(cut.id), from: String(from), to: String(to) },
  );
  return found.length > 0;
}

/** The same windows once, in the order of rule, version and start. */
function merge(due: readonly DueWindows[]): DueWindows[] {
  const merged = new Map<string, DueWindows>();
  for (const windows of due) {
    const key = JSON.stringify([windows.rule, windows.version, windows.windowStart]);
    const known = merged.get(key);
    merged.set(key, known === undefined ? windows : { ...known, shares: known.shares + windows.shares });
  }
  const order = (a: DueWindows, b: DueWindows) =>
    a.rule === b.rule ? a.version - b.version || a.windowStart - b.windowStart : a.rule < b.rule ? -1 : 1;
  return [...merged.values()].sort(order);
}

/** The cut of a number; of two that raced for it, the one that was stored. */
export async function readCut(store: ClickHouse, id: number): Promise<StoredCut | null> {
  const micro = (name: string, as: string) => `toUnixTimestamp64Micro(${name}) AS ${as}`;
  const [row] = await store.query<Record<string, string | number>>(
    `SELECT ${micro("decided_at", "decidedUs")}, ${micro("watermark", "watermarkUs")}, ${micro("watermark_before", "watermarkBeforeUs")}, is_drained AS isDrained, drained_after AS drainedAfter,
      is_revising AS isRevising, ${micro("revise_before", "reviseBeforeUs")}, revise_after AS reviseAfter,
      ${micro("recompute_from", "recomputeFromUs")}, ${micro("recompute_to", "recomputeToUs")},
      arrayExists((time, before) -> time < before, added.timestamp_min, added.too_late_before) AS hasTooLate
    FROM cuts WHERE cut_id = {id:UInt64} ORDER BY stored_at LIMIT 1`,
    { id: String(id) },
  );
  if (row === undefined) return null;
  const number = (name: string) => Number(row[name]);
  return {
    id,
    decidedUs: number("decidedUs"),
    watermarkUs: number("watermarkUs"),
    watermarkBeforeUs: number("watermarkBeforeUs"),
    isDrained: number("isDrained") === 1,
    drainedAfter: number("drainedAfter"),
    isRevising: number("isRevising") === 1,
    reviseBeforeUs: number("reviseBeforeUs"),
    reviseAfter: number("reviseAfter"),
    recomputeFromUs: number("recomputeFromUs"),
    recomputeToUs: number("recomputeToUs"),
    hasTooLate: number("hasTooLate") === 1,
  };
}
