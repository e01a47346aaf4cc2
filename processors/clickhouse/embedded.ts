import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { drainPending } from "chdb";
import { WeirError } from "../model/errors.ts";
import type { InsertBlock } from "../model/ports.ts";
import { makeFolder } from "../runtime/folder.ts";
import { insertData } from "./data-insert.ts";
import { engineCode, toWeirError } from "./error.ts";
import { readHolder } from "./holder.ts";
import { insertFromFile, parseDataInsert } from "./insert-statement.ts";
import { type EngineSession, openSession } from "./session.ts";
import { openSpool, type Spool } from "./spool.ts";
import { checkStatement, intoFile } from "./statement.ts";
import type { TextQueryOptions, TextStore } from "./text-store.ts";

const DATA_BYTES_MAX = 1 << 30;
const SYNTAX_ERROR = 62;

/** ClickHouse in this process. */
export interface EmbeddedClickHouse extends TextStore {
  /**
   * `queryText` for results of any size: they go through a file instead of memory. Resolves when the engine is done, so
   * that its errors come before the first byte.
   */
  queryFile(sql: string, format: string, options: TextQueryOptions): Promise<Readable>;
  /**
   * Inserts formatted data that come apart from their statement (`INSERT INTO t FORMAT name`).
   * Throws STORE_REJECTED when there are more than `bytesMax` bytes or the engine refuses them.
   */
  insertStream(sql: string, data: NodeJS.ReadableStream, options: InsertStreamOptions): Promise<void>;
}

export interface InsertStreamOptions {
  readonly bytesMax: number;
  readonly settings?: Readonly<Record<string, string>>;
  readonly contained?: boolean;
}

/**
 * Opens the store in `DIR/store`, making it if need be, with the database `weir`. One process at a time: STORE_BUSY
 * names the holder. Sessions keep apart who must not wait for whom (`Sessions`).
 */
export async function openEmbedded(dir: string): Promise<EmbeddedClickHouse> {
  const root = resolve(dir);
  if (/[*?{}]|::/.test(root)) {
    throw new WeirError("USAGE", `The data directory ${root} has one of * ? { } :: in its path; choose another name.`);
  }
  try {
    makeFolder(join(root, "store"), 0o700);
  } catch (error) {
    throw new WeirError("STORE_UNREACHABLE", `The data directory ${root} can't be made: ${String(error)}.`, {
      cause: error,
    });
  }
  const sessions = await openSessions(root);
  try {
    return new Embedded(sessions, await openSpool(root));
  } catch (error) {
    await closeSessions(sessions);
    throw new WeirError(
      "STORE_UNREACHABLE",
      `The folder ${join(root, "tmp")} can't be emptied and made: ${String(error)}.`,
      {
        cause: error,
      },
    );
  }
}

interface Sessions {
  readonly write: EngineSession;
  /** For the small tables beside the events, so that their inserts need not wait for each other. */
  readonly account: EngineSession;
  /** Weir's own queries. */
  readonly read: EngineSession;
  /** Statements of people who may only read: the engine's read-only mode. */
  readonly people: EngineSession;
  /** Queries of those who may write. */
  readonly operator: EngineSession;
}

async function openSessions(root: string): Promise<Sessions> {
  const path = join(root, "store");
  const opened: EngineSession[] = [];
  const openNext = () => {
    const session = openSession(path);
    opened.push(session);
    return session;
  };
  try {
    const sessions = {
      write: openNext(),
      account: openNext(),
      read: openNext(),
      people: openNext(),
      operator: openNext(),
    };
    await sessions.write.run("CREATE DATABASE IF NOT EXISTS weir");
    // The engine's own `default` overlays the file system: every readable file would be a table of it. It comes back
    // with every start, and no session opens without one.
    await sessions.write.run("DROP DATABASE IF EXISTS default");
    await sessions.write.run("CREATE DATABASE default ENGINE=Memory");
    for (const session of opened) await session.run("USE weir");
    await sessions.read.run("SET output_format_json_quote_64bit_integers=1");
    await sessions.people.run("SET readonly=2");
    return sessions;
  } catch (error) {
    for (const session of opened) await session.close();
    throw await openError(root, error);
  }
}

async function closeSessions(sessions: Sessions): Promise<void> {
  for (const session of Object.values(sessions)) await (session as EngineSession).close();
  await drainPending();
}

/** The engine says only that it could not open. */
async function openError(root: string, error: unknown): Promise<WeirError> {
  const holder = await readHolder(join(root, "store"));
  if (holder === null) return toWeirError(error, "open", join(root, "store"));
  return new WeirError(
    "STORE_BUSY",
    `The store in ${root} is in use by process ${holder}; stop it, or choose another data directory with --data.`,
    { cause: error },
  );
}

class Embedded implements EmbeddedClickHouse {
  readonly #sessions: Sessions;
  readonly #spool: Spool;

  constructor(sessions: Sessions, spool: Spool) {
    this.#sessions = sessions;
    this.#spool = spool;
  }

  async insert(block: InsertBlock): Promise<void> {
    if (block.rows === 0) return;
    try {
      const session = block.table === "events" ? this.#sessions.write : this.#sessions.account;
      await this.#spool.withPieces(block.native, (path) => session.run(insertFromFile(block, path)));
    } catch (error) {
      throw toWeirError(error, "insert", `the insert into ${block.table}`);
    }
  }

  async query<Row>(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<Row[]> {
    const bytes = await this.#run(this.#sessions.read, "query", sql, "JSONEachRow", parameters);
    return bytes
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row);
  }

  async command(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#run(this.#sessions.write, "command", sql, "Null", parameters);
  }

  async queryText(sql: string, format: string, options: TextQueryOptions): Promise<Readable> {
    const { parameters, settings = {}, contained = false } = options;
    checkFormat(format);
    const data = options.readonly ? null : parseDataInsert(sql);
    if (data !== null && data.dataBegin < sql.length) {
      const rest = Readable.from([Buffer.from(sql.slice(data.dataBegin), "utf8")]);
      await this.insertStream(sql.slice(0, data.dataBegin), rest, { bytesMax: DATA_BYTES_MAX, settings, contained });
      return Readable.from([]);
    }
    const { isReading } = checkStatement(sql, options);
    const { people, operator, write } = this.#sessions;
    const session = options.readonly ? people : isReading ? operator : write;
    const bytes = await this.#run(session, isReading ? "query" : "command", sql, format, parameters, settings);
    return Readable.from([bytes], { objectMode: false });
  }

  async queryFile(sql: string, format: string, options: TextQueryOptions): Promise<Readable> {
    checkFormat(format);
    checkStatement(sql, options);
    if (intoFile(sql, "") === null) return this.queryText(sql, format, options);
    const session = options.readonly ? this.#sessions.people : this.#sessions.operator;
    try {
      return await this.#spool.withResult(async (path) => {
        const statement = intoFile(sql, path) as string;
        await this.#run(session, "query", statement, format, options.parameters, options.settings);
      });
    } catch (error) {
      // There are statements that can't end in INTO OUTFILE; and of others the error should quote what was written.
      if (engineCode(error) === SYNTAX_ERROR) return this.queryText(sql, format, options);
      throw error;
    }
  }

  async insertStream(sql: string, stream: NodeJS.ReadableStream, options: InsertStreamOptions): Promise<void> {
    const data = parseDataInsert(sql);
    if (data === null) throw new WeirError("USAGE", "The statement is no INSERT … FORMAT; it takes no data.");
    checkStatement(sql, { readonly: false, contained: options.contained ?? false });
    try {
      await this.#spool.withStream(stream, options.bytesMax, async (path, bytes) => {
        if (bytes > 0) await insertData(this.#sessions.write, data, sql, path, options.settings ?? {});
      });
    } catch (error) {
      if (error instanceof RangeError) {
        throw new WeirError("STORE_REJECTED", `The data of the insert are ${error.message}; send less at a time.`);
      }
      throw toWeirError(error, "insert", "the insert of formatted data");
    }
  }

  close(): Promise<void> {
    return closeSessions(this.#sessions);
  }

  async #run(
    session: EngineSession,
    activity: "query" | "command",
    sql: string,
    format: string,
    parameters: Readonly<Record<string, unknown>> = {},
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Buffer> {
    try {
      return await session.run(sql, format, parameters, settings);
    } catch (error) {
      throw toWeirError(error, activity, `the ${activity}`);
    }
  }
}

function checkFormat(format: string): void {
  if (/^[A-Za-z][A-Za-z0-9]*$/.test(format)) return;
  throw new WeirError("USAGE", `${JSON.stringify(format)} is no name of an output format; try PrettyCompact or CSV.`);
}
