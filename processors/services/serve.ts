import { join } from "node:path";
import type { Account } from "../clickhouse/endpoint-accounts.ts";
import { isLoopback } from "../clickhouse/endpoint-server.ts";
import { openServedStore } from "../clickhouse/store.ts";
import { WeirError } from "../model/errors.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { migrateStore } from "./workplace.ts";

export interface ServeOptions {
  readonly config: Config;
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Told once that requests are answered. */
  readonly onReady: (ready: { readonly url: string; readonly text: string }) => void;
}

/**
 * Serves the embedded store by ClickHouse's HTTP protocol until the signal. Throws USAGE for what it does not offer,
 * STORE_BUSY when another process has the store, STORE_UNREACHABLE when the address is taken.
 */
export async function serve({ config, listen, signal, logger, onReady }: ServeOptions): Promise<void> {
  const { host, port } = parseListen(listen);
  if (config.clickhouse.url !== null)
    throw new WeirError("USAGE", "weir serve offers the embedded store, not that of a server; leave the url out.");
  if (!isLoopback(host) && config.serve.users.length === 0)
    throw new WeirError("USAGE", `Others than this machine would reach ${listen}; name serve.users first.`);
  const store = await openServedStore(config.data.directory);
  try {
    await migrateStore(store, config);
    const configured = config.serve.users.map(
      ({ name, role, passwordSha256 }): Account => ({
        name,
        role,
        passwordSha256: Buffer.from(passwordSha256, "hex"),
      }),
    );
    const accounts = configured.length > 0 ? configured : store.accounts;
    const server = await store.serveAt({ host, port, accounts });
    try {
      const who =
        configured.length > 0
          ? `${configured.length} ${configured.length === 1 ? "user" : "users"} of serve.users`
          : `reader and writer of ${join(config.data.directory, "endpoint.json")}`;
      onReady({
        url: server.url,
        text: `ClickHouse's HTTP protocol at ${server.url}, for ${who}.\nThis is a development server; for production use ClickHouse itself.`,
      });
      logger.info({ url: server.url, users: accounts.map(({ name }) => name) }, "Serving.");
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    } finally {
      await server.close();
    }
  } finally {
    await store.close();
  }
}

function parseListen(text: string): { host: string; port: number } {
  const found = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found !== null && port <= 65_535) return { host: found[1] ?? found[2], port };
  throw new WeirError(
    "USAGE",
    `${JSON.stringify(text)} is no address to listen at; write host:port, as in 127.0.0.1:8123.`,
  );
}
