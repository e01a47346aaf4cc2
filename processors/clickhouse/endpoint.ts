import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { EmbeddedClickHouse } from "./embedded.ts";
import { type Account, sha256 } from "./endpoint-accounts.ts";
import { removeEndpointFile, writeEndpointFile } from "./endpoint-file.ts";
import { listen } from "./endpoint-server.ts";

/** ClickHouse's HTTP protocol over a store that this process holds, for other processes on this machine. */
export interface Endpoint {
  readonly url: string;
  /** The users that endpoint.json names. */
  readonly accounts: readonly Account[];
  /** Removes endpoint.json, lets running requests end, and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts the endpoint on a free loopback port and says so in DIR/endpoint.json. Two users with passwords made at every
 * start: `reader` for read-only statements, `writer` for all.
 */
export async function startEndpoint(store: EmbeddedClickHouse, dir: string): Promise<Endpoint> {
  const root = resolve(dir);
  const users = { reader: randomBytes(24).toString("base64url"), writer: randomBytes(24).toString("base64url") };
  const accounts: Account[] = [
    { name: "reader", passwordSha256: sha256(users.reader), role: "reader" },
    // Weir's own processes, and who may read the file could open the store anyway.
    { name: "writer", passwordSha256: sha256(users.writer), role: "admin" },
  ];
  const server = await listen(store, { host: "127.0.0.1", port: 0, accounts, isLimited: false });
  await writeEndpointFile(root, { url: server.url, pid: process.pid, users });
  return {
    url: server.url,
    accounts,
    async close() {
      await removeEndpointFile(root, server.url);
      await server.close();
    },
  };
}
