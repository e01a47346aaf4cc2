import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { type EmbeddedClickHouse, openEmbedded } from "../../processors/clickhouse/embedded.ts";
import { migrate, readMigrations } from "../../processors/clickhouse/migrate.ts";

const MIGRATIONS = fileURLToPath(new URL("../../sql/migrations", import.meta.url));

/** An embedded store with all tables, for the tests of one file; ask for it inside a test. */
export function useStore(): () => EmbeddedClickHouse {
  let folder = "";
  let store: EmbeddedClickHouse | null = null;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "weir-test-"));
    store = await openEmbedded(folder);
    const placeholders = { events_days: 30, dead_letters_days: 30, partials_days: 7, windows_days: 400 };
    await migrate(store, await readMigrations(MIGRATIONS), { placeholders });
  }, 60_000);
  afterAll(async () => {
    await store?.close();
    await rm(folder, { recursive: true, force: true });
  });
  return () => store!;
}
