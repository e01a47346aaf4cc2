import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { WeirError } from "../model/errors.ts";
import type { LookupConfig, Lookups, LookupTable } from "../model/lookups.ts";
import { tableOf } from "./table-file.ts";

const FILE_BYTES_MAX = 512 << 20;

/** The user's tables, read again when their files change. */
export interface TableSet {
  readonly current: Lookups;
  /**
   * Looks whether files changed, and reads those that did. A new file that can't be used is told once, and the table
   * stays as it is. Never throws.
   */
  refresh(): Promise<Lookups>;
}

interface Held {
  readonly config: LookupConfig;
  table: LookupTable;
  hash: string;
  /** The file as it was looked at last, whatever came of it. */
  mark: string;
}

interface Read {
  readonly table: LookupTable;
  readonly hash: string;
  readonly mark: string;
}

/**
 * Opens all tables. Throws WeirError CONFIG_UNREADABLE, CONFIG_INVALID when one can't be used at the beginning: what would
 * be left out would be missing in rows. `onProblem` is told later ones.
 */
export async function openTableSet(
  configs: readonly LookupConfig[],
  onProblem: (problem: WeirError, name: string) => void,
): Promise<TableSet> {
  const held: Held[] = [];
  for (const config of configs) held.push({ config, ...(await readTable(config, "")) });
  let current = lookupsOf(held);
  let refreshing: Promise<Lookups> | null = null;

  async function look(): Promise<Lookups> {
    let isNew = false;
    for (const one of held) {
      const { config } = one;
      const mark = await markOf(config.file);
      if (mark === one.mark) continue;
      one.mark = mark;
      try {
        const read = await readTable(config, one.hash);
        one.mark = read.mark;
        if (read.hash === one.hash) continue;
        one.table = read.table;
        one.hash = read.hash;
        isNew = true;
      } catch (error) {
        if (!(error instanceof WeirError)) throw error;
        onProblem(error, config.name);
      }
    }
    if (isNew) current = lookupsOf(held);
    return current;
  }

  return {
    get current() {
      return current;
    },
    refresh() {
      refreshing ??= look().finally(() => {
        refreshing = null;
      });
      return refreshing;
    },
  };
}

function lookupsOf(held: readonly Held[]): Lookups {
  if (held.length === 0) return { version: "", tables: [] };
  const all = held.map(({ config, hash }) => `${config.name} ${hash}`).join("\n");
  const version = createHash("sha256").update(all).digest("hex").slice(0, 12);
  return { version, tables: held.map(({ table }) => table) };
}

/** Size, times and inode; "" when the file is not there. */
async function markOf(path: string): Promise<string> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch {
    return "";
  }
  try {
    return await markOfOpen(file);
  } finally {
    await file.close();
  }
}

async function markOfOpen(file: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}

async function readTable(config: LookupConfig, knownHash: string): Promise<Read> {
  const { name, file: path } = config;
  let content: Buffer;
  let mark: string;
  try {
    const file = await open(path);
    try {
      mark = await markOfOpen(file);
      if (Number((await file.stat()).size) > FILE_BYTES_MAX)
        throw new WeirError(
          "CONFIG_INVALID",
          `The file of the lookup ${name}, ${path}, has more than 512 MiB; make it smaller.`,
        );
      content = await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof WeirError) throw cause;
    const message = `The file of the lookup ${name}, ${path}, can't be read; check the path and its rights.`;
    throw new WeirError("CONFIG_UNREADABLE", message, { cause });
  }
  const hash = createHash("sha256").update(content).digest("hex");
  // Only touched: nothing has to be read out of it.
  if (hash === knownHash) return { table: { name, field: config.field, targets: [], find: () => null }, hash, mark };
  const table = tableOf(config, content);
  if (typeof table === "string")
    throw new WeirError("CONFIG_INVALID", `The file of the lookup ${name}, ${path}, ${table}; correct it.`);
  return { table, hash, mark };
}
