import { type ErrorCode, WeirError } from "../model/errors.ts";

/** What was being done: it decides what an error of the engine means when its number alone doesn't say. */
export type Activity = "insert" | "query" | "command" | "open";

/** Error numbers of ClickHouse (ErrorCodes.cpp) that mean the same whatever was being done. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  243: "STORE_DISK_FULL", // NOT_ENOUGH_SPACE
  164: "STORE_READONLY", // READONLY
  392: "STORE_READONLY", // QUERY_IS_PROHIBITED
  159: "STORE_UNREACHABLE", // TIMEOUT_EXCEEDED
  173: "STORE_UNREACHABLE", // CANNOT_ALLOCATE_MEMORY
  198: "STORE_UNREACHABLE", // DNS_ERROR
  202: "STORE_UNREACHABLE", // TOO_MANY_SIMULTANEOUS_QUERIES
  203: "STORE_UNREACHABLE", // NO_FREE_CONNECTION
  209: "STORE_UNREACHABLE", // SOCKET_TIMEOUT
  210: "STORE_UNREACHABLE", // NETWORK_ERROR
  225: "STORE_UNREACHABLE", // NO_ZOOKEEPER
  236: "STORE_UNREACHABLE", // ABORTED
  241: "STORE_UNREACHABLE", // MEMORY_LIMIT_EXCEEDED
  242: "STORE_UNREACHABLE", // TABLE_IS_READ_ONLY
  252: "STORE_UNREACHABLE", // TOO_MANY_PARTS
  279: "STORE_UNREACHABLE", // ALL_CONNECTION_TRIES_FAILED
  285: "STORE_UNREACHABLE", // TOO_FEW_LIVE_REPLICAS
  286: "STORE_UNREACHABLE", // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  319: "STORE_UNREACHABLE", // UNKNOWN_STATUS_OF_INSERT
  394: "STORE_UNREACHABLE", // QUERY_WAS_CANCELLED
  439: "STORE_UNREACHABLE", // CANNOT_SCHEDULE_TASK
  473: "STORE_UNREACHABLE", // DEADLOCK_AVOIDED
  999: "STORE_UNREACHABLE", // KEEPER_EXCEPTION
};

/** Numbers that wrap an error of the operating system, whose text says which. Others may only quote the query's text. */
const SYSTEM_CODES = new Set([74, 75, 76, 425, 481, 1000, 1001, 1002]);

const OTHERWISE: Readonly<Record<Activity, ErrorCode>> = {
  insert: "STORE_REJECTED",
  command: "STORE_REJECTED",
  query: "STORE_QUERY_FAILED",
  open: "STORE_UNREACHABLE",
};

const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  STORE_DISK_FULL: "free some space",
  STORE_UNREACHABLE: "try again later",
  STORE_REJECTED: "compare it with the table's columns and settings",
  STORE_QUERY_FAILED: "correct the query",
  STORE_READONLY: "only statements that read are allowed here",
};

/** The ClickHouse error number that an engine's or server's text carries, on itself or on what caused it; or null. */
export function engineCode(error: unknown): number | null {
  for (let e = error; e instanceof Error; e = e.cause as unknown) {
    const found = /^(?:Code|Error): (\d+)\b/.exec(e.message);
    if (found !== null) return Number(found[1]);
    const code = (e as { code?: unknown }).code;
    if (typeof code === "string" && /^\d+$/.test(code)) return Number(code);
  }
  return null;
}

/**
 * An error of the engine, the HTTP client or the operating system as a WeirError; one that is a WeirError already is
 * returned as it is. What never got an answer from ClickHouse is STORE_UNREACHABLE, to be tried again.
 */
export function toWeirError(error: unknown, activity: Activity, where: string): WeirError {
  if (error instanceof WeirError) return error;
  const code = weirCode(error, activity);
  const text = error instanceof Error ? error.message : String(error);
  return new WeirError(code, `ClickHouse failed at ${where}: ${plain(text)}; ${ADVICE[code] ?? "see its log"}.`, {
    cause: error,
  });
}

function weirCode(error: unknown, activity: Activity): ErrorCode {
  const number = engineCode(error);
  const text = error instanceof Error ? error.message : String(error);
  const isFull = /No space left on device|ENOSPC|EDQUOT/.test(text);
  if (number !== null) {
    if (isFull && SYSTEM_CODES.has(number)) return "STORE_DISK_FULL";
    return CODES[number] ?? OTHERWISE[activity];
  }
  const name = (error as { code?: unknown } | null)?.code;
  if (isFull) return "STORE_DISK_FULL";
  if (name === "CHDB_BIND" || name === "ERR_INVALID_ARG_TYPE") return OTHERWISE[activity];
  return "STORE_UNREACHABLE";
}

/** One line without what the engine says once per layer ("Code: n. DB::Exception:", the error's name) and its version. */
function plain(text: string): string {
  const line = text
    .replace(/(?:Code: \d+\. )?DB::(?:Net)?Exception: /g, "")
    .replace(/ ?\(version [^)]*\)/g, "")
    .replace(/(\([A-Z_]+\))(?:\. \1)+/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
  return (line.length > 600 ? `${line.slice(0, 600)}…` : line).replace(/[. ]+$/, "");
}
