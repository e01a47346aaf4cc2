import { z } from "zod";
import { BYTES_PATTERN, DAYS_PATTERN, DURATION_PATTERN, parseBytes, parseSeconds, writeBytes } from "./config-units.ts";
import { didYouMean } from "./spelling.ts";
import { printable } from "./terminal.ts";

/** Values of weir.yaml: how they are written, what is said when they are wrong. The sections are made of these. */

const DAY_SECONDS = 86_400;

/** A value that is safe to show in an error message: short, in quotes, without control characters. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `"${printable(value.length > 40 ? `${value.slice(0, 40)}…` : value)}"`;
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : "a mapping";
}

/** `x is not one of a, b, c`, with a guess. */
export function notOneOf(value: unknown, allowed: readonly string[]): string {
  const guess = typeof value === "string" ? didYouMean(value, allowed) : null;
  return `${shown(value)} is not one of ${allowed.join(", ")}${guess === null ? "" : `; did you mean ${guess}?`}`;
}

/** An `error` option of zod: what is wrong with a value that is there; a missing one keeps the general words. */
export function says(what: string): (issue: { readonly input?: unknown }) => string | undefined {
  return (issue) => (issue.input === undefined ? undefined : `${shown(issue.input)} ${what}`);
}

/** A text of at least one character. */
export function text(lengthMax: number) {
  return z.string().min(1, { abort: true }).max(lengthMax);
}

const nameError = says('is not a name; use letters, digits, ".", "_" and "-", starting with a letter or digit');
/** Letters, digits, ".", "_" and "-", starting with a letter or digit. */
export function name(lengthMax: number) {
  return z.string({ error: nameError }).regex(namePattern(lengthMax), { error: nameError });
}
/** What `name` accepts. */
export function namePattern(lengthMax: number): RegExp {
  return new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${lengthMax - 1}}$`);
}

/** An amount of bytes, as a number or with a unit; gives the number. */
export function bytes(bytesMin: number, bytesMax: number) {
  const error = says('is not an amount of bytes; write a whole number, or a number and a unit, as in "32 MiB"');
  return z
    .union([z.int({ error }), z.string().regex(BYTES_PATTERN, { error })], { error })
    .transform((value, context) => {
      const amount = typeof value === "number" ? value : parseBytes(value);
      if (amount >= bytesMin && amount <= bytesMax) return amount;
      const range = `${writeBytes(bytesMin)} to ${writeBytes(bytesMax)}`;
      context.issues.push({ code: "custom", input: value, message: `${shown(value)} is not within ${range}` });
      return z.NEVER;
    });
}

/** A window size up to a day, with a unit; gives seconds. */
export function windowSeconds() {
  const error = says('is not a window size; write a number and s, m, h or d, as in "10s" or "1m"');
  return z
    .string({ error })
    .regex(DURATION_PATTERN, { error })
    .transform((value, context) => {
      const seconds = parseSeconds(value);
      if (seconds <= DAY_SECONDS) return seconds;
      context.issues.push({ code: "custom", input: value, message: `${shown(value)} is longer than 1d` });
      return z.NEVER;
    });
}

/** A duration up to a number of days, with a unit; gives seconds. */
export function seconds(daysMax: number) {
  const error = says('is not a duration; write a number and s, m, h or d, as in "10s" or "1d"');
  return z
    .string({ error })
    .regex(DURATION_PATTERN, { error })
    .transform((value, context) => {
      const seconds = parseSeconds(value);
      if (seconds <= daysMax * DAY_SECONDS) return seconds;
      context.issues.push({ code: "custom", input: value, message: `${shown(value)} is longer than ${daysMax}d` });
      return z.NEVER;
    });
}

/** A number of days, with its unit; gives the number. */
export function days() {
  const error = says('is not a number of days; write it as in "30d"');
  return z
    .string({ error })
    .regex(DAYS_PATTERN, { error })
    .transform((value) => Number.parseInt(value, 10));
}
