import type { Commit } from "../model/ports.ts";

/*
 * What this folder needs of the journal. Things do not import things: the journal fits these shapes, and the services
 * hand it over.
 */

export type StoreKey = readonly (string | number)[];

export interface StoreTransaction {
  get(key: StoreKey): Buffer | undefined;
  put(key: StoreKey, value: Buffer): void;
  remove(key: StoreKey): void;
  range(prefix: StoreKey): { readonly key: StoreKey; readonly value: Buffer }[];
}

/** Bytes kept for a partition: a stretch [begin, end) of an endless stream. */
export interface SpoolPort {
  range(): { readonly begin: number; readonly end: number };
  append(bytes: Buffer, appendTimeUs: number): Promise<number>;
  read(position: number): { readonly begin: number; readonly appendTimeUs: number; readonly bytes: Buffer } | null;
  release(before: number): Promise<void>;
  startAt(position: number): Promise<void>;
}

export interface Store {
  readonly view: StoreTransaction;
  transact<T>(work: (transaction: StoreTransaction) => T): Promise<T>;
  committed(topic: string, partition: number): Commit | null;
  commit(
    topic: string,
    partition: number,
    commit: Commit,
    also?: (transaction: StoreTransaction) => void,
  ): Promise<void>;
  lock(topic: string, partition: number): Promise<() => Promise<void>>;
  spool(topic: string, partition: number): SpoolPort;
}
