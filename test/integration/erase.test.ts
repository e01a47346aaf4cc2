import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../processors/clickhouse/store.ts";
import { erase } from "../../processors/services/erase.ts";
import { accountOf, ask, askValue, configOf, loadInto, makeFolder, weir } from "./workbench.ts";

const ADDRESS = "joe.doe@example.org";

/** A store with 3 events of a subject, one in an attribute only, 2 dead letters of it, and 4 rows of others. */
async function loaded() {
  const folder = makeFolder();
  const data = join(folder, "data");
  const file = join(folder, "app.log");
  const time = "2026-03-02T10:00:00Z";
  writeFileSync(
    file,
    [
      { message: `mail to ${ADDRESS}` },
      { message: "login", contact: ADDRESS },
      { message: `again ${ADDRESS.toUpperCase()} came` },
      { message: "login", contact: "ann@example.org" },
      { message: "nothing" },
    ]
      .map((fields) => JSON.stringify({ time, ...fields }))
      .join("\n"),
  );
  const bad = join(folder, "bad.log");
  writeFileSync(bad, `${ADDRESS}\nno json\nfor ${ADDRESS}\nann@example.org\n`);
  const load = () => loadInto(data, [file], { format: "json" });
  await load();
  await loadInto(data, [bad], { format: "json" });
  const pseudonym = String(
    await askValue(data, "SELECT extract(body, '<email:[0-9a-f]+>') FROM events WHERE startsWith(body, 'mail')"),
  );
  const count = () => askValue(data, "SELECT count() FROM events");
  return { folder, data, file, pseudonym, count };
}

describe("weir erase", { timeout: 240_000 }, () => {
  it("removes every row of a pseudonym, proves it, and leaves a receipt that names nobody", async () => {
    const { data, pseudonym, count } = await loaded();
    const options = { config: configOf(data), tenant: "default", pseudonym, value: null };
    const [would] = await erase({ ...options, dryRun: true });
    expect(would).toMatchObject({ id: null, events: 3, deadLetters: 2 });
    expect(await count()).toBe(5);

    const [receipt] = await erase({ ...options, dryRun: false });
    expect(receipt).toMatchObject({ tenant: "default", events: 3, deadLetters: 2, windowsKept: 0 });
    expect(await count()).toBe(2);
    expect(await askValue(data, "SELECT count() FROM dead_letters")).toBe(2);
    expect(await askValue(data, `SELECT count() FROM events WHERE position(line, '${pseudonym}') > 0`)).toBe(0);
    const [row] = await ask<Record<string, unknown>>(data, "SELECT * FROM erasures");
    expect(row).toMatchObject({
      id: receipt.id,
      pseudonym_sha256: receipt.pseudonymSha256,
      transform_version: receipt.transformVersion,
    });
    expect(JSON.stringify(row)).not.toContain(pseudonym.slice(7, -1));
  });

  it("takes what is quoted of the subject out of anomalies and templates, and leaves the rest of them", async () => {
    const { data, pseudonym } = await loaded();
    const store = await openStore({ dataDir: data });
    await store.command(
      `INSERT INTO anomalies (rule, key, window_start, contributors, samples, changes) VALUES
        ('r', ['a'], 1, [('body', {p:String}, 0.5), ('url_path', '/a', 0.1)], [concat('mail to ', {p:String}), 'other'], ['deploy']),
        ('r', ['b'], 1, [], ['other'], [])`,
      { p: pseudonym },
    );
    await store.command(
      `INSERT INTO templates (tenant, service_name, template, first_seen, last_seen, form) VALUES ('default', 's', '01', 1, 2, concat('mail to ', {p:String})), ('default', 's', '02', 1, 2, 'x')`,
      { p: pseudonym },
    );
    await store.close();
    const options = { config: configOf(data), tenant: "default", pseudonym, value: null };
    expect(await erase({ ...options, dryRun: true })).toMatchObject([{ cleaned: 2 }]);
    expect(await erase({ ...options, dryRun: false })).toMatchObject([{ events: 3, cleaned: 2 }]);
    expect(
      await ask(data, "SELECT samples, changes, contributors.value AS of FROM anomalies ORDER BY key"),
    ).toMatchObject([
      { samples: ["other"], changes: ["deploy"], of: ["/a"] },
      { samples: ["other"], changes: [], of: [] },
    ]);
    expect(await ask(data, "SELECT form FROM templates ORDER BY template")).toMatchObject([
      { form: "" },
      { form: "x" },
    ]);
    expect(await askValue(data, "SELECT cleaned FROM erasures")).toBe(2);
  });

  it("leaves a ledger whose difference to the tables the receipts explain", async () => {
    const { data, pseudonym } = await loaded();
    await erase({ config: configOf(data), tenant: "default", pseudonym, value: null, dryRun: false });
    const account = await accountOf(data);
    expect(account).toMatchObject({ events: 2, ledgerEvents: 5, deadLetters: 2, ledgerDeadLetters: 4, unaccounted: 0 });
    const [difference] = await ask<Record<string, string>>(
      data,
      `SELECT countIf(l.events - e.events != x.events) AS unexplained, count() AS topics FROM
         (SELECT topic, sum(events) AS events FROM ledger FINAL GROUP BY topic) AS l
         LEFT JOIN (SELECT topic, count() AS events FROM events GROUP BY topic) AS e USING topic
         LEFT JOIN (SELECT removed.topic AS topic, sum(removed.events) AS events FROM erasures ARRAY JOIN removed GROUP BY topic) AS x USING topic`,
    );
    expect(difference).toMatchObject({ unexplained: "0", topics: "2" });
  });

  it("finds a subject by its value, and does not bring the pseudonym back when the source is read again", async () => {
    const { data, file, pseudonym, count } = await loaded();
    const ended = await weir(["erase", "--value-from-stdin", "--data", data, "--json"], {
      input: "Joe.Doe@example.org\n",
    });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(ended.stdout)).toMatchObject({ events: 3, deadLetters: 2 });
    expect(ended.stdout.toLowerCase()).not.toContain("joe");
    expect(await count()).toBe(2);
    await loadInto(data, [file], { format: "json", again: true });
    expect(await count()).toBe(7);
    expect(await askValue(data, `SELECT count() FROM events WHERE position(line, '${pseudonym}') > 0`)).toBe(0);
    expect(await askValue(data, "SELECT body FROM events WHERE startsWith(body, 'mail')")).toBe(
      "mail to <email:withheld>",
    );
    expect(
      await askValue(
        data,
        "SELECT count() FROM events WHERE attributes['contact'] LIKE '<email:%' AND attributes['contact'] NOT LIKE '%withheld%'",
      ),
    ).toBe(2);
  });

  it("touches no other tenant's rows", async () => {
    const { data, pseudonym, count } = await loaded();
    const [receipt] = await erase({ config: configOf(data), tenant: "other", pseudonym, value: null, dryRun: false });
    expect(receipt).toMatchObject({ events: 0, deadLetters: 0 });
    expect(await count()).toBe(5);
  });

  it.each([
    [["--pseudonym", "joe@example.org"], "", "as it is stored"],
    [[], "", "Name one subject"],
    [["--value-from-stdin"], "\n", "no value on standard input"],
  ])("refuses %j with %j", async (args, input, message) => {
    const ended = await weir(["erase", ...args, "--data", join(makeFolder(), "data")], { input });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
  });
});
