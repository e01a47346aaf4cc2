import { createHash, randomUUID } from "node:crypto";
import { openStore, type Store } from "../clickhouse/store.ts";
import { TEMPLATE_VERSION } from "../enrich/template.ts";
import { createGate } from "../journal/gate.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { WeirError } from "../model/errors.ts";
import { STRING_COLUMNS } from "../model/event-batch.ts";
import { toByteText } from "../model/record.ts";
import { TRANSFORM_VERSION } from "../pipeline.ts";
import type { Config } from "../runtime/config.ts";
import { configVersion } from "../runtime/config-version.ts";
import { loadMaskKey } from "../runtime/secret-key.ts";
import { createMasks } from "./masks.ts";
import { whileAlone } from "./replay-lock.ts";
import { dropStaging, resumeSwap } from "./replay-swap.ts";
import { migrateStore, storeOptionsOf } from "./workplace.ts";

export interface EraseOptions {
  readonly config: Config;
  readonly tenant: string;
  /** One of the two: a pseudonym as it is stored, or a value, of which the pseudonyms are made with the key. */
  readonly pseudonym: string | null;
  readonly value: string | null;
  /** Counts, and changes nothing. */
  readonly dryRun: boolean;
}

/** What became of one pseudonym's rows. */
export interface Receipt {
  /** null in a dry run. */
  readonly id: string | null;
  readonly erasedAt: string | null;
  readonly tenant: string;
  /** Of the pseudonym's 16 hexadecimal digits. */
  readonly pseudonymSha256: string;
  readonly events: number;
  readonly deadLetters: number;
  /** Sample lines and dimension values taken out of anomalies, and forms of templates: rows that lost them. */
  readonly cleaned: number;
  /** Windows, and shares of them, whose key names it: they are counts, and stay until their retention. */
  readonly windowsKept: number;
  readonly transformVersion: string;
  readonly configVersion: string;
}

const TRIES_MAX = 3;

const TEXTS = [...STRING_COLUMNS.filter((name) => !["tenant", "source", "format"].includes(name)), "line_kept"];
const CONTAINS: Readonly<Record<"events" | "dead_letters", string>> = {
  events: `tenant = {tenant:String} AND (${TEXTS.map((name) => `position(${name}, {needle:String}) > 0`).join(" OR ")} OR arrayExists(text -> position(text, {needle:String}) > 0, arrayConcat(mapKeys(attributes), mapValues(attributes))))`,
  dead_letters:
    "tenant = {tenant:String} AND (position(reason, {needle:String}) > 0 OR position(payload, {needle:String}) > 0)",
};

/** Rows that stay without what held the subject: which they are, and what they become. A form is read anew from other events. */
const CLEANED: Readonly<Record<"anomalies" | "templates", { readonly holds: string; readonly becomes: string }>> = {
  anomalies: {
    holds:
      "arrayExists(text -> position(text, {needle:String}) > 0, arrayConcat(samples, changes, contributors.value))",
    becomes:
      "samples = arrayFilter(text -> position(text, {needle:String}) = 0, samples), changes = arrayFilter(text -> position(text, {needle:String}) = 0, changes), contributors = arrayFilter(c -> position(c.value, {needle:String}) = 0, contributors)",
  },
  templates: { holds: "tenant = {tenant:String} AND position(form, {needle:String}) > 0", becomes: "form = ''" },
};
const CLEANED_TABLES = ["anomalies", "templates"] as const;

/**
 * Removes the events and dead letters that hold a subject's pseudonym, and what anomalies and templates quote of them,
 * proves that none is left, and appends a receipt.
 * Windows, shares of them and the ledger stay: they are counts. Throws USAGE, STORE_BUSY when rows of the subject keep coming.
 */
export async function erase(options: EraseOptions): Promise<Receipt[]> {
  const { config, tenant } = options;
  const digests = digestsOf(options);
  const store = await openStore(storeOptionsOf(config));
  let journal: Journal | null = null;
  try {
    await migrateStore(store, config);
    const eraseAll = async (): Promise<Receipt[]> => {
      const receipts: Receipt[] = [];
      for (const digits of digests) receipts.push(await eraseOne(store, options, digits));
      return receipts;
    };
    let receipts: Receipt[];
    if (options.dryRun) {
      receipts = await eraseAll();
    } else {
      journal = await openJournal(config.data.directory);
      receipts = await besideNoReplay(store, journal, eraseAll);
    }
    // A value has a pseudonym as it is and one as a rule writes it; those that nothing was stored of tell nothing.
    const told = receipts.filter(({ events, deadLetters, cleaned }) => events + deadLetters + cleaned > 0);
    if (told.length === 0) told.push(receipts.at(-1) as Receipt);
    return told;
  } finally {
    await journal?.close();
    await store.close();
  }

  async function eraseOne(store: Store, { dryRun }: EraseOptions, digits: string): Promise<Receipt> {
    const parameters = { tenant, needle: `:${digits}>` };
    const removed = await countRemoved(store, parameters);
    const cleaned = await countCleaned(store, parameters);
    const sum = (of: (row: Removed) => number) => removed.reduce((total, row) => total + of(row), 0);
    const [{ kept }] = await store.query<{ kept: string }>(
      "SELECT count() AS kept FROM (SELECT key FROM partials UNION ALL SELECT key FROM windows UNION ALL SELECT key FROM anomalies) WHERE arrayExists(text -> position(text, {needle:String}) > 0, key)",
      parameters,
    );
    const receipt = {
      id: dryRun ? null : randomUUID(),
      erasedAt: null,
      tenant,
      pseudonymSha256: createHash("sha256").update(digits).digest("hex"),
      events: sum((row) => row.events),
      deadLetters: sum((row) => row.deadLetters),
      cleaned,
      windowsKept: Number(kept),
      transformVersion: `${TRANSFORM_VERSION}.${TEMPLATE_VERSION}`,
      configVersion: configVersion(config),
    };
    if (dryRun) return receipt;
    if (removed.length > 0) await remove(store, parameters);
    if (cleaned > 0) await clean(store, parameters);
    return { ...receipt, erasedAt: await append(store, receipt, removed) };
  }
}

/** What a replay has staged still holds the subject, and would be exchanged for rows that don't. Throws SOURCE_BUSY. */
function besideNoReplay<T>(store: Store, journal: Journal, work: () => Promise<T>): Promise<T> {
  const gate = createGate(journal);
  return whileAlone({ journal }, async () => {
    await resumeSwap({ store, journal, alone: (swap) => gate.passAlone(() => swap(store)) });
    await dropStaging(store);
    return work();
  });
}

function digestsOf({ config, tenant, pseudonym, value }: EraseOptions): readonly string[] {
  if ((pseudonym === null) === (value === null)) {
    throw new WeirError(
      "USAGE",
      "Name one subject: with --pseudonym, or with --value-from-stdin and the value on standard input.",
    );
  }
  if (pseudonym !== null) {
    const digits = /^<?[a-z][a-z_]{0,31}:([0-9a-f]{16})>?$/.exec(pseudonym)?.[1];
    if (digits !== undefined) return [digits];
    throw new WeirError("USAGE", 'A pseudonym is written as it is stored, in quotes: "<email:0123456789abcdef>".');
  }
  const text = (value as string).replace(/\r?\n$/, "");
  if (text === "")
    throw new WeirError(
      "USAGE",
      "There is no value on standard input; pipe it in, as in: weir erase --value-from-stdin < value.txt",
    );
  return createMasks(config, loadMaskKey(config))(tenant).digestsOf(toByteText(text));
}

interface Removed {
  readonly topic: string;
  readonly partition: number;
  readonly events: number;
  readonly deadLetters: number;
}

/** How many rows there are of which partition. */
async function countRemoved(store: Store, parameters: Readonly<Record<string, string>>): Promise<Removed[]> {
  const rows = await store.query<{ topic: string; partition: number; events: string; dead_letters: string }>(
    `SELECT topic, \`partition\`, sum(e) AS events, sum(d) AS dead_letters FROM (
       SELECT topic, \`partition\`, 1 AS e, 0 AS d FROM events WHERE ${CONTAINS.events}
       UNION ALL SELECT topic, \`partition\`, 0 AS e, 1 AS d FROM dead_letters WHERE ${CONTAINS.dead_letters}
     ) GROUP BY topic, \`partition\` ORDER BY topic, \`partition\``,
    parameters,
  );
  return rows.map((row) => ({
    topic: row.topic,
    partition: Number(row.partition),
    events: Number(row.events),
    deadLetters: Number(row.dead_letters),
  }));
}

/** Removes the rows and looks whether they are gone; rows that came meanwhile are removed as well. */
async function remove(store: Store, parameters: Readonly<Record<string, string>>): Promise<void> {
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    for (const table of ["events", "dead_letters"] as const) {
      await store.command(
        `ALTER TABLE ${table} DELETE WHERE ${CONTAINS[table]} SETTINGS mutations_sync = 2`,
        parameters,
      );
    }
    if ((await countRemoved(store, parameters)).length === 0) return;
  }
  throw stillStored();
}

function stillStored(): WeirError {
  return new WeirError(
    "STORE_BUSY",
    "Rows of the subject are being stored right now; stop what stores them, and erase again.",
  );
}

/** How many anomalies and templates hold the subject. */
async function countCleaned(store: Store, parameters: Readonly<Record<string, string>>): Promise<number> {
  const counts = CLEANED_TABLES.map((table) => `(SELECT count() FROM ${table} WHERE ${CLEANED[table].holds})`);
  const [{ rows }] = await store.query<{ rows: string }>(`SELECT ${counts.join(" + ")} AS rows`, parameters);
  return Number(rows);
}

/** After the events are gone: what describes them is made from what is left. */
async function clean(store: Store, parameters: Readonly<Record<string, string>>): Promise<void> {
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    for (const table of CLEANED_TABLES) {
      const { holds, becomes } = CLEANED[table];
      await store.command(
        `ALTER TABLE ${table} UPDATE ${becomes} WHERE ${holds} SETTINGS mutations_sync = 2`,
        parameters,
      );
    }
    if ((await countCleaned(store, parameters)) === 0) return;
  }
  throw stillStored();
}

/** Appends the receipt; gives the time that it bears. */
async function append(store: Store, receipt: Receipt, removed: readonly Removed[]): Promise<string> {
  await store.command(
    "INSERT INTO erasures (id, tenant, pseudonym_sha256, events, dead_letters, cleaned, removed.topic, removed.`partition`, removed.events, removed.dead_letters, transform_version, config_version) SELECT {id:String}, {tenant:String}, {sha256:String}, {events:UInt64}, {deadLetters:UInt64}, {cleaned:UInt64}, {topics:Array(String)}, {partitions:Array(UInt32)}, {removedEvents:Array(UInt64)}, {removedDeadLetters:Array(UInt64)}, {transform:String}, {config:String}",
    {
      id: receipt.id,
      tenant: receipt.tenant,
      sha256: receipt.pseudonymSha256,
      events: receipt.events,
      deadLetters: receipt.deadLetters,
      cleaned: receipt.cleaned,
      topics: removed.map(({ topic }) => topic),
      partitions: removed.map(({ partition }) => partition),
      removedEvents: removed.map(({ events }) => events),
      removedDeadLetters: removed.map(({ deadLetters }) => deadLetters),
      transform: receipt.transformVersion,
      config: receipt.configVersion,
    },
  );
  const [{ at }] = await store.query<{ at: string }>(
    "SELECT formatDateTime(erased_at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS at FROM erasures WHERE id = {id:String}",
    { id: receipt.id },
  );
  return at;
}

/** A receipt for people. */
export function receiptText(receipt: Receipt): string {
  const { id, events, deadLetters, cleaned, windowsKept, tenant, pseudonymSha256 } = receipt;
  const also = cleaned === 0 ? "" : `, and what ${cleaned} anomalies and templates quoted of them`;
  const rows = `${events} events and ${deadLetters} dead letters${also}`;
  const kept =
    windowsKept === 0
      ? ""
      : ` ${windowsKept} windows or shares of them have it in their key and stay until their retention.`;
  const subject = `SHA-256 of the pseudonym ${pseudonymSha256}, tenant ${tenant}.`;
  if (id === null) return `${rows} would be removed.${kept}\n${subject}`;
  if (events + deadLetters + cleaned === 0)
    return `Nothing is stored of the subject; what is read later is stored without the pseudonym.\n${subject}`;
  return [
    `Removed ${rows}; none is left.${kept}`,
    `Receipt ${id}, ${receipt.erasedAt}, versions ${receipt.transformVersion} and ${receipt.configVersion}.`,
    subject,
  ].join("\n");
}
