import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { WeirError } from "../model/errors.ts";
import type { ClickHouse } from "../model/ports.ts";
import { isSymbol, tokens } from "./tokens.ts";

/** A file of sql/migrations: `NNNN_name.sql`, one statement that is safe to run again. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

export interface MigrateOptions {
  /** What stands for `{{name}}` in the statements; whole numbers of 0 or more only. */
  readonly placeholders?: Readonly<Record<string, number>>;
}

/** The migrations of a folder, in order. Throws CONFIG_INVALID for a .sql file that is not named `NNNN_name.sql`. */
export async function readMigrations(dir: string): Promise<Migration[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(join(dir, name), "utf8") })));
}

/**
 * Brings the tables of the database `weir` up to date and returns the names of the migrations it ran. What ran is
 * recorded after it, so a kill in between runs it again.
 *
 * Throws CONFIG_INVALID for files that can't be right, also when an applied one has changed, and STORE_NEWER when the
 * store knows a migration that is not among the files.
 */
export async function migrate(
  store: ClickHouse,
  files: readonly Migration[],
  options: MigrateOptions = {},
): Promise<string[]> {
  const migrations = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  checkNames(migrations);
  const statements = migrations.map((migration) => expand(migration, options.placeholders ?? {}));
  await store.command("CREATE DATABASE IF NOT EXISTS weir");
  await store.command(
    "CREATE TABLE IF NOT EXISTS weir.migrations (name String, applied_at DateTime('UTC'), checksum String) ENGINE = MergeTree ORDER BY name",
  );
  const applied = await readApplied(store);
  checkKnown(migrations, applied);
  const done: string[] = [];
  for (const [i, { name, sql }] of migrations.entries()) {
    const checksum = createHash("sha256").update(sql).digest("hex");
    if (applied.has(name)) {
      checkUnchanged(name, checksum, applied.get(name));
      continue;
    }
    await store.command(statements[i]);
    await store.command("INSERT INTO weir.migrations SELECT {name:String}, now(), {checksum:String}", {
      name,
      checksum,
    });
    done.push(name);
  }
  return done;
}

async function readApplied(store: ClickHouse): Promise<ReadonlyMap<string, string>> {
  const rows = await store.query<{ name: string; checksum: string }>(
    "SELECT name, argMax(checksum, applied_at) AS checksum FROM weir.migrations GROUP BY name",
  );
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

function checkNames(migrations: readonly Migration[]): void {
  const seen = new Set<string>();
  for (const { name } of migrations) {
    const number = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1];
    if (number === undefined) throw invalid(name, "is not named NNNN_name.sql; rename it");
    if (seen.has(number)) throw invalid(name, "has the number of another one; give it the next free number");
    seen.add(number);
  }
}

function checkKnown(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied.keys()].filter((name) => !known.has(name)).sort();
  if (unknown.length === 0) return;
  throw new WeirError(
    "STORE_NEWER",
    `The store has the migration ${unknown[unknown.length - 1]}, which this Weir doesn't know; use the newer Weir that wrote it.`,
  );
}

function checkUnchanged(name: string, checksum: string, applied: string | undefined): void {
  if (checksum !== applied) throw invalid(name, "was changed after it was applied; put it back and add a new one");
}

/** Placeholders stand for numbers, so nothing that is filled in can change what the statement means. */
function expand({ name, sql }: Migration, placeholders: Readonly<Record<string, number>>): string {
  const expanded = sql.replace(/\{\{(.*?)\}\}/g, (_, placeholder: string) => {
    const value = placeholders[placeholder];
    if (value !== undefined && Number.isSafeInteger(value) && value >= 0) return String(value);
    throw invalid(name, `needs a whole number for {{${placeholder}}}; give one`);
  });
  const list = [...tokens(expanded)];
  while (isSymbol(list.at(-1), ";")) list.pop();
  const isOne = list.length > 0 && list.at(-1)?.kind !== "unclosed" && !list.some((token) => isSymbol(token, ";"));
  if (!isOne) throw invalid(name, "doesn't hold exactly one statement; split it");
  return expanded;
}

function invalid(name: string, problem: string): WeirError {
  return new WeirError("CONFIG_INVALID", `The migration ${name} ${problem}.`);
}
