import { Session } from "chdb";
import { quoteString } from "./literal.ts";

/** One session of the embedded engine. Statements run one after the other, off the event loop. */
export interface EngineSession {
  /**
   * The result's bytes in `format`. `settings` are set before the statement and put back after it, because the engine
   * keeps settings for the session. Throws what the engine throws.
   */
  run(
    sql: string,
    format?: string,
    parameters?: Readonly<Record<string, unknown>>,
    settings?: Readonly<Record<string, string>>,
  ): Promise<Buffer>;
  /** Resolves when the last statement is done and the session is closed. */
  close(): Promise<void>;
}

/** It looks at the process's memory 20 times a second by default, which costs more than all else that it does when idle. */
const ENGINE = ["--memory_worker_period_ms=1000"];

/**
 * Opens one more session on a directory. Throws if another process holds it. Only in the main thread: the engine
 * aborts in workers.
 *
 * Calls queue up here instead of in the engine, where each one waiting would block a thread of Node's small pool.
 */
export function openSession(path: string): EngineSession {
  const session = new Session(path, { connectionArgs: ENGINE });
  let last: Promise<unknown> = Promise.resolve();

  async function execute(sql: string, format: string, parameters: Readonly<Record<string, unknown>>): Promise<Buffer> {
    // The lower-case spelling would make the package put a SET in front.
    const options = { format: format === "arrow" ? "Arrow" : format };
    const result =
      Object.keys(parameters).length > 0
        ? await session.queryBindAsync(sql, parameters, options)
        : await session.queryAsync(sql, options);
    const bytes = result.bytes();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async function withSettings(settings: Readonly<Record<string, string>>, statement: () => Promise<Buffer>) {
    const names = Object.keys(settings);
    if (names.length === 0) return statement();
    const assignments = names.map((name) => `${name}=${quoteString(settings[name])}`);
    try {
      await execute(`SET ${assignments.join(", ")}`, "Null", {});
      return await statement();
    } finally {
      await execute(`SET ${names.map((name) => `${name}=DEFAULT`).join(", ")}`, "Null", {});
    }
  }

  return {
    run(sql, format = "TabSeparated", parameters = {}, settings = {}) {
      const result = last.then(() => withSettings(settings, () => execute(sql, format, parameters)));
      last = result.catch(() => undefined);
      return result;
    },
    async close() {
      await last;
      session.close();
    },
  };
}
