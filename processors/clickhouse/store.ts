import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { WeirError } from "../model/errors.ts";
import type { ClickHouse } from "../model/ports.ts";
import { openEmbedded } from "./embedded.ts";
import { type Endpoint, startEndpoint } from "./endpoint.ts";
import type { Account } from "./endpoint-accounts.ts";
import { readEndpointFile, removeEndpointFile } from "./endpoint-file.ts";
import { type HttpServer, type HttpServerOptions, listen } from "./endpoint-server.ts";
import { isAlive, readHolder } from "./holder.ts";
import { openRemote } from "./remote.ts";
import type { TextQueryOptions, TextStore } from "./text-store.ts";

export interface StoreOptions {
  readonly dataDir: string;
  /** A ClickHouse server; without it the store of `dataDir` is used. */
  readonly url?: string;
  readonly username?: string;
  readonly password?: string;
  /** Offer the embedded store to other processes. */
  readonly endpoint?: boolean;
}

export interface Store extends ClickHouse {
  readonly kind: "embedded" | "remote";
  /** Address of the endpoint that this store offers; null when it offers none. */
  readonly endpointUrl: string | null;
  queryText(sql: string, format: string, options: TextQueryOptions): Promise<Readable>;
}

/**
 * The store that the options mean: a server; or the embedded store, through the endpoint of the process that holds it
 * if there is one, in this process otherwise. Throws STORE_UNREACHABLE or STORE_BUSY.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { url, username, password } = options;
  if (url !== undefined) {
    const account = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
    return asStore(await openRemote(url, account), "remote", null);
  }
  const dir = resolve(options.dataDir);
  const held = await openHeld(dir);
  if (held !== null) return asStore(held, "remote", null);
  const embedded = await openEmbedded(dir);
  if (options.endpoint !== true) return asStore(embedded, "embedded", null);
  try {
    return asStore(embedded, "embedded", await startEndpoint(embedded, dir));
  } catch (error) {
    await embedded.close();
    throw error;
  }
}

/** The same, for who only reads: makes no store where there is none. Throws STORE_UNREACHABLE, STORE_BUSY. */
export async function openExistingStore(options: StoreOptions): Promise<Store> {
  const { url, dataDir } = options;
  if (url === undefined && !existsSync(join(dataDir, "store")))
    throw new WeirError(
      "STORE_UNREACHABLE",
      `There is no store in ${dataDir} yet; load a file or start weir run first, or name another folder with --data.`,
    );
  return openStore(options);
}

/** The embedded store, with what it takes to serve it at another address than endpoint.json says. */
export interface ServedStore extends Store {
  /** The users of endpoint.json. */
  readonly accounts: readonly Account[];
  /** Serves the store at one more address, until it is closed. */
  serveAt(options: Omit<HttpServerOptions, "isLimited">): Promise<HttpServer>;
}

/** Opens the embedded store in this process, whoever else would offer it. Throws STORE_BUSY. */
export async function openServedStore(dataDir: string): Promise<ServedStore> {
  const dir = resolve(dataDir);
  const embedded = await openEmbedded(dir);
  try {
    const endpoint = await startEndpoint(embedded, dir);
    return {
      ...asStore(embedded, "embedded", endpoint),
      accounts: endpoint.accounts,
      serveAt: (options) => listen(embedded, { ...options, isLimited: true }),
    };
  } catch (error) {
    await embedded.close();
    throw error;
  }
}

/**
 * Whether a live process seems to hold the embedded store without offering it to others, as a query does. Found out from
 * what it left in the directory: an attempt to open would have the engine complain on standard error.
 */
export async function isHeld({ url, dataDir }: StoreOptions): Promise<boolean> {
  const dir = resolve(dataDir);
  return url === undefined && (await readHolder(join(dir, "store"))) !== null && (await readEndpointFile(dir)) === null;
}

/** Through endpoint.json, if whoever wrote it still answers. What a killed process left is removed. */
async function openHeld(dir: string): Promise<TextStore | null> {
  const file = await readEndpointFile(dir);
  if (file === null) return null;
  if (isAlive(file.pid)) {
    try {
      return await openRemote(file.url, { username: "writer", password: file.users.writer });
    } catch (error) {
      // Only a refused connection proves that nobody is there; a holder that is slow to answer keeps its file.
      if (!isRefused(error)) throw error;
    }
  }
  await removeEndpointFile(dir, file.url);
  return null;
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return cause?.code === "ECONNREFUSED";
}

function asStore(store: TextStore, kind: Store["kind"], endpoint: Endpoint | null): Store {
  return {
    kind,
    endpointUrl: endpoint?.url ?? null,
    insert: (block) => store.insert(block),
    query: (sql, parameters) => store.query(sql, parameters),
    command: (sql, parameters) => store.command(sql, parameters),
    queryText: (sql, format, options) => store.queryText(sql, format, options),
    async close() {
      await endpoint?.close();
      await store.close();
    },
  };
}
