import type { DataInsert } from "./insert-statement.ts";
import { quoteIdentifier, quoteString } from "./literal.ts";
import type { EngineSession } from "./session.ts";

/** Formats that name their columns and types themselves. */
const SELF_DESCRIBING = new Set([
  "Native",
  "RowBinaryWithNamesAndTypes",
  "Parquet",
  "Arrow",
  "ArrowStream",
  "ORC",
  "Avro",
]);

/**
 * Inserts formatted data from a file. The engine never gets data inside of a statement: it would run what follows a
 * blank line in them as SQL, and cut binary formats there.
 *
 * The engine takes names, types and defaults from the table's columns. Where the data name their columns themselves,
 * those are matched by name, whatever their order.
 */
export async function insertData(
  session: EngineSession,
  data: DataInsert,
  sql: string,
  path: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const source = `file(${quoteString(path)}, ${quoteString(data.format)})`;
  if (!SELF_DESCRIBING.has(data.format)) {
    await session.run(`${data.head} SELECT * FROM ${source}`, "Null", {}, settings);
    return;
  }
  const names = data.columns ?? (data.hasColumnList ? null : await columnsOf(session, source));
  const columns = names === null ? "*" : names.map(quoteIdentifier).join(", ");
  const head = data.hasColumnList
    ? data.head
    : `${sql.slice(0, data.tableEnd)} (${columns})${data.head.slice(data.tableEnd)}`;
  await session.run(`${head} SELECT ${columns} FROM ${source}`, "Null", {}, settings);
}

async function columnsOf(session: EngineSession, source: string): Promise<string[]> {
  const rows = await session.run(`DESCRIBE TABLE ${source}`, "JSONEachRow");
  const lines = rows.toString("utf8").trim().split("\n");
  return lines.map((line) => (JSON.parse(line) as { name: string }).name);
}
