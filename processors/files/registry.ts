import { createHash } from "node:crypto";
import type { Appended } from "./append-times.ts";
import type { Store, StoreTransaction } from "./store-port.ts";

/** A file, or a stream, that was met: what it is known by, and how far it was taken in. */
export interface FileEntry {
  readonly topic: string;
  readonly partition: number;
  /** 0; n when it was loaded for the n-th time again. */
  readonly generation: number;
  readonly origin: "file" | "stream";
  /** The bytes of a stream are still being compared with what is known; its spool is all there is of it. */
  readonly isPending: boolean;
  /** Where it was last seen. */
  readonly path: string;
  /** "device:inode"; "" for a stream. */
  readonly inode: string;
  /** Length of the head, one of few (`headOf`), and its SHA-256 in hex. */
  readonly headBytes: number;
  readonly headSha256: string;
  /** What was there when: an entry's append time is the file's mtime when the entry was first seen. */
  readonly appended: readonly Appended[];
  /** Decided once; "" while there is nothing to decide by. */
  readonly format: string;
  /** The last header line before the committed offset, of a format that has such lines. */
  readonly header?: string;
  /** Everything up to its end is committed, and it was read as a whole. */
  readonly isComplete: boolean;
  /** Committed offset, and the CRC-32 of all bytes, and of the last `tailBytes` bytes, before it. */
  readonly offset: number;
  readonly prefixCrc: number;
  readonly tailBytes: number;
  readonly tailCrc: number;
  /** The same for how far it was read when that was committed: rows of what is between may be stored. Absent: no farther. */
  readonly reached?: Known | undefined;
}

/** What content is known by: everything before an offset. */
export type Known = Pick<FileEntry, "offset" | "prefixCrc" | "tailBytes" | "tailCrc">;

export function knownOf(entry: FileEntry): Known {
  return entry.reached ?? entry;
}

/** So long a head is at most. A power of two. */
export const HEAD_BYTES = 4096;

/**
 * What of first bytes content is found by. Heads are looked up by length, so they have few lengths: powers of two, as much as
 * there is of it.
 */
export function headOf(bytes: Buffer): Pick<FileEntry, "headBytes" | "headSha256"> {
  const length = Math.min(bytes.length, HEAD_BYTES);
  const headBytes = length === 0 ? 0 : 2 ** Math.floor(Math.log2(length));
  return { headBytes, headSha256: headSha256(bytes.subarray(0, headBytes)) };
}

export interface Registry {
  /** Entries that may be the same: with this head or a beginning of it, or with this inode. Latest generation first. */
  candidates(head: Buffer, inode: string): FileEntry[];
  get(topic: string, partition: number): FileEntry | null;
  all(): FileEntry[];
  /** Enters a file under the topic's next partition number; or gives the entry that another process made meanwhile. */
  add(entry: Omit<FileEntry, "partition">): Promise<FileEntry>;
  update(entry: FileEntry): Promise<void>;
  remove(entry: FileEntry): Promise<void>;
}

export function headSha256(head: Buffer): string {
  return createHash("sha256").update(head).digest("hex");
}

export function createRegistry(store: Store): Registry {
  const { view } = store;

  function find(index: "head" | "inode", ...key: (string | number)[]): FileEntry[] {
    return view.range([index, ...key]).flatMap(({ key }) => {
      const entry = read(view, key.at(-2) as string, key.at(-1) as number);
      return entry === null ? [] : [entry];
    });
  }

  return {
    candidates(head, inode) {
      const found = new Map<string, FileEntry>();
      const add = (entry: FileEntry) => found.set(JSON.stringify([entry.topic, entry.partition]), entry);
      if (inode !== "") find("inode", inode).forEach(add);
      // Few lengths occur: those that `headOf` gives, and in journals of earlier versions those of short files.
      for (const { key } of view.range(["head_length"])) {
        const length = key[1] as number;
        if (length > head.length) break;
        // Every file begins like an empty one.
        if (length === 0) continue;
        find("head", headSha256(head.subarray(0, length))).forEach(add);
      }
      return [...found.values()].sort((a, b) => b.generation - a.generation || knownOf(b).offset - knownOf(a).offset);
    },
    get: (topic, partition) => read(view, topic, partition),
    all: () => view.range(["file"]).map(({ value }) => JSON.parse(value.toString()) as FileEntry),
    add(fresh) {
      return store.transact((transaction) => {
        for (const { key } of fresh.inode === "" ? [] : transaction.range(["inode", fresh.inode])) {
          const other = read(transaction, key.at(-2) as string, key.at(-1) as number);
          if (
            other?.headSha256 === fresh.headSha256 &&
            other.generation === fresh.generation &&
            knownOf(other).offset === 0
          )
            return other;
        }
        const counter = ["partitions", fresh.topic];
        const partition = Number(transaction.get(counter)?.toString() ?? 0);
        transaction.put(counter, Buffer.from(String(partition + 1)));
        const entry = { ...fresh, partition };
        putEntry(transaction, entry);
        return entry;
      });
    },
    update: (entry) => store.transact((transaction) => putEntry(transaction, entry)),
    remove: (entry) =>
      store.transact((transaction) => {
        transaction.remove(["file", entry.topic, entry.partition]);
        for (const key of indexKeys(entry)) transaction.remove(key);
      }),
  };
}

/** Writes an entry within a transaction, with the keys that it is found by. */
export function putEntry(transaction: StoreTransaction, entry: FileEntry): void {
  const before = read(transaction, entry.topic, entry.partition);
  const keys = indexKeys(entry);
  if (before !== null) {
    for (const key of indexKeys(before)) if (!keys.some((kept) => kept[1] === key[1])) transaction.remove(key);
  }
  for (const key of keys) transaction.put(key, Buffer.alloc(0));
  transaction.put(["head_length", entry.headBytes], Buffer.alloc(0));
  transaction.put(["file", entry.topic, entry.partition], Buffer.from(JSON.stringify(entry)));
}

function indexKeys(entry: FileEntry): (string | number)[][] {
  const keys: (string | number)[][] = [["head", entry.headSha256, entry.topic, entry.partition]];
  if (entry.inode !== "") keys.push(["inode", entry.inode, entry.topic, entry.partition]);
  return keys;
}

function read(transaction: StoreTransaction, topic: string, partition: number): FileEntry | null {
  const value = transaction.get(["file", topic, partition]);
  return value === undefined ? null : (JSON.parse(value.toString()) as FileEntry);
}
