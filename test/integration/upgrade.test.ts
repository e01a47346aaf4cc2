import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { migrate, readMigrations } from "../../processors/clickhouse/migrate.ts";
import { openStore } from "../../processors/clickhouse/store.ts";
import { accountOf, ask, loadInto, makeFolder, textLines, weir, wholeAccount } from "./workbench.ts";

/** The migrations that the first stores were made by. None is ever edited: a later one changes what it made. */
const FIRST: Readonly<Record<string, string>> = {
  "0001_create_events.sql": "cb17e2125841fbc0",
  "0002_add_events_line.sql": "85f174a456c3a964",
  "0003_create_dead_letters.sql": "58dc6058e1b40353",
  "0004_create_partials.sql": "80559b44082cbf95",
  "0005_create_ledger.sql": "8f1d766a225a3edf",
  "0006_create_partials_merged.sql": "63f99ce0e33f9097",
  "0007_create_service_1m.sql": "40b257e3ad5c71e8",
  "0008_create_completeness.sql": "46c4aa63f6fecf0c",
};
const LATER: Readonly<Record<string, string>> = {
  "0009_create_journals.sql": "fd7def04c6ae2773",
  "0010_extend_events_line.sql": "1118dc3255e50164",
  "0011_add_dead_letters_payload_is_exact.sql": "af280d0cd84b15f8",
  "0012_replace_completeness.sql": "e72114e9e9a7f941",
  "0013_add_partials_value.sql": "8a11e9055032d3c9",
  "0014_create_rules.sql": "662523dc40e6adec",
  "0015_create_cuts.sql": "c3527f59a04a6e9f",
  "0016_create_windows.sql": "8a6746ffff3c2778",
  "0017_create_too_late.sql": "c5332e0e4aef625c",
  "0018_create_windows_history.sql": "714cca2e988c04eb",
  "0019_create_windows_latest.sql": "c6136c1da1ea2f29",
  "0020_create_watermarks.sql": "d091df29f3e69268",
  "0021_create_completeness_with_too_late.sql": "c95c47dd4482814f",
  "0022_create_service_1m_with_finished.sql": "df93e0a7c1849fa6",
  "0023_create_route_1m.sql": "f0d787565d7cfae3",
  "0024_create_tenant_1h.sql": "257d72c042cf3564",
  "0025_create_country_1h.sql": "59a96ee2ee796492",
  "0026_create_template_1h.sql": "7fb293cf1878a4a9",
  "0027_create_erasures.sql": "a730beb80db3a34e",
  "0028_create_baselines.sql": "982204363c65bcdd",
  "0029_create_expectations.sql": "c804abe38e7e898f",
  "0030_create_anomalies.sql": "f6292544d720bf41",
  "0031_create_signals_5m.sql": "2eb2c5c5afc986cc",
  "0032_create_detections.sql": "e5a730f5275b28c2",
  "0033_create_templates.sql": "51cd213cf3606b33",
  "0034_create_incidents.sql": "f69d477194431fa8",
  "0035_create_incidents_latest.sql": "36f4c166f72e87cd",
  "0036_add_erasures_cleaned.sql": "40c1da283da575ff",
  "0037_add_templates_stored_at.sql": "825f1cadbd15eb74",
  "0038_create_topic_ids.sql": "16d3adaa99bb63ec",
  "0039_add_detections_number.sql": "d81b8a4168f7cbb9",
  "0040_add_anomalies_detection.sql": "9610be9931ac1647",
  "0041_create_seasons.sql": "227f41c748b9101e",
  "0042_create_spreads.sql": "4e3aec2d7a0c38a4",
  "0043_create_template_hours.sql": "4bfa018648f63640",
  "0044_create_template_families.sql": "3f02fd291181553a",
};

const DIR = fileURLToPath(new URL("../../sql/migrations", import.meta.url));
const PLACEHOLDERS = { events_days: 30, dead_letters_days: 30, partials_days: 7, windows_days: 400 };

async function readFirst() {
  return (await readMigrations(DIR)).filter(({ name }) => FIRST[name] !== undefined);
}

/** A store as the first Weir made it. */
async function makeFirstStore(data: string): Promise<void> {
  const store = await openStore({ dataDir: data });
  try {
    await migrate(store, await readFirst(), { placeholders: PLACEHOLDERS });
  } finally {
    await store.close();
  }
}

/** Brings a store back to what it was before the migration 0009. */
async function forgetJournals(data: string): Promise<void> {
  const store = await openStore({ dataDir: data });
  try {
    await store.command("DROP TABLE journals");
    await store.command("ALTER TABLE migrations DELETE WHERE name LIKE '0009%' SETTINGS mutations_sync = 1");
  } finally {
    await store.close();
  }
}

const SCHEMA = "SELECT name, create_table_query FROM system.tables WHERE database = 'weir' ORDER BY name";

describe("a store", { timeout: 240_000 }, () => {
  it("was made by migrations that nobody has changed since", async () => {
    const found = (await readMigrations(DIR)).map(({ name, sql }) => [
      name,
      createHash("sha256").update(sql).digest("hex").slice(0, 16),
    ]);
    expect(Object.fromEntries(found)).toEqual({ ...FIRST, ...LATER });
  });

  it("of the first migrations opens, and has the same tables as a new one", async () => {
    const [old, fresh] = [makeFolder(), makeFolder()].map((folder) => join(folder, "data"));
    const file = join(makeFolder(), "app.log");
    writeFileSync(file, textLines(40));
    await makeFirstStore(old);
    await loadInto(old, [file]);
    await loadInto(fresh, [file]);
    expect(await accountOf(old)).toEqual(wholeAccount(40));
    expect(await ask(old, SCHEMA)).toEqual(await ask(fresh, SCHEMA));
    expect(await ask(old, "SELECT name FROM migrations ORDER BY name")).toEqual(
      (await readMigrations(DIR)).map(({ name }) => ({ name })),
    );
  });

  it("from before journals were remembered goes on with the journal that it has, and with no other", async () => {
    const folder = makeFolder();
    const [data, lost] = ["data", "lost"].map((name) => join(folder, name));
    const file = join(folder, "app.log");
    for (const store of [data, lost]) {
      writeFileSync(file, textLines(30));
      await loadInto(store, [file]);
      await forgetJournals(store);
    }
    writeFileSync(file, textLines(45));
    expect((await loadInto(data, [file])).lines).toBe(15);
    expect(await accountOf(data)).toEqual(wholeAccount(45));
    expect(await ask(data, "SELECT count() AS n FROM journals")).toEqual([{ n: "1" }]);
    rmSync(join(lost, "journal"), { recursive: true });
    await expect(loadInto(lost, [file])).rejects.toMatchObject({ code: "JOURNAL_FOREIGN" });
    expect(await accountOf(lost)).toEqual(wholeAccount(30));
  });

  it("is not changed by migrating it once more", async () => {
    const data = join(makeFolder(), "data");
    expect(JSON.parse((await weir(["migrate", "--data", data, "--json"])).stdout).applied).toHaveLength(
      (await readMigrations(DIR)).length,
    );
    const before = await ask(data, SCHEMA);
    const again = await weir(["migrate", "--data", data]);
    expect(again).toMatchObject({ code: 0, stdout: "The tables are up to date.\n", stderr: "" });
    expect(await ask(data, SCHEMA)).toEqual(before);
  });

  it("that a newer Weir has written is refused and left as it is, and can still be queried", async () => {
    const data = join(makeFolder(), "data");
    const file = join(makeFolder(), "app.log");
    writeFileSync(file, textLines(3));
    await loadInto(data, [file]);
    const write = [
      "sql",
      "INSERT INTO migrations SELECT '9999_from_the_future.sql', now(), ''",
      "--write",
      "--data",
      data,
    ];
    expect(await weir(write)).toMatchObject({ code: 0, stderr: "" });
    writeFileSync(file, textLines(9));
    const refused = await weir(["load", file, "--data", data]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^weir: .*9999_from_the_future\.sql.*\[STORE_NEWER\]\n$/);
    expect(await ask(data, "SELECT count() AS n FROM events")).toEqual([{ n: "3" }]);
  });
});
