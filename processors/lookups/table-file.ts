import { isIP } from "node:net";
import { type Reader as MmdbReader, Reader } from "maxmind";
import type { LookupConfig, LookupTable } from "../model/lookups.ts";
import { fromByteText, toByteText } from "../model/record.ts";
import { parseCsv } from "./csv.ts";

/** Rows of a CSV or JSON file. */
export const TABLE_ROWS_MAX = 1_000_000;
const VALUE_LENGTH_MAX = 1000;
const ADDRESSES_REMEMBERED_MAX = 65_536;
const MMDB_MARK = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");

/** A table out of the content of its file, or what is wrong with that. */
export function tableOf(config: LookupConfig, content: Buffer): LookupTable | string {
  if (content.lastIndexOf(MMDB_MARK) >= 0) return addressTable(config, content);
  const { keyColumn, columns } = config;
  if (keyColumn === null) return "needs key_column, as it is no .mmdb";
  const text = content.toString("utf8");
  const rows = /^[\s\ufeff]*[[{]/.test(text) ? jsonRows(text, keyColumn) : csvRows(text);
  if (typeof rows === "string") return rows;
  if (rows.length > TABLE_ROWS_MAX) return `has more than ${TABLE_ROWS_MAX} rows`;
  const sources = Object.keys(columns);
  for (const name of [keyColumn, ...sources])
    if (rows.length > 0 && !rows.some((row) => row.has(name))) return `has no column ${name}`;
  const byKey = new Map<string, readonly string[]>();
  for (const row of rows) {
    const key = row.get(keyColumn) ?? "";
    // Of rows with one key the first counts.
    if (key === "" || byKey.has(toByteText(key))) continue;
    byKey.set(
      toByteText(key),
      sources.map((name) => toByteText((row.get(name) ?? "").slice(0, VALUE_LENGTH_MAX))),
    );
  }
  return tableWith(config, (value) => byKey.get(value) ?? null);
}

function tableWith({ name, field, columns }: LookupConfig, find: LookupTable["find"]): LookupTable {
  return { name, field, targets: Object.values(columns), find };
}

function csvRows(text: string): ReadonlyMap<string, string>[] | string {
  const rows = parseCsv(text, TABLE_ROWS_MAX + 1);
  if (rows === null) return "has a quote that is not closed";
  const [names, ...values] = rows;
  if (names === undefined) return "is empty";
  return values.map((row) => new Map(names.map((name, i) => [name.trim(), row[i] ?? ""])));
}

/** A list of objects, objects by their keys, or one object a line. */
function jsonRows(text: string, keyColumn: string): ReadonlyMap<string, string>[] | string {
  const parsed = parseJson(text) ?? parseJson(`[${text.trim().split(/\r?\n/).join(",")}]`);
  if (parsed === null) return "is no JSON";
  const isLines = !Array.isArray(parsed) && !Object.values(parsed).every(isObject);
  const objects = Array.isArray(parsed)
    ? parsed
    : isLines
      ? [parsed]
      : Object.entries(parsed).map(([key, value]) => ({ [keyColumn]: key, ...(value as object) }));
  if (!objects.every(isObject)) return "must hold objects";
  return objects.map((object) => new Map(Object.entries(object).map(([name, value]) => [name, textOf(value)])));
}

function parseJson(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A database of addresses in MaxMind's format; its columns are paths, such as `city.names.en`. */
function addressTable(config: LookupConfig, content: Buffer): LookupTable | string {
  let reader: MmdbReader<never>;
  try {
    reader = new Reader<never>(content);
    reader.get("192.0.2.1");
  } catch {
    return "is a damaged .mmdb";
  }
  const paths = Object.keys(config.columns).map((path) => path.split("."));
  const remembered = new Map<string, readonly string[] | null>();
  function read(address: string): readonly string[] | null {
    if (isIP(address) === 0) return null;
    try {
      const record: unknown = reader.get(address);
      if (!isObject(record)) return null;
      return paths.map((path) => toByteText(textOf(at(record, path)).slice(0, VALUE_LENGTH_MAX)));
    } catch {
      return null;
    }
  }
  return tableWith(config, (value) => {
    let found = remembered.get(value);
    if (found === undefined) {
      if (remembered.size >= ADDRESSES_REMEMBERED_MAX) remembered.clear();
      remembered.set(value, (found = read(fromByteText(value))));
    }
    return found;
  });
}

function at(record: object, path: readonly string[]): unknown {
  let value: unknown = record;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
