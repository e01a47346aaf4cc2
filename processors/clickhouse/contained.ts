import { WeirError } from "../model/errors.ts";
import { isAllowedSetting } from "./settings.ts";
import { isKeyword, isSymbol, type Token } from "./tokens.ts";

/*
 * What an account may say that writes, but must stay within the data: a closed list of statements, of table engines and
 * of settings. Functions that reach out are refused before this, by name.
 */

const FIRST = [
  ...["SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN"],
  ...["INSERT", "CREATE", "ALTER", "DROP", "TRUNCATE", "OPTIMIZE", "RENAME", "EXCHANGE", "DELETE", "UPDATE", "CHECK"],
];
const MADE = ["TABLE", "VIEW", "MATERIALIZED", "DATABASE", "INDEX"];
const ENGINE =
  /^(?:(?:replacing|summing|aggregating|collapsing|versionedcollapsing)?mergetree|memory|null|atomic|log|tinylog|stripelog|set|join)$/i;
/** Settings of MergeTree tables; `disk` and `storage_policy` would place a table anywhere. */
const TABLE_SETTING =
  /^(?:index_granularity(?:_bytes)?|non_replicated_deduplication_window|ttl_only_drop_parts|merge_with_ttl_timeout|allow_nullable_key|auto_statistics_types|fsync_\w+|(?:min|max)_(?:bytes|rows|parts)_\w+|merge_selector_\w+|merge_max_\w+|enable_block_(?:number|offset)_column)$/;
/** Settings of statements that Weir itself writes with. */
const WRITING_SETTING = /^(?:mutations_sync|alter_sync|lightweight_deletes_sync)$/;

/** Throws STORE_READONLY for a statement that an account without a view of the machine may not run. */
export function checkContained(list: readonly Token[]): void {
  const first = list.findIndex((token) => !isSymbol(token, "("));
  if (!isKeyword(list[first], ...FIRST)) throw refusal(`begins with ${list[first]?.text ?? ")"}`);
  if (list.some((token) => isKeyword(token, "INFILE"))) throw refusal("reads a file (INFILE)");
  if (isKeyword(list[first], "CREATE")) checkCreate(list, first + 1);
  checkSettings(list);
}

function checkCreate(list: readonly Token[], begin: number): void {
  let at = begin;
  if (isKeyword(list[at], "OR") && isKeyword(list[at + 1], "REPLACE")) at += 2;
  if (!isKeyword(list[at], ...MADE)) throw refusal(`makes a ${list[at]?.text ?? "thing"}`);
  for (let i = at; i < list.length; i++) {
    if (!isKeyword(list[i], "ENGINE")) continue;
    const name = list[isSymbol(list[i + 1], "=") ? i + 2 : i + 1];
    if (name?.kind !== "word" || !ENGINE.test(name.text)) throw refusal(`names the engine ${name?.text ?? ""}`);
  }
}

/** Every `name =` behind a SETTINGS or a MODIFY SETTING, up to the end of the statement: rather too many than too few. */
function checkSettings(list: readonly Token[]): void {
  let isSetting = false;
  for (const [i, token] of list.entries()) {
    if (isKeyword(token, "SELECT")) isSetting = false;
    else if (isKeyword(token, "SETTINGS", "SETTING")) isSetting = true;
    else if (isSetting && token.kind !== "symbol" && isSymbol(list[i + 1], "=")) {
      const name = token.text;
      if (!isAllowedSetting(name) && !TABLE_SETTING.test(name) && !WRITING_SETTING.test(name))
        throw refusal(`has the setting ${name}`);
    }
  }
}

function refusal(what: string): WeirError {
  return new WeirError(
    "STORE_READONLY",
    `The statement ${what}, which the role writer may not; use an account of the role admin if it is meant.`,
  );
}
