import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { ShopKind } from "./input.ts";
import type { Input } from "./inputs.ts";

const CHUNK_BYTES = 1 << 20;
/** The status after the first quoted field, whatever is in that. */
const ACCESS_STATUS = /^\S+ \S+ \S+ \[[^\]]*\] "(?:[^"\\]|\\.)*" (\d{3}) /;
const ACCESS_PATH = /^[^"]*"\S+ ([^\s?"]*)/;
const LOGFMT_LEVEL = /(?:^| )level=(\S+)/;

/** What a store must hold once a file is loaded. */
export interface Expected {
  readonly lines: number;
  /** Lines that are not blank: each is an event. */
  readonly events: number;
  /** Events per status code (access and JSON lines) or level (logfmt); "0" or "" = none. */
  readonly values: Readonly<Record<string, number>>;
  /** Sum of the CRC-32 of every path, so that no event may have another one's; null: masking may have changed paths. */
  readonly pathSum: number | null;
}

/** The column whose values are counted, as text. */
export const COUNTED_COLUMN = {
  access: "toString(http_response_status_code)",
  json: "toString(http_response_status_code)",
  logfmt: "severity_text",
} as const satisfies Record<ShopKind, string>;

/** Counts an input's lines by its own simple means, so that Weir's parsers are not checked by themselves. */
export function countInput(path: string, { kind, isLooped }: Input): Expected {
  const values: Record<string, number> = {};
  let pathSum = 0;
  let lines = 0;
  let events = 0;
  for (const line of linesOf(path)) {
    lines++;
    if (line.trim() === "") continue;
    events++;
    const value = countedValue[kind](line);
    values[value] = (values[value] ?? 0) + 1;
    if (!isLooped) pathSum += crc32(pathOf[kind](line));
  }
  return { lines, events, values, pathSum: isLooped ? null : pathSum };
}

const countedValue: Record<ShopKind, (line: string) => string> = {
  access: (line) => String(Number(ACCESS_STATUS.exec(line)?.[1] ?? 0)),
  json: (line) => String((JSON.parse(line) as Record<string, unknown>)["http.response.status_code"] ?? 0),
  logfmt: (line) => LOGFMT_LEVEL.exec(line)?.[1] ?? "",
};

const pathOf: Record<ShopKind, (line: string) => string> = {
  access: (line) => ACCESS_PATH.exec(line)?.[1] ?? "",
  json: (line) => String((JSON.parse(line) as Record<string, unknown>)["url.path"] ?? ""),
  logfmt: () => "",
};

function* linesOf(path: string): Generator<string> {
  const file = openSync(path, "r");
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let rest = "";
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      const lines = (rest + buffer.latin1Slice(0, read)).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    closeSync(file);
  }
  if (rest !== "") yield rest;
}
