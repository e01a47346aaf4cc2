import { Readable } from "node:stream";
import { type ClickHouseClient, ClickHouseLogLevel, createClient, type DataFormat } from "@clickhouse/client";
import type { InsertBlock } from "../model/ports.ts";
import { type Activity, engineCode, toWeirError } from "./error.ts";
import { insertFromBody } from "./insert-statement.ts";
import { checkStatement } from "./statement.ts";
import type { TextQueryOptions, TextStore } from "./text-store.ts";

export interface RemoteOptions {
  readonly username?: string;
  readonly password?: string;
  /** @default "weir" */
  readonly database?: string;
}

const REQUEST_MS_MAX = 600_000;
const PING_MS_MAX = 10_000;
const READONLY = 164;

/** ClickHouse over HTTP. Throws STORE_UNREACHABLE when nobody answers at the address. */
export async function openRemote(url: string, options: RemoteOptions = {}): Promise<TextStore> {
  const client = createClient({
    url,
    username: options.username ?? "default",
    password: options.password ?? "",
    request_timeout: REQUEST_MS_MAX,
    log: { level: ClickHouseLogLevel.OFF },
  });
  const answer = await client.ping({ select: false, abort_signal: AbortSignal.timeout(PING_MS_MAX) });
  if (!answer.success) {
    await client.close();
    throw toWeirError(answer.error, "open", new URL(url).origin);
  }
  return new Remote(client, options.database ?? "weir");
}

class Remote implements TextStore {
  readonly #client: ClickHouseClient;
  readonly #database: string;

  constructor(client: ClickHouseClient, database: string) {
    this.#client = client;
    this.#database = database;
  }

  async insert(block: InsertBlock): Promise<void> {
    if (block.rows === 0) return;
    const pieces = Readable.from(block.native, { objectMode: false });
    await this.#during("insert", `the insert into ${block.table}`, async () => {
      const { stream } = await this.#client.exec({
        query: insertFromBody(block),
        values: pieces,
        clickhouse_settings: this.#settings(),
      });
      for await (const _ of stream);
    });
  }

  async query<Row>(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<Row[]> {
    return this.#during("query", "the query", async () => {
      const result = await this.#client.query({
        query: sql,
        format: "JSONEachRow",
        clickhouse_settings: { ...this.#settings(), output_format_json_quote_64bit_integers: 1 },
        ...(parameters && { query_params: { ...parameters } }),
      });
      return result.json<Row>();
    });
  }

  async command(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<void> {
    // The database can't be made by a request that is to run in it.
    const makesDatabase = /^\s*CREATE\s+DATABASE\b/i.test(sql);
    await this.#during("command", "the command", () =>
      this.#client.command({
        query: sql,
        clickhouse_settings: makesDatabase ? { wait_end_of_query: 1 } : this.#settings(),
        ...(parameters && { query_params: { ...parameters } }),
      }),
    );
  }

  async queryText(sql: string, format: string, options: TextQueryOptions): Promise<Readable> {
    const { isReading } = checkStatement(sql, options);
    const run = async (settings: Readonly<Record<string, string>>) => {
      const { stream } = await this.#client.exec({
        query: sql,
        clickhouse_settings: {
          ...this.#settings(),
          ...options.settings,
          ...settings,
          default_format: format as DataFormat,
        },
        ...(options.parameters && { query_params: { ...options.parameters } }),
      });
      return stream;
    };
    return this.#during(isReading ? "query" : "command", "the statement", async () => {
      if (!options.readonly) return run({});
      return run({ readonly: "2" }).catch((error: unknown) => {
        // An account that is read-only already may not say so again.
        const isOwnMode = engineCode(error) === READONLY && /'readonly'/.test(String(error));
        if (isOwnMode) return run({});
        throw error;
      });
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** An error after the first bytes of an answer would come with status 200; so the server waits. */
  #settings(): Record<string, string | number> {
    return { wait_end_of_query: 1, database: this.#database };
  }

  async #during<T>(activity: Activity, where: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw toWeirError(error, activity, where);
    }
  }
}
