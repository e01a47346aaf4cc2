import { expect } from "vitest";
import type { ReadRecord } from "../../processors/model/ports.ts";
import { openReadingCodec } from "../../processors/services/output-topics.ts";

/**
 * What a consumer of finished windows has that keeps the highest revision of each key, against the table that SQL shows, cell
 * by cell; and each emit_id is there once.
 */
export async function expectConsumed(
  records: readonly ReadRecord[],
  query: <Row>(sql: string) => Promise<Row[]>,
): Promise<void> {
  const { decode } = await openReadingCodec("windows");
  expect(new Set(records.map(({ headers }) => headers["emit_id"])).size).toBe(records.length);
  const kept = new Map<string, Record<string, unknown>>();
  for (const { key, value } of records) {
    const window = decode(value) as Record<string, unknown>;
    if (Number(kept.get(key)?.["revision"] ?? 0) < Number(window["revision"])) kept.set(key, window);
  }
  const fields = Object.keys(kept.values().next().value ?? {});
  expect(fields).not.toEqual([]);
  const columns = fields.map((name) => {
    if (name === "window_start") return "toUnixTimestamp(l.window_start) * 1000 AS window_start";
    if (name === "watermark") return "toUnixTimestamp64Micro(l.watermark) AS watermark";
    return `l.${name} AS ${name}`;
  });
  const rows = await query<Record<string, unknown>>(`SELECT ${columns.join(", ")} FROM windows_latest AS l`);
  const text = (row: Record<string, unknown>) =>
    fields.map((name) => (Array.isArray(row[name]) ? JSON.stringify(row[name]) : String(row[name]))).join("|");
  expect([...kept.values()].map(text).sort()).toEqual(rows.map(text).sort());
}
