import type { ClickHouse } from "../model/ports.ts";
import type { TimeRange } from "../plan/replay-range.ts";
import { BATCHES, stagingOf } from "./replay-swap.ts";

/** How the rows of a table differ: what is stored beside what replaying makes. */
export interface TableDifference {
  readonly table: "events" | "dead_letters" | "partials";
  before: number;
  after: number;
  added: number;
  removed: number;
  /** Rows that are in both, and not the same. */
  changed: number;
  /** Of those, how many by column. */
  readonly columns: Record<string, number>;
}

export interface Comparison {
  readonly tables: readonly TableDifference[];
  /** Batches that are not the same, as `topic partition start`. */
  readonly changed: ReadonlySet<string>;
}

export function batchKey(topic: string, partition: number, batchStart: string): string {
  return `${topic} ${partition} ${batchStart}`;
}

/** A row is the same row if its identity is; rows of neither table have it twice. */
const IDENTITIES = { events: ["`offset`", "`index`"], dead_letters: ["`offset`", "`index`"] } as const;
const PARTIALS_IDENTITY = ["rule", "window_start", "key"];
/** Windows are compared by their sums, because several batches may have become one. */
const PARTIALS_VALUES: Readonly<Record<string, string>> = {
  rule_version: "max(s.rule_version)",
  events: "sum(s.events)",
  errors: "sum(s.errors)",
  body_size_sum: "sum(s.body_size_sum)",
  duration_count: "sum(s.duration_count)",
  duration_us_sum: "sum(s.duration_us_sum)",
  duration_us_max: "max(s.duration_us_max)",
  value_count: "sum(s.value_count)",
  value_sum: "sum(s.value_sum)",
  distinct_count: "uniqCombined64Merge(s.distinct_state)",
};
/** Say where a row is and when it came, not what it says. */
const NOT_COMPARED = ["topic", "partition", "offset", "index", "batch_start", "stored_at"];
/** More than this is sorted on disk. */
const MEMORY_BYTES = 1_000_000_000;

/** Compares staged batches with what is stored of them; `stored` is the range of event times that those have. */
export async function compareStaged(store: ClickHouse, stored: TimeRange): Promise<Comparison> {
  const changed = new Set<string>();
  const tables: TableDifference[] = [];
  for (const table of ["events", "dead_letters", "partials"] as const) {
    const { sql, columns } = await statementOf(store, table);
    const rows = await store.query<Record<string, string | number>>(sql, { ...stored });
    const told: TableDifference = { table, before: 0, after: 0, added: 0, removed: 0, changed: 0, columns: {} };
    for (const row of rows) {
      for (const count of ["before", "after", "added", "removed", "changed"] as const)
        told[count] += Number(row[count]);
      for (const [i, column] of columns.entries())
        if (Number(row[`c${i}`]) > 0) told.columns[column] = (told.columns[column] ?? 0) + Number(row[`c${i}`]);
      if (Number(row["added"]) + Number(row["removed"]) + Number(row["changed"]) > 0)
        changed.add(batchKey(String(row["topic"]), Number(row["partition"]), String(row["tile"])));
    }
    tables.push(told);
  }
  return { tables, changed };
}

async function statementOf(
  store: ClickHouse,
  table: TableDifference["table"],
): Promise<{ readonly sql: string; readonly columns: readonly string[] }> {
  if (table === "partials") return partialsStatement();
  const rows = await store.query<{ name: string }>(
    "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String} AND default_kind IN ('', 'DEFAULT') ORDER BY position",
    { table },
  );
  const columns = rows.map(({ name }) => name).filter((name) => !NOT_COMPARED.includes(name));
  const hashes = columns.map((name, i) => `cityHash64(s.\`${name}\`) AS h${i}`);
  const select = [...IDENTITIES[table].map((name) => `s.${name} AS ${name}`), ...hashes].join(", ");
  const inTime =
    table === "events"
      ? " WHERE s.timestamp >= fromUnixTimestamp64Micro({fromUs:Int64}) AND s.timestamp < fromUnixTimestamp64Micro({toUs:Int64})"
      : "";
  const before = `SELECT s.topic AS topic, s.partition AS \`partition\`, b.tile_start AS tile, 0 AS side, ${select}
      FROM ${table} AS s INNER JOIN ${BATCHES} AS b ON s.topic = b.topic AND s.partition = b.partition AND s.batch_start = b.batch_start${inTime}`;
  const after = `SELECT s.topic AS topic, s.partition AS \`partition\`, s.batch_start AS tile, 1 AS side, ${select} FROM ${stagingOf(table)} AS s`;
  return { sql: compared(before, after, IDENTITIES[table], columns.length), columns };
}

function partialsStatement(): { readonly sql: string; readonly columns: readonly string[] } {
  const columns = Object.keys(PARTIALS_VALUES);
  const hashes = Object.values(PARTIALS_VALUES).map((value, i) => `cityHash64(${value}) AS h${i}`);
  const select = [...PARTIALS_IDENTITY.map((name) => `s.${name} AS ${name}`), ...hashes].join(", ");
  const group = `GROUP BY topic, \`partition\`, tile, ${PARTIALS_IDENTITY.join(", ")}`;
  const before = `SELECT s.topic AS topic, s.partition AS \`partition\`, b.tile_start AS tile, 0 AS side, ${select}
      FROM partials AS s FINAL INNER JOIN ${BATCHES} AS b
        ON s.topic = b.topic AND s.partition = b.partition AND s.batch_start = b.batch_start AND s.batch_end = b.batch_end AND s.run = b.run
      ${group}`;
  const after = `SELECT s.topic AS topic, s.partition AS \`partition\`, s.batch_start AS tile, 1 AS side, ${select} FROM ${stagingOf("partials")} AS s ${group}`;
  return { sql: compared(before, after, PARTIALS_IDENTITY, columns.length), columns };
}

/** Counts of differences per batch, out of rows with hashes `h0`, `h1` … of their values. */
function compared(before: string, after: string, identity: readonly string[], values: number): string {
  const hashes = Array.from({ length: values }, (_, i) => i);
  const isBoth = "is_before = 1 AND is_after = 1";
  return `SELECT topic, \`partition\`, tile, sum(is_before) AS before, sum(is_after) AS after,
      countIf(is_before = 0) AS added, countIf(is_after = 0) AS removed,
      countIf(${isBoth} AND (${hashes.map((i) => `d${i}`).join(" OR ")})) AS changed,
      ${hashes.map((i) => `countIf(${isBoth} AND d${i}) AS c${i}`).join(", ")}
    FROM (
      SELECT topic, \`partition\`, tile, max(side = 0) AS is_before, max(side = 1) AS is_after,
        ${hashes.map((i) => `min(h${i}) != max(h${i}) AS d${i}`).join(", ")}
      FROM (${before} UNION ALL ${after})
      GROUP BY topic, \`partition\`, tile, ${identity.join(", ")}
    )
    GROUP BY topic, \`partition\`, tile
    SETTINGS max_bytes_before_external_group_by = ${MEMORY_BYTES}`;
}
