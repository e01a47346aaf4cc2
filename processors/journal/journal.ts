import { randomUUID } from "node:crypto";
import { chmod, statfs } from "node:fs/promises";
import { join } from "node:path";
import { type Key, open, type RootDatabase } from "lmdb";
import { WeirError } from "../model/errors.ts";
import type { Commit } from "../model/ports.ts";
import { makeFolder } from "../runtime/folder.ts";
import { acquireLock } from "./lock.ts";
import { openSeal, type Seal } from "./seal.ts";
import { createSpool, type Spool } from "./spool.ts";
import { createWriteQueue } from "./write-queue.ts";

/** A path of names and numbers; keys sort part by part, numbers by value. */
export type JournalKey = readonly (string | number)[];

/** What a transaction sees and changes. Reads see the transaction's own writes. */
export interface JournalTransaction {
  get(key: JournalKey): Buffer | undefined;
  put(key: JournalKey, value: Buffer): void;
  remove(key: JournalKey): void;
  /** Entries whose key begins with the prefix, in key order. */
  range(prefix: JournalKey): { readonly key: JournalKey; readonly value: Buffer }[];
  /** The last entry with the prefix whose next key part is at most `upTo`. */
  lastUpTo(prefix: JournalKey, upTo: number): { readonly key: JournalKey; readonly value: Buffer } | undefined;
}

/**
 * The embedded store of everything that must outlive a process but is not in ClickHouse: commits, the registry of
 * files, raw records that can't be read again, locks, small named values. Several processes may have it open.
 */
export interface Journal {
  readonly dir: string;
  /** Made when the journal was made: another journal has another one. */
  readonly id: string;
  readonly seal: Seal;
  /** Reads the newest committed state. */
  readonly view: JournalTransaction;
  /**
   * Runs the work, which must be synchronous, with nobody else writing; resolves once its writes are on disk. All of
   * them or, when it throws, none. Work that is asked for at the same time is written together, in the order in which it was
   * asked for; it may run a second time when other work of it throws. Throws JOURNAL_DISK_FULL.
   */
  transact<T>(work: (transaction: JournalTransaction) => T): Promise<T>;
  committed(topic: string, partition: number): Commit | null;
  /** Writes offset and metadata, and whatever `also` writes, in one transaction. */
  commit(
    topic: string,
    partition: number,
    commit: Commit,
    also?: (transaction: JournalTransaction) => void,
  ): Promise<void>;
  /** Small named values: what a command wants to remember. */
  getMeta(name: string): string | null;
  putMeta(name: string, value: string): Promise<void>;
  /** Makes this process the partition's only owner until the returned function ran. Throws SOURCE_BUSY. */
  lock(topic: string, partition: number): Promise<() => Promise<void>>;
  /** The raw bytes kept for a partition. */
  spool(topic: string, partition: number): Spool;
  close(): Promise<void>;
}

/** Opens or makes DIR/journal (0700, files 0600) and its key. Throws JOURNAL_UNREADABLE, JOURNAL_DISK_FULL. */
export async function openJournal(dir: string): Promise<Journal> {
  const path = join(dir, "journal");
  let database: RootDatabase<Buffer, Key>;
  let seal: Seal;
  let id: string;
  try {
    makeFolder(path, 0o700);
    seal = await openSeal(join(dir, "keys"));
    // Without overlapping syncs a transaction resolves when it is on disk, not when others can see it.
    database = open({ path, encoding: "binary", overlappingSync: false, noMemInit: false, cache: false });
    for (const name of ["data.mdb", "lock.mdb"]) await chmod(join(path, name), 0o600);
    id = idOf(database);
  } catch (error) {
    throw await journalError(error, path);
  }

  const view: JournalTransaction = {
    get: (key) => database.getBinary(key as Key[]),
    put: (key, value) => database.putSync(key as Key[], value),
    remove: (key) => void database.removeSync(key as Key[]),
    range: (prefix) => entries(database, { start: [...prefix], end: [...prefix, Buffer.of(0xff)] }),
    lastUpTo: (prefix, upTo) =>
      entries(database, { start: [...prefix, upTo], end: [...prefix], reverse: true, limit: 1 })[0],
  };

  // Not the asynchronous kind: when the disk is full that one rejects promises which nobody holds.
  const queue = createWriteQueue((work) => database.transactionSync(work));

  async function transact<T>(work: (transaction: JournalTransaction) => T): Promise<T> {
    try {
      return await queue.add(() => work(view));
    } catch (error) {
      throw await journalError(error, path);
    }
  }

  const journal: Journal = {
    dir,
    id,
    seal,
    view,
    transact,
    committed(topic, partition) {
      const value = view.get(["commit", topic, partition]);
      if (value === undefined) return null;
      const stored = JSON.parse(value.toString()) as { offset: string; metadata: string };
      return { offset: BigInt(stored.offset), metadata: stored.metadata };
    },
    commit(topic, partition, { offset, metadata }, also) {
      const value = Buffer.from(JSON.stringify({ offset: String(offset), metadata }));
      return transact((transaction) => {
        also?.(transaction);
        transaction.put(["commit", topic, partition], value);
      });
    },
    getMeta: (name) => view.get(["meta", name])?.toString() ?? null,
    putMeta: (name, value) => transact((transaction) => transaction.put(["meta", name], Buffer.from(value))),
    lock: (topic, partition) => acquireLock(journal, topic, partition),
    spool: (topic, partition) => createSpool(journal, topic, partition),
    close() {
      queue.flush();
      return database.close();
    },
  };
  return journal;
}

function idOf(database: RootDatabase<Buffer, Key>): string {
  const key = ["id"];
  return database.transactionSync(() => {
    const known = database.getBinary(key);
    if (known !== undefined) return known.toString();
    const id = randomUUID();
    database.putSync(key, Buffer.from(id));
    return id;
  });
}

function entries(
  database: RootDatabase<Buffer, Key>,
  range: { start: unknown[]; end: unknown[]; reverse?: boolean; limit?: number },
): { key: JournalKey; value: Buffer }[] {
  const found: { key: JournalKey; value: Buffer }[] = [];
  // Values of a range may lie in memory that the next read reuses.
  for (const { key, value } of database.getRange(range as { start: Key; end: Key })) {
    found.push({ key: key as JournalKey, value: Buffer.from(value) });
  }
  return found;
}

/** LMDB's own code for a full map; the rest are the system's. */
const FULL = /MDB_MAP_FULL|No space left|Disk quota exceeded|File too large/;
const FREE_BYTES_MIN = 1 << 20;

async function journalError(error: unknown, path: string): Promise<unknown> {
  if (error instanceof WeirError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (FULL.test(reason) || (/Input\/output error/.test(reason) && (await isFull(path)))) {
    const message = `The disk is full: the journal in ${path} can't be written; free some space and start again.`;
    return new WeirError("JOURNAL_DISK_FULL", message, { cause: error });
  }
  const message = `The journal in ${path} can't be used (${reason}); check that the folder is writable and undamaged.`;
  return new WeirError("JOURNAL_UNREADABLE", message, { cause: error });
}

/** LMDB calls a page that was written in part an input/output error, which is how a disk usually becomes full. */
async function isFull(path: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize < FREE_BYTES_MIN;
}
