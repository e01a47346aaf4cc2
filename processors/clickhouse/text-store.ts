import type { Readable } from "node:stream";
import type { ClickHouse } from "../model/ports.ts";

export interface TextQueryOptions {
  /** Run in the engine's read-only mode, and only what `checkStatement` takes for reading. */
  readonly readonly: boolean;
  /** May write, but not reach outside of the data (`contained.ts`). */
  readonly contained?: boolean;
  /** Values of `{name:Type}`. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Settings for this statement alone. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** ClickHouse that also answers in bytes, for people and for HTTP. */
export interface TextStore extends ClickHouse {
  /**
   * The result of one statement, in `format` unless the statement has its own FORMAT clause. Unchanged bytes.
   * Throws WeirError STORE_READONLY or USAGE for what isn't allowed, STORE_QUERY_FAILED for what the engine refuses.
   */
  queryText(sql: string, format: string, options: TextQueryOptions): Promise<Readable>;
}
