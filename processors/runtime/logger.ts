import { pino } from "pino";
import { WeirError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import { systemClock } from "./clock.ts";
import type { LogLevel } from "./config-schema.ts";
import { formatLogLine } from "./log-line.ts";
import { isTerminal, type Output } from "./terminal.ts";

export type LogFields = Readonly<Record<string, unknown>>;

/** A constant sentence in the past tense, and fields. An error goes into the field `err`. */
export interface Logger {
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Where lines go. */
  readonly output: Output;
  readonly clock?: Clock;
  /** Colours, if the output is a terminal. */
  readonly colored?: boolean;
  /** JSON lines even on a terminal (`--json`). */
  readonly json?: boolean;
}

/**
 * JSON lines, or short lines for people if the output is a terminal. Fields whose names say password, key, authorization
 * and the like are replaced, so a grouping key must be logged under another name.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level, output, clock = systemClock, colored = false, json = false } = options;
  const isShort = isTerminal(output) && !json;
  const write = (line: string): void => {
    const safe = hideInText(line);
    output.write(isShort ? formatLogLine(safe, colored) : safe);
  };
  return pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date(clock.nowUs() / 1000).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: (fields) => hideFields(fields, 0) },
      // Errors are turned into fields by `hideFields`.
      serializers: { err: (value) => value },
    },
    { write },
  );
}

const HIDDEN = "[redacted]";
const SECRET_NAME =
  /passw(or)?d|passphrase|authorization|secret|cookie|credential|(access|api|auth|refresh)[_-]?token/i;
const KEY_NAME = /(^|[_-])key(hex)?$/i;
const CAMEL_KEY_NAME = /[a-z]Key(Hex)?$|[aA]pikey$/;
const DEPTH_MAX = 6;

function isSecret(name: string): boolean {
  return SECRET_NAME.test(name) || KEY_NAME.test(name) || CAMEL_KEY_NAME.test(name);
}

function hideFields(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, isSecret(name) ? HIDDEN : plain(value, depth)]),
  );
}

/** A value as JSON can hold it. */
function plain(value: unknown, depth: number): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (depth >= DEPTH_MAX) return "[too deep]";
  if (value instanceof Error) return errorFields(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  return hideFields(value as Record<string, unknown>, depth + 1);
}

/** An expected error is known by its code; of any other the stack is needed. */
function errorFields(error: Error, depth: number): Record<string, unknown> {
  const code = (error as NodeJS.ErrnoException).code;
  return {
    ...(error instanceof WeirError ? { code, retriable: error.retriable } : { type: error.name }),
    ...(error instanceof WeirError || code === undefined ? {} : { code: String(code) }),
    message: error.message,
    ...(error instanceof WeirError && code !== "INTERNAL" ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: plain(error.cause, depth + 1) }),
  };
}

// Outside of string content JSON has none of these characters, so escapes are right wherever they occur.
const RAW = /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu;

/** Hides user:password of addresses in texts, and escapes what JSON leaves raw but a terminal obeys. */
function hideInText(line: string): string {
  return line
    .replace(/:\/\/[^/@\s"]*@/g, `://${HIDDEN}@`)
    .replace(RAW, (char) =>
      Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
    );
}
