import type { InsertBlock } from "../model/ports.ts";
import { quoteIdentifier, quoteString } from "./literal.ts";
import { PINNED } from "./pinned-settings.ts";
import { isKeyword, isSymbol, type Token, tokens } from "./tokens.ts";

const BLOCK_ROWS_MIN = 1 << 20;

/** Inserts a block that stands in a file: one block stays one part, stored at most once per token. */
export function insertFromFile(block: InsertBlock, path: string): string {
  const columns = block.columns.map(quoteIdentifier).join(", ");
  const source = `file(${quoteString(path)}, 'Native', ${quoteString(block.structure)})`;
  return `${insertHead(block)} SELECT ${columns} FROM ${source}`;
}

/** The same for a server, which takes the block as the body of the request. */
export function insertFromBody(block: InsertBlock): string {
  return `${insertHead(block)} FORMAT Native`;
}

function insertHead(block: InsertBlock): string {
  const rows = Math.max(block.rows, BLOCK_ROWS_MIN);
  // Native blocks that follow one another would be a part each, and parts cost more than rows.
  const pinned = { ...PINNED, min_insert_block_size_rows: block.rows };
  const settings = [
    `insert_deduplication_token=${quoteString(block.token)}`,
    ...Object.entries(pinned).map(([name, value]) => `${name}=${value}`),
    `max_insert_block_size=${rows}`,
    `max_block_size=${rows}`,
  ];
  const columns = block.columns.map(quoteIdentifier).join(", ");
  return `INSERT INTO ${quoteIdentifier(block.table)} (${columns}) SETTINGS ${settings.join(", ")}`;
}

/** An `INSERT INTO table (columns) … FORMAT name`, whose data follow or come apart. */
export interface DataInsert {
  /** Everything in front of FORMAT. */
  readonly head: string;
  readonly format: string;
  /** Names of the column list; null = there is none, or one that isn't plain names. */
  readonly columns: readonly string[] | null;
  /** Where a column list could be put. */
  readonly tableEnd: number;
  readonly hasColumnList: boolean;
  /** Where the data begin in the statement; its length when there are none. */
  readonly dataBegin: number;
}

/** null: not an insert of formatted data into a table (`INSERT … SELECT`, `VALUES`, a function, or no insert at all). */
export function parseDataInsert(sql: string): DataInsert | null {
  const stream = tokens(sql);
  const next = () => stream.next().value || undefined;
  let token = next();
  if (!isKeyword(token, "INSERT")) return null;
  token = next();
  if (isKeyword(token, "INTO")) token = next();
  if (isKeyword(token, "TABLE")) token = next();
  if (isKeyword(token, "FUNCTION")) return null;
  let tableEnd = 0;
  for (; isNamePart(token); token = next()) tableEnd = token.end;
  const hasColumnList = isSymbol(token, "(");
  const list: Token[] = [];
  if (hasColumnList) {
    for (token = next(); token !== undefined && !isSymbol(token, ")"); token = next()) list.push(token);
    if (isKeyword(list[0], "SELECT", "WITH", "FROM")) return null;
    token = next();
  }
  while (token !== undefined && !isKeyword(token, "FORMAT")) {
    if (isKeyword(token, "VALUES", "SELECT", "WITH", "FROM", "WATCH") || isSymbol(token, "(")) return null;
    token = next();
  }
  const name = next();
  if (token === undefined || name?.kind !== "word") return null;
  const data = /^[ \t]*(?:\r?\n)?/.exec(sql.slice(name.end, name.end + 1024))?.[0].length ?? 0;
  return {
    head: sql.slice(0, token.begin),
    format: name.text,
    columns: hasColumnList ? plainNames(list) : null,
    tableEnd,
    hasColumnList,
    dataBegin: name.end + data,
  };
}

function isNamePart(token: Token | undefined): token is Token {
  if (token?.kind === "word") return !isKeyword(token, "FORMAT", "SETTINGS", "VALUES", "SELECT", "WITH", "FROM");
  return token?.kind === "name" || isSymbol(token, ".");
}

function plainNames(list: readonly Token[]): string[] | null {
  const names: string[] = [];
  for (const [i, token] of list.entries()) {
    if (i % 2 === 1 ? !isSymbol(token, ",") : token.kind !== "word" && token.kind !== "name") return null;
    if (i % 2 === 0) names.push(token.text);
  }
  return names;
}
