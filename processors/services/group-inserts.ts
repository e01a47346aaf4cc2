import { createHash } from "node:crypto";
import { joinBlocks } from "../encode/join.ts";
import { WeirError } from "../model/errors.ts";
import type { ClickHouse, InsertBlock, Partition } from "../model/ports.ts";
import { createGather } from "./gather.ts";
import { type LedgerTile, readLedger, readLedgers } from "./read-ledger.ts";

/** Of one insert: it must stay one block, and so one part. */
const ROWS_MAX = 100_000;
const BYTES_MAX = 32 << 20;

interface Waiting {
  readonly block: InsertBlock;
  resolve(): void;
  reject(error: unknown): void;
}

interface Asking {
  readonly partition: Partition;
  resolve(tiles: readonly LedgerTile[]): void;
  reject(error: unknown): void;
}

/** A store whose inserts wait for those of other partitions, so that many small ones become one. */
export interface GroupingStore extends ClickHouse {
  /** The ledger of a partition; asked for with those of others by one query. */
  ledgerOf(partition: Partition): Promise<readonly LedgerTile[]>;
  /** Runs work side by side; only what is inserted meanwhile is put together. */
  together(work: readonly (() => Promise<void>)[]): Promise<PromiseSettledResult<void>[]>;
}

/**
 * Puts the small inserts of partitions that are processed side by side into one, per table and day: an insert costs 15 to 40 ms
 * of CPU, whatever is in it. One part takes all of it or nothing, and what a crash leaves of a batch is looked for by its rows
 * (insert-again.ts), so that it does not matter in whose company they came. Only for a store whose inserts die with this
 * process: one that is carried out late, under another token than the batch's own, would be there twice.
 */
export function groupInserts(store: ClickHouse): GroupingStore {
  let working = 0;
  const gatherInsert = createGather<Waiting>((all) => {
    for (const group of Map.groupBy(all, ({ block }) => groupOf(block)).values())
      for (const part of partsOf(group)) void send(part);
  });
  const gatherAsking = createGather<Asking>((all) => void ask(all));

  async function ask(all: readonly Asking[]): Promise<void> {
    try {
      const ledgers = await readLedgers(
        store,
        all.map(({ partition }) => partition),
      );
      for (const [i, { resolve }] of all.entries()) resolve(ledgers[i]);
    } catch (error) {
      for (const { reject } of all) reject(error);
    }
  }

  async function send(group: readonly Waiting[]): Promise<void> {
    try {
      await store.insert(group.length === 1 ? group[0].block : joined(group));
      for (const { resolve } of group) resolve();
    } catch (error) {
      // Nothing of it was taken: each is tried alone, so that one does not keep the others out.
      if (group.length > 1 && error instanceof WeirError && error.code === "STORE_REJECTED")
        for (const one of group) await send([one]);
      else for (const { reject } of group) reject(error);
    }
  }

  return {
    ...store,
    insert(block) {
      if (working <= 1) return store.insert(block);
      return new Promise((resolve, reject) => gatherInsert({ block, resolve, reject }));
    },
    ledgerOf(partition) {
      if (working <= 1) return readLedger(store, partition);
      return new Promise((resolve, reject) => gatherAsking({ partition, resolve, reject }));
    },
    together(work) {
      working += work.length;
      return Promise.allSettled(work.map((one) => one().finally(() => working--)));
    },
  };
}

/** Events of one day make one part; the last piece of a token says which day. */
function groupOf({ table, structure, token }: InsertBlock): string {
  return `${table}|${token.slice(token.lastIndexOf("|") + 1)}|${structure}`;
}

function partsOf(group: readonly Waiting[]): Waiting[][] {
  const parts: Waiting[][] = [];
  let rows = ROWS_MAX;
  let bytes = 0;
  for (const one of group) {
    const size = one.block.native.reduce((sum, { length }) => sum + length, 0);
    if (rows + one.block.rows > ROWS_MAX || bytes + size > BYTES_MAX) {
      parts.push([]);
      rows = 0;
      bytes = 0;
    }
    parts[parts.length - 1].push(one);
    rows += one.block.rows;
    bytes += size;
  }
  return parts;
}

function joined(group: readonly Waiting[]): InsertBlock {
  const tokens = group.map(({ block }) => block.token);
  return joinBlocks(
    group.map(({ block }) => block),
    `group|${createHash("sha256").update(JSON.stringify(tokens)).digest("hex")}`,
  );
}
