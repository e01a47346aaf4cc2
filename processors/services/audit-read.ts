import type {
  AuditFacts,
  BatchFacts,
  LedgerFacts,
  RepeatFacts,
  RowFacts,
  RowTable,
  ShareFacts,
  SumsFacts,
  TileFacts,
} from "../audit/facts.ts";
import { keyOf } from "../audit/judge.ts";
import { WeirError } from "../model/errors.ts";
import type { ClickHouse } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import { configVersion } from "../runtime/config-version.ts";
import * as sql from "./audit-statements.ts";

/** What the store says; the commits are another's to tell. */
export type StoreFacts = Omit<AuditFacts, "commitsBefore" | "commitsAfter" | "missing"> & {
  readonly retention: Retention;
};

/** Days that the tables keep rows now; of events, how many are left until the first are deleted. */
export interface Retention {
  readonly eventsDays: number;
  readonly deadLettersDays: number;
  readonly partialsDays: number;
  /** null: there are none. */
  readonly eventsDaysLeft: number | null;
}

/** Findings of one kind that are told. */
const FINDINGS_MAX = 100;
const OFFSETS_MAX = 1000;
/** A stretch is compared at once: the more, the fewer times the tables are gone through, and the more memory. */
const STRETCH_EVENTS = 16_000_000;
const STRETCH_BATCHES = 200_000;
const DAY_SECONDS = 86_400;
/** Rows are stored before their ledger row, and expire before it would. */
const MARGIN_SECONDS = 3600;

interface Row extends Readonly<Record<string, unknown>> {
  readonly topic: string;
  readonly partition: number;
}

const big = (value: unknown): bigint => BigInt(value as string | number);
const placeOf = ({ topic, partition }: Row) => ({ topic, partition: Number(partition) });

/** Reads everything that an audit looks at; the ledger first: a batch that is in it is in the tables. */
export async function readStoreFacts(
  store: ClickHouse,
  config: Config,
  nowUs: number,
  stretchEvents = STRETCH_EVENTS,
): Promise<StoreFacts> {
  const daysOf = new Map(
    (await store.query<{ name: string; days: number }>(sql.RETENTION)).map(({ name, days }) => [name, Number(days)]),
  );
  if (!daysOf.has("ledger"))
    throw new WeirError("STORE_UNREACHABLE", "The store has no tables yet; load a file first, or run weir migrate.");
  const cutoffOf = (table: string): number => {
    const days = daysOf.get(table) ?? 0;
    return days === 0 ? 0 : Math.max(0, Math.floor(nowUs / 1e6) - days * DAY_SECONDS + MARGIN_SECONDS);
  };

  const limit = { limit: FINDINGS_MAX };
  const partitions = (await store.query<Row>(sql.PARTITIONS)).map(toLedger);
  const tiles = (await store.query<Row>(sql.TILES, limit)).map(toTile);
  const sums = (await store.query<Row>(sql.SUMS, limit)).map(toSums);
  const rows: RowFacts[] = [];
  const repeats: RepeatFacts[] = [];
  const shares: ShareFacts[] = [];
  for (const stretch of await readStretches(store, stretchEvents)) {
    for (const table of ["events", "dead_letters"] as const) {
      const parameters = { ...stretch, ...limit, cutoff: cutoffOf(table) };
      rows.push(...(await store.query<Row>(sql.rowsOf(table), parameters)).map((row) => toRows(table, row)));
      for (const row of await store.query<Row>(sql.distinctOf(table), parameters))
        repeats.push(await readRepeats(store, table, row, stretch));
    }
    for (const rule of config.rules) {
      if (rule.where !== "all" || (rule.filter ?? []).length > 0) continue;
      const parameters = { ...stretch, ...limit, cutoff: cutoffOf("partials"), config: configVersion(config) };
      const found = await store.query<Row>(sql.SHARES, { ...parameters, rule: rule.name, version: rule.version });
      shares.push(...found.map((row) => toShare(rule.name, row)));
    }
  }
  const cutoff = Math.max(cutoffOf("events"), cutoffOf("dead_letters"));
  const erased = daysOf.has("erasures") ? await store.query<Row>(sql.ERASED, { cutoff }) : [];
  return {
    ledger: partitions,
    tiles,
    sums,
    rows: joined(rows, joinRows),
    repeats: joined(repeats, joinRepeats),
    shares,
    erased: erased.map((row) => ({
      ...placeOf(row),
      events: Number(row["events"]),
      deadLetters: Number(row["dead_letters"]),
    })),
    retention: {
      eventsDays: daysOf.get("events") ?? 0,
      deadLettersDays: daysOf.get("dead_letters") ?? 0,
      partialsDays: daysOf.get("partials") ?? 0,
      eventsDaysLeft: await daysLeft(store, daysOf.get("events") ?? 0, cutoffOf("events"), nowUs),
    },
  };
}

/** Facts of one partition and table out of several stretches as one. */
function joined<T extends RowFacts | RepeatFacts>(facts: readonly T[], join: (a: T, b: T) => T): T[] {
  const all = new Map<string, T>();
  for (const one of facts) {
    const key = `${one.table} ${keyOf(one)}`;
    const known = all.get(key);
    all.set(key, known === undefined ? one : join(known, one));
  }
  return [...all.values()];
}

function joinRows(a: RowFacts, b: RowFacts): RowFacts {
  return {
    ...a,
    found: a.found + b.found,
    expired: a.expired + b.expired,
    missing: a.missing + b.missing,
    surplus: a.surplus + b.surplus,
    batches: [...a.batches, ...b.batches].slice(0, FINDINGS_MAX),
    uncounted: a.uncounted + b.uncounted,
    uncountedBatches: [...a.uncountedBatches, ...b.uncountedBatches].slice(0, FINDINGS_MAX),
  };
}

function joinRepeats(a: RepeatFacts, b: RepeatFacts): RepeatFacts {
  const offsets = [...a.offsets, ...b.offsets].slice(0, OFFSETS_MAX);
  return { ...a, rows: a.rows + b.rows, distinct: a.distinct + b.distinct, offsets };
}

interface Stretch {
  readonly topic: string;
  readonly partition: number;
  readonly start: string;
  readonly isLast: number;
  readonly topicTo: string;
  readonly partitionTo: number;
  readonly startTo: string;
}

/** The first begins before everything, the last has no end: what the ledger does not know is in one of them. */
async function readStretches(store: ClickHouse, events: number): Promise<Stretch[]> {
  const found = await store.query<Row>(sql.STRETCHES, { events, batches: STRETCH_BATCHES });
  const begins = found.map((row) => ({ ...placeOf(row), start: String(row["start"]) }));
  begins[0] = { topic: "", partition: 0, start: "-9223372036854775808" };
  return begins.map((begin, i) => {
    const end = begins[i + 1];
    return {
      ...begin,
      isLast: end === undefined ? 1 : 0,
      topicTo: end?.topic ?? "",
      partitionTo: end?.partition ?? 0,
      startTo: end?.start ?? "0",
    };
  });
}

async function readRepeats(store: ClickHouse, table: RowTable, row: Row, stretch: Stretch): Promise<RepeatFacts> {
  const of = { of: row.topic, ofPartition: row.partition, limit: OFFSETS_MAX };
  const offsets = await store.query<{ offset: string }>(sql.repeatsOf(table), { ...stretch, ...of });
  return {
    ...placeOf(row),
    table,
    rows: Number(row["n"]),
    distinct: Number(row["distinct_rows"]),
    offsets: offsets.map(({ offset }) => BigInt(offset)),
  };
}

async function daysLeft(store: ClickHouse, days: number, cutoff: number, nowUs: number): Promise<number | null> {
  const [row] = await store.query<{ seconds: number }>(sql.OLDEST, { cutoff });
  const seconds = Number(row?.seconds ?? 0);
  if (seconds === 0 || days === 0) return null;
  return Math.max(0, Math.floor((seconds + days * DAY_SECONDS - nowUs / 1e6) / DAY_SECONDS));
}

function toLedger(row: Row): LedgerFacts {
  return {
    ...placeOf(row),
    source: String(row["source"]),
    batches: Number(row["batches"]),
    start: big(row["start"]),
    next: big(row["next"]),
    records: Number(row["records"]),
    ok: Number(row["ok"]),
    dropped: Number(row["dropped"]),
    deadLetters: Number(row["dead_letters"]),
    events: Number(row["events"]),
  };
}

function rangeOf(row: Row) {
  return { ...placeOf(row), batchStart: big(row["batch_start"]), batchEnd: big(row["batch_end"]) };
}

function toTile(row: Row): TileFacts {
  return { ...rangeOf(row), covered: big(row["covered"]) };
}

function toSums(row: Row): SumsFacts {
  return {
    ...rangeOf(row),
    records: Number(row["records"]),
    ok: Number(row["ok"]),
    dropped: Number(row["dropped"]),
    deadLetters: Number(row["dead_letters"]),
    byMinute: Number(row["by_minute"]),
  };
}

function toShare(rule: string, row: Row): ShareFacts {
  return { ...rangeOf(row), rule, events: Number(row["events"]), found: Number(row["found"]) };
}

function toRows(table: RowTable, row: Row): RowFacts {
  const batches = (row["batches"] as (string | number)[][]).map(
    ([start, end, least, most, found]): BatchFacts => ({
      start: big(start),
      end: big(end),
      least: Number(least),
      most: Number(most),
      found: Number(found),
    }),
  );
  batches.sort((a, b) => (a.start < b.start ? -1 : 1));
  return {
    ...placeOf(row),
    table,
    found: Number(row["found"]),
    expired: Number(row["expired"]),
    missing: Number(row["missing"]),
    surplus: Number(row["surplus"]),
    batches,
    uncounted: Number(row["uncounted"]),
    uncountedBatches: (row["uncounted_batches"] as string[]).map(big),
  };
}
