import { runWeir } from "./child.ts";
import { COUNTED_COLUMN, type Expected } from "./expected.ts";
import type { ShopKind } from "./input.ts";

/** What a store says about itself; ClickHouse writes 64-bit numbers as text. */
interface Counts {
  readonly events: string;
  readonly values: Readonly<Record<string, string>>;
  readonly path_sum: string;
  readonly offsets?: string;
  readonly window_events?: string;
  readonly ledger_records?: string;
}

/** Everything that Weir promises about a loaded file; empty: all is well. */
export async function checkWeir(data: string, cwd: string, kind: ShopKind, expected: Expected): Promise<string[]> {
  const counts = await ask(
    data,
    cwd,
    `SELECT *, ${PROMISES} FROM (SELECT uniqExact(topic, partition, \`offset\`) AS offsets, ${countsOf(kind)} FROM events)`,
  );
  return [
    ...differencesOfEvents(counts, expected),
    ...difference("distinct offsets", counts.offsets, expected.events),
    ...difference("events in the windows of route_10s", counts.window_events, expected.events),
    ...difference("records in the ledger", counts.ledger_records, expected.lines),
  ];
}

/** The same for a store without Weir's other tables. */
export async function checkEvents(data: string, cwd: string, kind: ShopKind, expected: Expected): Promise<string[]> {
  return differencesOfEvents(await ask(data, cwd, `SELECT ${countsOf(kind)} FROM events`), expected);
}

const PROMISES =
  "(SELECT sum(events) FROM partials_merged WHERE rule = 'route_10s') AS window_events, (SELECT sum(records) FROM ledger FINAL) AS ledger_records";

function countsOf(kind: ShopKind): string {
  return `count() AS events, sumMap(map(${COUNTED_COLUMN[kind]}, toUInt64(1))) AS values, sum(toUInt64(CRC32(toString(url_path)))) AS path_sum`;
}

async function ask(data: string, cwd: string, query: string): Promise<Counts> {
  const { stdout } = await runWeir(["sql", query, "--data", data, "--format", "JSONEachRow"], cwd);
  return JSON.parse(stdout) as Counts;
}

function differencesOfEvents(counts: Counts, expected: Expected): string[] {
  const names = new Set([...Object.keys(counts.values), ...Object.keys(expected.values)]);
  return [
    ...difference("events", counts.events, expected.events),
    ...(expected.pathSum === null ? [] : difference("sum of the paths' CRC-32", counts.path_sum, expected.pathSum)),
    ...[...names].flatMap((name) =>
      difference(
        `events with the value ${JSON.stringify(name)}`,
        counts.values[name] ?? "0",
        expected.values[name] ?? 0,
      ),
    ),
  ];
}

function difference(what: string, found: string | undefined, expected: number): string[] {
  return Number(found) === expected ? [] : [`${what}: ${found} instead of ${expected}`];
}
