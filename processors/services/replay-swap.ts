import type { Store } from "../clickhouse/store.ts";
import type { Journal } from "../journal/journal.ts";
import { WeirError } from "../model/errors.ts";
import type { ClickHouse } from "../model/ports.ts";
import { whileAlone } from "./replay-lock.ts";

/** Tables of a replay under way. What is in them is in no other table yet. */
export const STAGING = ["events", "dead_letters", "partials", "ledger"] as const;
/** The batches that are exchanged: each row of the ledger that goes. */
export const BATCHES = "replay_batches";
const ASSEMBLED = "replay_assembled";

export function stagingOf(table: string): string {
  return `replay_${table}`;
}

/** Where exchanging stands, in the journal. */
const SWAP = "replay.swap";

/** What an exchange needs of a workplace. */
export interface SwapPlace {
  readonly store: Store;
  readonly journal: Journal;
  alone<T>(work: (store: Store) => Promise<T>): Promise<T>;
}

/** From here on the staged batches replace the stored ones, whoever is killed: the next one that opens the store goes on. */
export async function beginSwap(place: SwapPlace): Promise<void> {
  await place.journal.putMeta(SWAP, "begun");
  await swap(place);
}

/** Finishes an exchange that a killed process began; leaves one alone that a live process carries out. */
export async function finishSwap(place: SwapPlace): Promise<void> {
  if (!isBegun(place)) return;
  try {
    await whileAlone(place, () => resumeSwap(place));
  } catch (error) {
    if (!(error instanceof WeirError && error.code === "SOURCE_BUSY")) throw error;
  }
}

/** The same for whoever is alone already. */
export async function resumeSwap(place: SwapPlace): Promise<void> {
  if (isBegun(place)) await swap(place);
}

function isBegun({ journal }: SwapPlace): boolean {
  return journal.getMeta(SWAP) === "begun";
}

/**
 * Each step may be done again: a table's partition is put together out of what it holds, without the old rows of the
 * batches and without their new ones, and the new ones. The partition is then replaced in one step. Events go first, day
 * by day; the ledger last, which switches windows and counts over in one step for all batches.
 */
async function swap(place: SwapPlace): Promise<void> {
  await place.alone(async (store) => {
    for (const partition of await partitionsOf(store, "events", "toYYYYMMDD(timestamp)"))
      await replacePartition(store, "events", partition);
    for (const partition of await partitionsOf(store, "dead_letters", "toYYYYMMDD(observed_timestamp)"))
      await replacePartition(store, "dead_letters", partition);
    const columns = (await columnsOf(store, "partials")).join(", ");
    await store.command(`INSERT INTO partials (${columns}) SELECT ${columns} FROM ${stagingOf("partials")}`);
    await replacePartition(store, "ledger", "all");
  });
  await place.journal.putMeta(SWAP, "");
  await dropStaging(place.store);
}

/** Days on which the batches have rows, or will have. */
async function partitionsOf(store: ClickHouse, table: string, day: string): Promise<string[]> {
  const rows = await store.query<{ day: number }>(
    `SELECT DISTINCT ${day} AS day FROM ${table} WHERE (topic, \`partition\`, batch_start) IN (SELECT topic, \`partition\`, batch_start FROM ${BATCHES})
    UNION DISTINCT SELECT DISTINCT ${day} AS day FROM ${stagingOf(table)} ORDER BY day`,
  );
  return rows.map(({ day }) => String(day).padStart(8, "0"));
}

/** Columns that can be inserted, as identifiers. */
async function columnsOf(store: ClickHouse, table: string): Promise<string[]> {
  const rows = await store.query<{ name: string }>(
    "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String} AND default_kind NOT IN ('ALIAS', 'EPHEMERAL', 'MATERIALIZED') ORDER BY position",
    { table },
  );
  return rows.map(({ name }) => `\`${name}\``);
}

const TRIES_MAX = 10;

/** @param partition Id of the table's partition: `20260302`, or `all`. */
async function replacePartition(store: ClickHouse, table: string, partition: string): Promise<void> {
  if (!/^(?:\d{8}|all)$/.test(partition)) throw new Error(`${partition} is no partition of ${table}.`);
  const id = `PARTITION ID '${partition}'`;
  const keys = table === "ledger" ? "topic, `partition`, batch_start, batch_end" : "topic, `partition`, batch_start";
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const before = await newestBlock(store, table, partition);
    await dropTable(store, ASSEMBLED);
    await store.command(`CREATE TABLE ${ASSEMBLED} AS ${table}`);
    if (before > 0) {
      await store.command(`ALTER TABLE ${ASSEMBLED} ATTACH ${id} FROM ${table}`);
      await store.command(
        `ALTER TABLE ${ASSEMBLED} DELETE WHERE (${keys}) IN (SELECT ${keys} FROM ${BATCHES}) SETTINGS mutations_sync = 1`,
      );
    }
    if ((await newestBlock(store, stagingOf(table), partition)) > 0)
      await store.command(`ALTER TABLE ${ASSEMBLED} ATTACH ${id} FROM ${stagingOf(table)}`);
    const [{ rows }] = await store.query<{ rows: string }>(`SELECT count() AS rows FROM ${ASSEMBLED}`);
    // Writers of this data directory wait. Others can only be noticed.
    if ((await newestBlock(store, table, partition)) !== before) continue;
    if (Number(rows) > 0)
      await store.command(
        `ALTER TABLE ${table} REPLACE ${id} FROM ${ASSEMBLED} SETTINGS max_partition_size_to_drop = 0`,
      );
    else if (before > 0) await store.command(`ALTER TABLE ${table} DROP ${id} SETTINGS max_partition_size_to_drop = 0`);
    return dropTable(store, ASSEMBLED);
  }
  throw new WeirError(
    "STORE_BUSY",
    `Another machine goes on writing into ${table} while a replay exchanges batches in it; stop it, and run the same command again.`,
  );
}

/** Rises with every insert into a partition and every deletion, and with nothing else; 0 where there is no part. */
async function newestBlock(store: ClickHouse, table: string, partition: string): Promise<number> {
  const [row] = await store.query<{ block: string }>(
    "SELECT max(greatest(max_block_number, toInt64(data_version))) AS block FROM system.parts WHERE database = currentDatabase() AND table = {table:String} AND partition_id = {partition:String} AND active",
    { table, partition },
  );
  return Number(row?.block ?? 0);
}

async function dropTable(store: ClickHouse, tables: string): Promise<void> {
  await store.command(`DROP TABLE IF EXISTS ${tables} SYNC SETTINGS max_table_size_to_drop = 0`);
}

/** Leaves nothing of a replay. */
export async function dropStaging(store: ClickHouse): Promise<void> {
  await dropTable(store, [...STAGING.map(stagingOf), BATCHES, ASSEMBLED].join(", "));
}
