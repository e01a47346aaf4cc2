import { WeirError } from "../model/errors.ts";
import { checkContained } from "./contained.ts";
import { quoteString } from "./literal.ts";
import { isAllowedSetting } from "./settings.ts";
import { isReachingOut } from "./table-functions.ts";
import { isKeyword, isSymbol, type Token, tokens } from "./tokens.ts";

const READING = ["SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN"];

/** What a statement turned out to be. */
export interface Statement {
  /** Begins like a statement that reads. (`WITH … INSERT` does too; the engine refuses it in its read-only mode.) */
  readonly isReading: boolean;
  /** Output format that the statement asks for itself; null = it leaves that to the caller. */
  readonly format: string | null;
}

/**
 * Reads one statement and refuses what Weir doesn't run:
 *
 * - always: several statements (USAGE), `INTO OUTFILE`, overrides of `readonly` and `allow_ddl`, and SET and USE,
 *   which would change the session for everybody (STORE_READONLY);
 * - read-only: whatever doesn't begin like a query, functions that reach outside of the data, and settings that are
 *   not on the list of `settings.ts` (STORE_READONLY);
 * - contained: what would reach outside of the data, or change who may (see `contained.ts`).
 *
 * The engine's own read-only mode is not enough: with `readonly=2` it still overwrites files and reads any file.
 */
export function checkStatement(
  sql: string,
  options: { readonly readonly: boolean; readonly contained?: boolean },
): Statement {
  const list = [...tokens(sql)];
  while (isSymbol(list.at(-1), ";")) list.pop();
  if (list.length === 0) throw new WeirError("USAGE", "The statement is empty; give one SQL statement.");
  refuseUnclosed(list);
  refuseSeveral(list);
  refuseOutfile(list);
  refuseSettings(list, options.readonly);
  const first = list.find((token) => !isSymbol(token, "("));
  if (isKeyword(first, "SET", "USE")) {
    throw refusal("SET and USE would last longer than the statement; put settings in its SETTINGS clause.");
  }
  const isReading = isKeyword(first, ...READING);
  if (options.readonly) {
    if (!isReading) {
      throw refusal(
        `Read-only statements begin with SELECT, WITH, FROM, SHOW, DESCRIBE, EXISTS or EXPLAIN, not with ${first?.text ?? ")"}; use --write for others.`,
      );
    }
  }
  if (options.readonly || options.contained === true) {
    refuseForeignCharacters(sql, list);
    refuseFunctions(list);
  }
  if (options.contained === true && !options.readonly) checkContained(list);
  const at = formatClause(list);
  return { isReading, format: at < 0 ? null : list[at + 1].text };
}

function refusal(message: string): WeirError {
  return new WeirError("STORE_READONLY", message);
}

function refuseUnclosed(list: readonly Token[]): void {
  const last = list[list.length - 1];
  if (last.kind !== "unclosed") return;
  throw new WeirError(
    "USAGE",
    `The ${last.text} at position ${last.begin + 1} of the statement is never closed; close it.`,
  );
}

function refuseSeveral(list: readonly Token[]): void {
  if (!list.some((token) => isSymbol(token, ";"))) return;
  throw new WeirError("USAGE", "There are several statements; give one at a time.");
}

function refuseOutfile(list: readonly Token[]): void {
  for (let i = 1; i < list.length; i++) {
    if (isKeyword(list[i], "OUTFILE") && isKeyword(list[i - 1], "INTO")) {
      throw refusal("INTO OUTFILE writes files even in read-only mode and is refused; redirect the output instead.");
    }
  }
}

/** Looks at every `name =` from a SETTINGS on to the end of its parenthesis or to the next SELECT. */
function refuseSettings(list: readonly Token[], readonly: boolean): void {
  const depths: boolean[] = [false];
  for (let i = 0; i < list.length; i++) {
    if (isSymbol(list[i], "(")) depths.push(depths[depths.length - 1]);
    else if (isSymbol(list[i], ")") && depths.length > 1) depths.pop();
    else if (isKeyword(list[i], "SETTINGS") && startsSetting(list, i + 1)) depths[depths.length - 1] = true;
    else if (isKeyword(list[i], "SELECT")) depths[depths.length - 1] = false;
    else if (depths[depths.length - 1] && startsSetting(list, i)) refuseSetting(list[i].text, readonly);
  }
}

function startsSetting(list: readonly Token[], at: number): boolean {
  const name = list[at];
  return (name?.kind === "word" || name?.kind === "name") && isSymbol(list[at + 1], "=");
}

function refuseSetting(name: string, readonly: boolean): void {
  if (/^(readonly|allow_ddl)$/i.test(name)) {
    throw refusal(`The setting ${name} can't be changed by a statement; leave it out.`);
  }
  if (readonly && !isAllowedSetting(name)) {
    throw refusal(`The setting ${name} is not among those a read-only statement may use; leave it out.`);
  }
}

/** The engine takes typographic quotes for quotes. Nobody means them, and one reading of a statement must be enough. */
function refuseForeignCharacters(sql: string, list: readonly Token[]): void {
  const strange = list.find((token) => token.kind === "symbol" && (token.text < "!" || token.text > "~"));
  if (strange === undefined) return;
  throw refusal(
    `The character ${JSON.stringify(sql[strange.begin])} at position ${strange.begin + 1} is outside of a string; use plain ASCII there.`,
  );
}

/** A function is called by its name and a parenthesis, or named by `APPLY`. */
function refuseFunctions(list: readonly Token[]): void {
  for (let i = 0; i < list.length; i++) {
    const token = list[i];
    if (token.kind !== "word" && token.kind !== "name") continue;
    const isCalled = isSymbol(list[i + 1], "(");
    const isApplied =
      isKeyword(list[i - 1], "APPLY") || (isSymbol(list[i - 1], "(") && isKeyword(list[i - 2], "APPLY"));
    if ((isCalled || isApplied) && isReachingOut(token.text)) {
      throw refusal(`The function ${token.text} reaches outside of Weir's data and is refused here.`);
    }
  }
}

/**
 * The statement with its result going to a new file, which the engine writes block by block, in any format; null: its
 * result is never large, or it is no query.
 */
export function intoFile(sql: string, path: string): string | null {
  const list = [...tokens(sql)];
  while (isSymbol(list.at(-1), ";")) list.pop();
  const first = list.find((token) => !isSymbol(token, "("));
  if (!isKeyword(first, "SELECT", "WITH", "FROM") || list.some((token) => isKeyword(token, "INSERT"))) return null;
  const end = list[list.length - 1].end;
  const at = formatClause(list);
  const cut = at < 0 ? end : list[at].begin;
  return `${sql.slice(0, cut)} INTO OUTFILE ${quoteString(path)} ${sql.slice(cut, end)}`;
}

/** Where `FORMAT name` stands at the end of a statement, also in front of SETTINGS; not a column called format. -1: nowhere. */
function formatClause(list: readonly Token[]): number {
  for (let i = list.length - 2; i > 0; i--) {
    if (!isKeyword(list[i], "FORMAT") || list[i + 1].kind !== "word") continue;
    if (isKeyword(list[i + 1], "ASC", "DESC", "SETTINGS")) continue;
    if (i + 2 === list.length || isKeyword(list[i + 2], "SETTINGS")) return i;
  }
  return -1;
}
