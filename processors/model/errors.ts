/**
 * Every error that a user can meet. The code is stable: scripts and dashboards may rely on it.
 * `retriable`: the same call may succeed later without anybody changing anything.
 */
export const ERRORS = {
  CONFIG_INVALID: { retriable: false },
  CONFIG_UNREADABLE: { retriable: false },
  SOURCE_NOT_FOUND: { retriable: false },
  SOURCE_UNREADABLE: { retriable: false },
  SOURCE_CORRUPT: { retriable: false },
  SOURCE_TRUNCATED: { retriable: false },
  SOURCE_REPLACED: { retriable: false },
  SOURCE_BUSY: { retriable: true },
  SOURCE_TOO_MANY_DEAD_LETTERS: { retriable: false },
  KAFKA_UNREACHABLE: { retriable: true },
  KAFKA_REFUSED: { retriable: false },
  KAFKA_FENCED: { retriable: true },
  KAFKA_COMMIT_UNKNOWN: { retriable: true },
  SERIES_INVALID: { retriable: false },
  WINDOWS_NOT_FOUND: { retriable: false },
  LISTEN_FAILED: { retriable: true },
  STORE_BUSY: { retriable: true },
  STORE_UNREACHABLE: { retriable: true },
  STORE_DISK_FULL: { retriable: true },
  STORE_REJECTED: { retriable: false },
  STORE_SETTINGS: { retriable: false },
  STORE_QUERY_FAILED: { retriable: false },
  STORE_READONLY: { retriable: false },
  STORE_NEWER: { retriable: false },
  JOURNAL_UNREADABLE: { retriable: false },
  JOURNAL_DISK_FULL: { retriable: true },
  JOURNAL_FOREIGN: { retriable: false },
  PLAN_CONFLICT: { retriable: false },
  PLAN_SOURCE_SHRANK: { retriable: false },
  CLOSE_FENCED: { retriable: true },
  TOPIC_NOT_FOUND: { retriable: false },
  TOPIC_SETTINGS: { retriable: false },
  TOPIC_FOREIGN: { retriable: false },
  ALERT_UNDELIVERED: { retriable: true },
  USAGE: { retriable: false },
  INTERNAL: { retriable: false },
} as const satisfies Record<string, { retriable: boolean }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a stable code. The message says in one sentence what happened, where, and what to do. */
export class WeirError extends Error {
  readonly code: ErrorCode;
  readonly retriable: boolean;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "WeirError";
    this.code = code;
    this.retriable = ERRORS[code].retriable;
  }
}
