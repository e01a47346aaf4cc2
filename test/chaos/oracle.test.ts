import { expect, it } from "vitest";
import { useStore } from "../support/make-store.ts";
import type { Ask } from "./ask.ts";
import { contentAt } from "./content.ts";
import { compare } from "./oracle.ts";
import { type Truth, WINDOW_SECONDS, type WindowSum, windowKey } from "./truth.ts";

const TOPIC = "planted";
const PARTITIONS = 2;
const RECORDS = 2600;
const OPTIONS = { seed: 5, partitions: PARTITIONS, startUs: 1_770_000_000_000_000, stepUs: 10_000 };
const STATES =
  "count() AS events, countIf(http_response_status_code >= 500) AS errors, count() AS duration_count, sum(duration_us) AS duration_us_sum, min(duration_us) AS duration_us_min, max(duration_us) AS duration_us_max";
const KEY = "[tenant, service_name, http_route, concat(toString(intDiv(http_response_status_code, 100)), 'xx')]";

const store = useStore();
const ask: Ask = (sql) => store().query(sql);
const different = async (): Promise<Record<string, unknown>> => {
  const { words, ...differences } = await compare(ask, TOPIC, TRUTH);
  const found = Object.entries(differences).filter(([, count]) => count !== 0);
  expect(words.length > 0).toBe(found.length > 0);
  return Object.fromEntries(found);
};

const TRUTH = truthOf();

function truthOf(): Truth {
  const windows = new Map<string, WindowSum>();
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => {
    const bad = new Set<number>();
    const blank = new Set<number>();
    for (let offset = 0; offset < RECORDS; offset++) {
      const { outcome, timeUs, service, isError, number } = contentAt(OPTIONS, partition, offset);
      if (outcome === "bad") bad.add(offset);
      if (outcome === "blank") blank.add(offset);
      if (outcome !== "ok") continue;
      const key = windowKey(Math.floor(timeUs / 1e6 / WINDOW_SECONDS) * WINDOW_SECONDS, service);
      const sum = windows.get(key) ?? { events: 0, errors: 0, numbers: 0 };
      windows.set(key, {
        events: sum.events + 1,
        errors: sum.errors + (isError ? 1 : 0),
        numbers: sum.numbers + number,
      });
    }
    return { partition, records: RECORDS, bad, blank };
  });
  return { partitions, windows };
}

/** A store as it should be after two batches a partition, by SQL alone. */
async function plant(): Promise<void> {
  const rows: string[] = [];
  for (const { partition, bad, blank } of TRUTH.partitions) {
    for (let offset = 0; offset < RECORDS; offset++) {
      const { outcome, timeUs, service, number, text } = contentAt(OPTIONS, partition, offset);
      if (outcome !== "ok") continue;
      const { status, path } = JSON.parse(text) as { status: number; path: string };
      rows.push(
        `(fromUnixTimestamp64Micro(${timeUs}, 'UTC'), 'default', '${service}', '/orders/{id}', '${path}', ${status}, ${number}, '${TOPIC}', ${partition}, ${offset}, ${offset < 1000 ? 0 : 1000})`,
      );
    }
    for (const offset of bad)
      await store().command(
        `INSERT INTO dead_letters (topic, \`partition\`, \`offset\`) VALUES ('${TOPIC}', ${partition}, ${offset})`,
      );
    for (const [first, last] of [
      [0, 999],
      [1000, RECORDS - 1],
    ]) {
      const within = (offsets: ReadonlySet<number>) => [...offsets].filter((o) => o >= first && o <= last).length;
      const records = last - first + 1;
      const ok = records - within(bad) - within(blank);
      await store().command(
        `INSERT INTO ledger (topic, \`partition\`, batch_start, batch_end, run, records, ok, dropped, dead_letters, events)
        VALUES ('${TOPIC}', ${partition}, ${first}, ${last}, 0, ${records}, ${ok}, ${within(blank)}, ${within(bad)}, ${ok})`,
      );
    }
  }
  await store().command(
    `INSERT INTO events (timestamp, tenant, service_name, http_route, url_path, http_response_status_code, duration_us, topic, \`partition\`, \`offset\`, batch_start) VALUES ${rows.join(", ")}`,
  );
  const columns = "window_start, window_seconds, key";
  const states = "events, errors, duration_count, duration_us_sum, duration_us_min, duration_us_max";
  const start = (seconds: number) => `toStartOfInterval(timestamp, INTERVAL ${seconds} SECOND) AS window_start`;
  await store().command(
    `INSERT INTO partials (rule, rule_version, ${columns}, topic, \`partition\`, batch_start, batch_end, run, ${states})
    SELECT 'route_10s', 1, ${start(10)}, 10, ${KEY} AS key, topic, \`partition\`, batch_start, if(batch_start = 0, 999, ${RECORDS - 1}), 0, ${STATES}
    FROM events GROUP BY window_start, key, topic, \`partition\`, batch_start`,
  );
  for (const [rule, seconds, key, distinct] of [
    ["route_10s", 10, KEY, "''"],
    ["service_1m", 60, "[tenant, service_name]", "''"],
    ["paths_1m", 60, "[service_name]", "url_path"],
  ] as const)
    await store().command(
      `INSERT INTO windows (rule, rule_version, ${columns}, revision, cut_id, ${states}, distinct_state)
      SELECT '${rule}', 1, ${start(seconds)}, ${seconds}, ${key} AS key, 1, 1, ${STATES},
        ${distinct === "''" ? "arrayReduce('uniqCombined64State', emptyArrayString())" : `uniqCombined64State(${distinct})`}
      FROM events GROUP BY window_start, key`,
    );
  await store().command(
    "INSERT INTO cuts (cut_id, watermark) VALUES (1, toDateTime64('2030-01-01 00:00:00', 6, 'UTC'))",
  );
}

const PLACE = "`partition` = 1 AND `offset` = 1500";

// One store for all, each damage on top of the ones before: a store is what costs.
it("a store as it should be is the same, and each damage shows where it belongs", async () => {
  const damage = (sql: string) => store().command(`${sql} SETTINGS mutations_sync = 1`);
  await plant();
  expect(await different()).toEqual({});

  await store().command(
    `INSERT INTO dead_letters (topic, \`partition\`, \`offset\`) VALUES ('${TOPIC}', 0, ${[...TRUTH.partitions[0].bad][0]}), ('${TOPIC}', 0, 7)`,
  );
  expect(await different()).toEqual({ duplicated: 1, altered: 1 });
  await damage("ALTER TABLE dead_letters DELETE WHERE `partition` = 0");
  const bad = TRUTH.partitions[0].bad.size;
  expect(await different()).toEqual({ lost: bad });

  await damage(`ALTER TABLE events DELETE WHERE ${PLACE}`);
  // Of each rule one window counts an event that is not there.
  expect(await different()).toEqual({ lost: bad + 1, difference_windows: 3 });
  await store().command("INSERT INTO events SELECT * FROM events WHERE `partition` = 0 AND `offset` = 1500");
  expect(await different()).toMatchObject({ lost: bad + 1, duplicated: 1 });
  await damage("ALTER TABLE events UPDATE duration_us = 1 WHERE `partition` = 0 AND `offset` = 1500");
  expect(await different()).toMatchObject({ lost: bad + 1, duplicated: 1, altered: 2 });

  const windows = Number((await different())["difference_windows"]);
  // Another number in a window that was right: by the truth, and by the events.
  await store().command(
    "INSERT INTO windows SELECT * REPLACE (revision + 1 AS revision, events + 1 AS events) FROM windows WHERE rule = 'route_10s' ORDER BY window_start LIMIT 1",
  );
  expect(await different()).toMatchObject({ difference_windows: windows + 2 });
  await damage("ALTER TABLE windows DELETE WHERE rule = 'service_1m' AND key[2] = 'shop-1'");
  expect(Number((await different())["difference_windows"])).toBeGreaterThan(windows + 2);

  await damage("ALTER TABLE ledger DELETE WHERE `partition` = 1 AND batch_start = 0");
  expect(await different()).toMatchObject({
    lost: bad + 1,
    difference_ledger: expect.any(Number),
    difference_partials: expect.any(Number),
  });
});
