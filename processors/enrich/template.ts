import { hash } from "node:crypto";
import { LINE_BYTES_MAX, scanTemplate } from "./template-scan.ts";

/** Rises whenever any message may get another template: it is part of every template id. */
export const TEMPLATE_VERSION = 1;

const BODY_BYTES_MAX = 4096;
const EXCEPTION_CLASS = /^[A-Za-z_][\w.$]*(?:Exception|Error)(?![\w.$])/;
const CLASS_BYTES_MAX = LINE_BYTES_MAX - BODY_BYTES_MAX - 1;

/**
 * The constant part of a message (byte text), with `<*>` for what varies: numbers, ids, addresses, paths, times,
 * quoted words, values of keys that hold names, and the pseudonyms of masking. Runs of spaces count as one.
 *
 * Of the first 4,096 bytes only the first line counts, and the class of the exception that a following line starts
 * with: a stack trace differs from call to call, its cause does not. Linear in the body.
 */
export function templateOf(body: string): string {
  const text = body.length > BODY_BYTES_MAX ? body.slice(0, BODY_BYTES_MAX) : body;
  const lineEnd = text.indexOf("\n");
  return scanTemplate(lineEnd < 0 ? text : headOf(text, lineEnd));
}

/**
 * A template's id: the first 8 bytes of SHA-256 over `<TEMPLATE_VERSION>\n<template>`. Read big-endian they are the
 * UInt64 that SQL shows; `high` is its upper half (bytes 0..3), `low` its lower half (bytes 4..7). No template: 0, 0.
 */
export function templateId(template: string): { low: number; high: number } {
  if (template === "") return { low: 0, high: 0 };
  const digest = hash("sha256", Buffer.from(`${TEMPLATE_VERSION}\n${template}`, "latin1"), "buffer");
  return { low: digest.readUInt32BE(4), high: digest.readUInt32BE(0) };
}

/** The first line that holds anything, and the class of the exception that a later line starts with. */
function headOf(text: string, lineEnd: number): string {
  let head = text.slice(0, lineEnd);
  for (let begin = lineEnd + 1; begin < text.length; ) {
    const newline = text.indexOf("\n", begin);
    const end = newline < 0 ? text.length : newline;
    if (head.trim() === "") head = text.slice(begin, end);
    else {
      const found = EXCEPTION_CLASS.exec(text.slice(begin, Math.min(end, begin + CLASS_BYTES_MAX)));
      if (found !== null) return `${head} ${found[0]}`;
    }
    begin = end + 1;
  }
  return head;
}
