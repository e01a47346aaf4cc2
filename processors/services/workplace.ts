import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { migrate, readMigrations } from "../clickhouse/migrate.ts";
import { isHeld, openStore, type Store, type StoreOptions } from "../clickhouse/store.ts";
import { TEMPLATE_VERSION } from "../enrich/template.ts";
import { createGate, type Gate } from "../journal/gate.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { type Geoip, openGeoip } from "../lookups/geoip.ts";
import { openTableSet, type TableSet } from "../lookups/table-set.ts";
import { WeirError } from "../model/errors.ts";
import type { Versions } from "../model/ledger.ts";
import type { Lookups } from "../model/lookups.ts";
import type { Clock } from "../model/ports.ts";
import type { Format } from "../parse/line-parser.ts";
import { createPipeline, type Pipeline, TRANSFORM_VERSION, withLookups } from "../pipeline.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Config } from "../runtime/config.ts";
import { configVersion } from "../runtime/config-version.ts";
import type { Logger } from "../runtime/logger.ts";
import { loadMaskKey } from "../runtime/secret-key.ts";
import { type AvroSchemas, readAvroSchemas } from "./avro-schemas.ts";
import { createMasks, readErased } from "./masks.ts";
import type { Observer } from "./observer.ts";
import { ownFormatsOf } from "./own-formats.ts";
import type { BatchRules } from "./process.ts";
import { finishSwap } from "./replay-swap.ts";
import { claimStore } from "./store-owner.ts";

/** How the lines of one source are read. */
export interface Reading {
  readonly source: string;
  readonly format: string;
  readonly isDeclared: boolean;
  readonly tenant: string;
  readonly service: string;
  /** Zone of times that are written without one; absent: UTC. */
  readonly timezone?: string;
}

/** What every service that turns records into rows needs, opened once: store, lookups, mask, pipelines. */
export interface Workroom {
  readonly config: Config;
  readonly store: Store;
  readonly versions: Versions;
  /** Versions of everything that makes rows out of bytes now, as one text for plans. */
  readonly version: string;
  /** The user's tables, looked at whether their files changed, and the version of everything with them. */
  refresh(): Promise<BatchRules>;
  /** Told of the work, where somebody asks. */
  readonly observer: Observer | null;
  /** The user's own formats. */
  readonly formats: readonly Format[];
  /**
   * The pipeline for a reading; partitions that are read alike share one. Not for two at the same time. `isNew`: another one
   * in its place, for the one before may be broken.
   */
  pipelineFor(reading: Reading, isNew?: boolean): Pipeline;
  close(): Promise<void>;
}

/** The same with the journal, which keeps commits and what can't be read again. */
export interface Workplace extends Workroom {
  readonly journal: Journal;
  /** Runs work with no other writer of this data directory beside it, in this process or in others. */
  alone<T>(work: (store: Store) => Promise<T>): Promise<T>;
}

const MIGRATIONS_DIR = fileURLToPath(new URL("../../sql/migrations", import.meta.url));

/** Brings the store's tables up to date; returns the names of the migrations that ran. */
export async function migrateStore(store: Store, config: Config): Promise<string[]> {
  const { eventsDays, deadLettersDays, partialsDays, windowsDays } = config.retention;
  const done = await migrate(store, await readMigrations(MIGRATIONS_DIR), {
    placeholders: {
      events_days: eventsDays,
      dead_letters_days: deadLettersDays,
      partials_days: partialsDays,
      windows_days: windowsDays,
    },
  });
  await setRetention(store, {
    events: eventsDays,
    dead_letters: deadLettersDays,
    partials: partialsDays,
    windows: windowsDays,
    too_late: windowsDays,
    anomalies: windowsDays,
    templates: windowsDays,
  });
  return done;
}

/** Brings the tables' retention to what is configured now; a table that has it already is left alone. */
async function setRetention(store: Store, daysOf: Readonly<Record<string, number>>): Promise<void> {
  const tables = await store.query<{ name: string; create_table_query: string }>(
    "SELECT name, create_table_query FROM system.tables WHERE database = 'weir' AND name IN {names:Array(String)}",
    { names: Object.keys(daysOf) },
  );
  for (const { name, create_table_query } of tables) {
    const ttl = `TTL stored_at + toIntervalDay(${daysOf[name]})`;
    if (!create_table_query.includes(ttl)) await store.command(`ALTER TABLE ${name} MODIFY ${ttl}`);
  }
}

/** A query that opened the store for itself is done after so long, or a longer one is not waited for. */
const BUSY_MS_MAX = 3000;
const BUSY_PAUSE_MS = 100;

/**
 * Opens everything; a store that another process holds without offering it is waited for, for three seconds.
 * Throws STORE_BUSY, JOURNAL_FOREIGN and what opening the parts throws.
 */
export async function openWorkplace(
  config: Config,
  clock: Clock = systemClock,
  logger: Logger | null = null,
  observer: Observer | null = null,
): Promise<Workplace> {
  const { directory } = config.data;
  const formats = ownFormatsOf(config);
  const tables = await openTables(config, logger);
  const avro = await readAvroSchemas(config);
  const opened = await openFreeStore({ ...storeOptionsOf(config), endpoint: true }, clock);
  const store = observer?.storeOf(opened) ?? opened;
  let journal: Journal | null = null;
  try {
    await migrateStore(store, config);
    journal = await openJournal(directory);
    await claimStore(store, journal);
    const gate = createGate(journal);
    const alone: Workplace["alone"] = (work) => gate.passAlone(() => work(store));
    await finishSwap({ store, journal, alone });
    const gated = gatedStore(store, gate);
    const close = () => closeAll(gate, journal, store);
    const known = { geoip: await openGeoip(), erased: await readErased(store), tables, avro };
    const room = assemble(config, formats, gated, known, observer, close);
    return withJournal(room, journal, alone);
  } catch (error) {
    await journal?.close();
    await store.close();
    throw error;
  }
}

function openTables({ lookups }: Config, logger: Logger | null): Promise<TableSet> {
  return openTableSet(lookups, ({ code, message }, lookup) =>
    logger?.warn({ lookup, code, reason: message }, "A changed lookup file can't be used; the table stays as it was."),
  );
}

function withJournal(room: Workroom, journal: Journal, alone: Workplace["alone"]): Workplace {
  return {
    ...room,
    // Not copied: both change with the user's tables.
    get versions() {
      return room.versions;
    },
    get version() {
      return room.version;
    },
    journal,
    alone,
  };
}

async function closeAll(gate: Gate, journal: Journal | null, store: Store): Promise<void> {
  await gate.close();
  await journal?.close();
  await store.close();
}

/** A store whose writes wait while somebody exchanges parts of its tables. */
function gatedStore(store: Store, gate: Gate): Store {
  return {
    ...store,
    insert: (block) => gate.pass(() => store.insert(block)),
    command: (sql, parameters) => gate.pass(() => store.command(sql, parameters)),
  };
}

/**
 * The same without a journal of its own: Kafka itself keeps the commits of its topics. The data directory's journal only
 * tells when to wait.
 */
export async function openWorkroom(
  config: Config,
  clock: Clock = systemClock,
  logger: Logger | null = null,
  observer: Observer | null = null,
): Promise<Workroom> {
  const formats = ownFormatsOf(config);
  const tables = await openTables(config, logger);
  const avro = await readAvroSchemas(config);
  const opened = await openFreeStore({ ...storeOptionsOf(config), endpoint: true }, clock);
  const store = observer?.storeOf(opened) ?? opened;
  let journal: Journal | null = null;
  try {
    await migrateStore(store, config);
    journal = await openJournal(config.data.directory);
    const gate = createGate(journal);
    const gated = gatedStore(store, gate);
    const close = () => closeAll(gate, journal, store);
    const known = { geoip: await openGeoip(), erased: await readErased(store), tables, avro };
    return assemble(config, formats, gated, known, observer, close);
  } catch (error) {
    await journal?.close();
    await store.close();
    throw error;
  }
}

/** The store that a configuration means. */
export function storeOptionsOf({ data, clickhouse }: Config): StoreOptions {
  const { url, username, password } = clickhouse;
  return { dataDir: data.directory, ...(url === null ? {} : { url, username, password }) };
}

async function openFreeStore(options: StoreOptions, clock: Clock): Promise<Store> {
  const giveUpAtMs = clock.monotonicMs() + BUSY_MS_MAX;
  for (;;) {
    while (clock.monotonicMs() < giveUpAtMs && (await isHeld(options))) await clock.sleep(BUSY_PAUSE_MS);
    try {
      return await openStore(options);
    } catch (error) {
      const isBusy = error instanceof WeirError && error.code === "STORE_BUSY";
      if (!isBusy || clock.monotonicMs() >= giveUpAtMs) throw error;
      await clock.sleep(BUSY_PAUSE_MS);
    }
  }
}

/** What pipelines know besides the configuration. */
interface Known {
  readonly geoip: Geoip;
  readonly erased: ReadonlyMap<string, ReadonlySet<string>>;
  readonly tables: TableSet;
  readonly avro: AvroSchemas;
}

function assemble(
  config: Config,
  formats: readonly Format[],
  store: Store,
  { geoip, erased, tables, avro }: Known,
  observer: Observer | null,
  close: () => Promise<void>,
): Workroom {
  const key = loadMaskKey(config);
  const maskOf = createMasks(config, key, erased);
  const pipelines = new Map<string, Pipeline>();
  const keyId = createHash("sha256").update("weir mask key id").update(key).digest("hex").slice(0, 8);
  const fixed: Versions = {
    transform: `${TRANSFORM_VERSION}.${TEMPLATE_VERSION}`,
    config: configVersion(config),
    lookup: geoip.version,
  };
  const versionWith = (lookups: Lookups): string => {
    const { transform, config, lookup } = withLookups(fixed, lookups);
    return [transform, config, lookup, keyId, ...erasedVersion(erased), ...avroVersion(avro)].join(" ");
  };
  return {
    config,
    store,
    observer,
    formats,
    get versions() {
      return withLookups(fixed, tables.current);
    },
    get version() {
      return versionWith(tables.current);
    },
    async refresh() {
      const lookups = await tables.refresh();
      return { lookups, version: versionWith(lookups) };
    },
    pipelineFor(reading, isNew = false) {
      const id = JSON.stringify(reading);
      let pipeline = pipelines.get(id);
      if (pipeline === undefined || isNew) {
        pipeline = createPipeline({
          parse: { ...reading, formats },
          rules: config.rules,
          maskOf: config.mask.enabled ? maskOf : null,
          countryOf: geoip.countryOf,
          serviceRules: config.serviceRules,
          lookups: () => tables.current,
          versions: fixed,
          avroSchemas: avro.schemas,
          rowsMax: config.batch.recordsMax,
        });
        pipelines.set(id, pipeline);
      }
      return pipeline;
    },
    close,
  };
}

function avroVersion({ version }: AvroSchemas): string[] {
  return version === "" ? [] : [`avro:${version}`];
}

/** A name for what was erased, as it makes other rows of the same bytes; nothing where nothing was. */
function erasedVersion(erased: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const all = [...erased].map(([tenant, hashes]) => [tenant, ...hashes]);
  return all.length === 0 ? [] : [createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 8)];
}

/** Size of the events on disk, per event; null where there are none or the store does not tell. */
export async function storedBytesPerEvent({ store }: Workplace): Promise<number | null> {
  const [size] = await store.query<{ bytes: string; rows: string }>(
    "SELECT sum(bytes_on_disk) AS bytes, sum(rows) AS rows FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND active",
  );
  return size === undefined || Number(size.rows) === 0 ? null : Number(size.bytes) / Number(size.rows);
}
