import { WeirError } from "../model/errors.ts";
import type { ClickHouse } from "../model/ports.ts";

/** Settings that every insert of Weir carries: others would change what an insert stores, or how often. */
export const PINNED: Readonly<Record<string, number>> = {
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  async_insert: 0,
  max_threads: 1,
  max_insert_threads: 1,
  min_insert_block_size_rows: 0,
  min_insert_block_size_bytes: 0,
  materialized_views_ignore_errors: 0,
};

/** Tables whose inserts are remembered by token, and what their definitions must say for that. */
const REMEMBERED = ["events", "dead_letters"];
const WINDOW = /non_replicated_deduplication_window = ([0-9]+)/;
const WINDOW_MIN = 100;

/**
 * Asks the server for the values that are in effect when these settings are given, as an insert gives them: a profile may
 * hold them fast. Throws STORE_SETTINGS where one differs, and where a table would forget tokens too soon.
 */
export async function checkPinnedSettings(store: ClickHouse): Promise<void> {
  const names = Object.keys(PINNED);
  const given = names.map((name) => `${name}=${PINNED[name]}`).join(", ");
  const refused = (what: string, cause?: unknown) =>
    new WeirError("STORE_SETTINGS", `The ClickHouse server ${what}.`, { cause });
  let found: { name: string; value: string }[];
  try {
    found = await store.query<{ name: string; value: string }>(
      `SELECT name, value FROM system.settings WHERE name IN ({names:Array(String)}) SETTINGS ${given}`,
      { names },
    );
  } catch (error) {
    const isHeld =
      error instanceof WeirError && /should not be changed|SETTING_CONSTRAINT_VIOLATION|readonly/i.test(error.message);
    if (!isHeld) throw error;
    throw refused("does not let this account give the settings of an insert; allow them in its profile", error);
  }
  for (const { name, value } of found)
    if (value !== String(PINNED[name]))
      throw refused(`holds ${name} at ${value}, where ${PINNED[name]} is needed; allow it`);

  const tables = await store.query<{ name: string; create_table_query: string }>(
    "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() AND name IN ({tables:Array(String)})",
    { tables: REMEMBERED },
  );
  for (const { name, create_table_query } of tables) {
    const window = Number(WINDOW.exec(create_table_query)?.[1] ?? 0);
    const isReplicated = /ENGINE = Replicated/.test(create_table_query);
    if (!isReplicated && window < WINDOW_MIN)
      throw refused(
        `remembers ${window} inserts into ${name}; set non_replicated_deduplication_window to ${WINDOW_MIN} or more`,
      );
  }
}
