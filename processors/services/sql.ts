import { pipeline } from "node:stream/promises";
import { openExistingStore, type StoreOptions } from "../clickhouse/store.ts";

export interface SqlOptions extends StoreOptions {
  /** One statement; tables without a database are those of `weir`. */
  readonly query: string;
  /** Output format, unless the query has a FORMAT clause. */
  readonly format: string;
  /** Allow statements that write. */
  readonly write: boolean;
  readonly out: NodeJS.WritableStream;
}

/**
 * Runs one statement and writes its result to `out`, byte for byte; `out` stays open. Throws WeirError STORE_READONLY,
 * STORE_QUERY_FAILED or USAGE, before anything is written.
 */
export async function runSql(options: SqlOptions): Promise<void> {
  const store = await openExistingStore(options);
  try {
    const result = await store.queryText(options.query, options.format, { readonly: !options.write });
    await pipeline(result, options.out, { end: false });
  } finally {
    await store.close();
  }
}
