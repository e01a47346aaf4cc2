import { afterEach, describe, expect, it } from "vitest";
import type { Closer } from "../../processors/services/closer.ts";
import type { Workplace } from "../../processors/services/workplace.ts";
import { readWholeTopic } from "../support/read-whole-topic.ts";
import { type ClosingBench, openClosingBench } from "./closing-bench.ts";
import { expectConsumed as expectConsumedIs } from "./consumer.ts";

/** 2026-03-02T12:00:00Z. */
const NOON = Date.UTC(2026, 2, 2, 12) * 1000;
const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;

const RULES = `
sources:
  - {name: late, format: json, lateness: 1h}
rules:
  - {name: route_10s, window: 10s, group_by: [tenant, service_name, http_route, status_class], distinct: client_address}
  - {name: plan_1m, window: 1m, group_by: [attributes.plan]}
  - {name: paid_1m, window: 1m, group_by: [service_name], filter: [{column: attributes.plan, in: [pro]}],
     errors: [{column: http_response_status_code, in: [404]}], value: attributes.amount, value_decimals: 2}
  - {name: paid_1h, window: 1h, group_by: [], from: paid_1m}
  - {name: service_1h, window: 1h, group_by: [service_name], from: route_10s}
  - {name: all_1d, window: 1d, group_by: [], from: service_1h}
`;
const DISTANT = `${RULES}
`.replace("sources:", "sources:\n  - {name: a, format: json, lateness: 2d}\n  - {name: b, format: json, lateness: 2d}");

let bench: ClosingBench;
afterEach(() => bench.end());

function line(atUs: number, over: Record<string, unknown> = {}): string {
  return JSON.stringify({
    "@timestamp": new Date(atUs / 1000).toISOString(),
    message: "GET",
    "http.request.method": "GET",
    "url.path": "/a",
    "http.response.status_code": 200,
    ...over,
  });
}

/** A repeatable sequence of numbers below n. */
function createRandom(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Events around a time, as they come in: out of order, some twice with another id, some a day late, clocks askew. */
function disorder(random: (n: number) => number, aroundUs: number, count: number): string[] {
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const lateUs = random(20) === 0 ? random(86_000) * SECOND : random(60) * SECOND;
    const skewUs = random(10) === 0 ? (random(1200) - 600) * SECOND : 0;
    const fields = {
      "url.path": `/p${random(3)}`,
      "http.response.status_code": [200, 200, 404, 503][random(4)],
      "http.response.body.size": random(5000),
      "event.duration": random(5) === 0 ? 0 : random(2_000_000) * 1000,
      "client.address": `198.51.100.${random(200)}`,
      plan: ["free", "pro"][random(2)],
      amount: ["none", "0", "-0.125", `${random(90)}.${random(1000)}`][random(4)],
    };
    const at = aroundUs - lateUs + skewUs;
    lines.push(line(at, { ...fields, id: `${aroundUs}-${i}` }));
    if (random(20) === 0) lines.push(line(at, { ...fields, id: `${aroundUs}-${i}-again` }));
  }
  return lines;
}

/** Every closed window that differs from what plain SQL over `events` gives; `upTo`: windows that end by then are closed. */
async function differences(upTo: number): Promise<unknown[]> {
  const oracle = (rule: string, seconds: number, key: string) => `
    SELECT '${rule}' AS rule, toDateTime(intDiv(toUnixTimestamp(timestamp), ${seconds}) * ${seconds}, 'UTC') AS start, ${key} AS k, count() AS events,
      countIf(severity_number >= 17 OR http_response_status_code >= 500) AS errors, sum(http_response_body_size) AS sizes, countIf(duration_us > 0) AS timed,
      sum(duration_us) AS total, minIf(duration_us, duration_us > 0) AS least, max(duration_us) AS greatest,
      ${rule === "plan_1m" ? "0" : "uniqCombined64If(CAST(client_address, 'String'), client_address != '')"} AS clients,
      arrayMap(x -> if(isNaN(x), 0, x), quantilesExactIf(0.5, 0.95, 0.99)(duration_us, duration_us > 0)) AS exact
    FROM events GROUP BY start, k HAVING toUnixTimestamp(start) + ${seconds} <= ${Math.floor(upTo / SECOND)}`;
  return bench.query(`
    WITH e AS (
      ${oracle("route_10s", 10, "[toString(tenant), toString(service_name), toString(http_route), if(http_response_status_code = 0, '', concat(substring(toString(http_response_status_code), 1, 1), 'xx'))]")}
      UNION ALL ${oracle("plan_1m", 60, "[attributes['plan']]")}
      UNION ALL ${oracle("service_1h", 3600, "[toString(service_name)]")}
      UNION ALL ${oracle("all_1d", 86400, "CAST([], 'Array(String)')")}
    ), w AS (
      SELECT toString(rule) AS rule, window_start AS start, CAST(key, 'Array(String)') AS k, events, errors, body_size_sum, duration_count, duration_us_sum,
        duration_us_min, duration_us_max, distinct_count, duration_us_quantiles FROM windows_latest
      WHERE rule NOT LIKE 'paid%' AND toUnixTimestamp(window_start) + window_seconds <= ${Math.floor(upTo / SECOND)}
    )
    SELECT * FROM e FULL JOIN w ON e.rule = w.rule AND e.start = w.start AND e.k = w.k
    WHERE (e.events, e.errors, e.sizes, e.timed, e.total, e.least, e.greatest, e.clients)
        != (w.events, w.errors, w.body_size_sum, w.duration_count, w.duration_us_sum, w.duration_us_min, w.duration_us_max, w.distinct_count)
      OR arrayExists((x, y) -> abs(x - y) > 0.0101 * x, e.exact, w.duration_us_quantiles)
    LIMIT 5`);
}

/** The same of rules with a filter, a condition for errors and a value. */
async function differencesOfValues(upTo: number): Promise<unknown[]> {
  const amount = "attributes['amount']";
  const cents = `toInt64(round(toDecimal64OrZero(${amount}, 6) * 100))`;
  const isAmount = `match(${amount}, '^-?[0-9.]+$')`;
  const oracle = (rule: string, seconds: number, key: string) => `
    SELECT '${rule}' AS rule, toDateTime(intDiv(toUnixTimestamp(timestamp), ${seconds}) * ${seconds}, 'UTC') AS start, ${key} AS k, count() AS events,
      countIf(http_response_status_code = 404) AS errors, countIf(${isAmount}) AS n, sumIf(${cents}, ${isAmount}) AS total,
      minIf(${cents}, ${isAmount}) AS least, maxIf(${cents}, ${isAmount}) AS greatest,
      arrayMap(x -> if(isNaN(x), 0, x), quantilesExactIf(0.5, 0.95, 0.99)(${cents}, ${isAmount})) AS exact
    FROM events WHERE attributes['plan'] = 'pro' GROUP BY start, k HAVING toUnixTimestamp(start) + ${seconds} <= ${Math.floor(upTo / SECOND)}`;
  return bench.query(`
    WITH e AS (${oracle("paid_1m", 60, "[toString(service_name)]")} UNION ALL ${oracle("paid_1h", 3600, "CAST([], 'Array(String)')")}),
    w AS (
      SELECT toString(rule) AS rule, window_start AS start, CAST(key, 'Array(String)') AS k, events, errors, value_count, value_sum, value_min, value_max, value_quantiles
      FROM windows_latest WHERE rule LIKE 'paid%' AND toUnixTimestamp(window_start) + window_seconds <= ${Math.floor(upTo / SECOND)}
    )
    SELECT * FROM e FULL JOIN w ON e.rule = w.rule AND e.start = w.start AND e.k = w.k
    WHERE (e.events, e.errors, e.n, e.total, e.least, e.greatest) != (w.events, w.errors, w.value_count, w.value_sum, w.value_min, w.value_max)
      OR arrayExists((x, y) -> abs(x - y) > 0.0101 * abs(x), e.exact, w.value_quantiles)
    LIMIT 5`);
}

/** Windows as they are stored, to compare two ways to them. */
function stored(): Promise<unknown[]> {
  return bench.query(
    "SELECT rule, window_start, key, revision, cut_id, events, errors, duration_us_sum, duration_histogram, finalizeAggregation(distinct_state) AS clients FROM windows ORDER BY ALL",
  );
}

class Crash extends Error {}

/** What a consumer of weir.windows has, against the table that SQL shows. */
async function expectConsumed(): Promise<void> {
  const records = readWholeTopic(bench.workplace.journal, "weir.windows");
  await expectConsumedIs(records, bench.query);
}

/** The bench's workplace, whose store dies after a number of writes. */
function dying(writes: number): Workplace {
  let left = writes;
  const { store, journal, ...rest } = bench.workplace;
  const dieAfter = async <T>(work: Promise<T>) => {
    const result = await work;
    if (--left <= 0) throw new Crash();
    return result;
  };
  return {
    ...rest,
    journal: { ...journal, transact: (work) => dieAfter(journal.transact(work)) },
    store: {
      ...store,
      insert: (block) => dieAfter(store.insert(block)),
      command: (sql, parameters) => dieAfter(store.command(sql, parameters)),
    },
  };
}

async function closeTimes(closer: Closer, ticks: number, isForced = false): Promise<number> {
  let watermarkUs = 0;
  for (let i = 0; i < ticks; i++) ({ watermarkUs } = await closer.tick(isForced));
  return watermarkUs;
}

/** Four partitions: two in disorder, one of them six hours behind, one that is idle, one that ends early. */
async function storeStep(random: (n: number) => number, step: number): Promise<void> {
  const now = NOON + step * 15 * SECOND;
  await bench.store("a", disorder(random, now, 60));
  await bench.store("b", disorder(random, now - 6 * HOUR, 40));
  if (step === 0) await bench.store("idle", [line(now - 30 * SECOND)]);
  bench.proofs.set("0/idle", { end: 1n, atUs: now, isFinal: false });
}

describe("finished windows", () => {
  it("equal what plain SQL over the events gives, whatever the disorder, cell by cell", async () => {
    bench = await openClosingBench(DISTANT, NOON);
    const random = createRandom(7);
    const closer = await bench.openCloser();
    for (let step = 0; step < 8; step++) {
      await storeStep(random, step);
      await closer.tick(false);
      await bench.clock.advance(step % 3 === 0 ? 12_000 : 1000);
    }
    await closer.tick(true);
    const watermarkUs = await closeTimes(closer, 2, true);
    await closer.close();
    // The partition that lags holds all back.
    expect(watermarkUs).toBeLessThan(NOON - 5 * HOUR);
    expect(watermarkUs).toBeGreaterThan(NOON - 7 * HOUR);
    expect(await differences(watermarkUs)).toEqual([]);
    expect(await differencesOfValues(watermarkUs)).toEqual([]);
    await expectConsumed();
    const [counts] = await bench.query<{ closed: string; revised: string; late: string }>(
      "SELECT countIf(revision = 1) AS closed, countIf(revision > 1) AS revised, (SELECT count() FROM too_late) AS late FROM windows",
    );
    expect(Number(counts.closed)).toBeGreaterThan(100);
    expect(Number(counts.revised)).toBeGreaterThan(10);
    expect(Number(counts.late)).toBe(0);
  }, 120_000);

  it("are the same, each revision once, when the closer is killed after any of its writes", async () => {
    const play = async (kill: (round: number) => number): Promise<unknown[]> => {
      bench = await openClosingBench(DISTANT, NOON);
      const random = createRandom(3);
      for (let step = 0; step < 3; step++) {
        await storeStep(random, step);
        await bench.clock.advance(12_000);
        for (let round = step * 100; ; round++) {
          const closer = await bench.openCloser({ workplace: dying(kill(round)) }).catch((error: unknown) => {
            if (error instanceof Crash) return null;
            throw error;
          });
          if (closer === null) continue;
          const isDone = await closer.tick(false).then(
            () => true,
            (error: unknown) => {
              if (error instanceof Crash) return false;
              throw error;
            },
          );
          await closer.close();
          if (isDone) break;
        }
      }
      const rows = await stored();
      await expectConsumed();
      expect((await bench.query("SELECT count() AS n FROM cuts"))[0]).toEqual({ n: "3" });
      return rows;
    };
    const whole = await play(() => Number.POSITIVE_INFINITY);
    await bench.end();
    expect(whole.length).toBeGreaterThan(100);
    // The n-th life of each step dies after its n-th write.
    expect(await play((round) => (round % 100) + 1)).toEqual(whole);
  }, 120_000);
});

describe("a closer", () => {
  it("names the partition that holds windows back, not one that is proven to have nothing", async () => {
    bench = await openClosingBench(RULES, NOON);
    await bench.store("idle", [line(NOON - 6 * HOUR)]);
    await bench.store("behind", [line(NOON - HOUR)]);
    bench.proofs.set("0/idle", { end: 1n, atUs: NOON, isFinal: false });
    const closer = await bench.openCloser();
    expect((await closer.tick(false)).heldBy).toEqual({ topic: "behind", partition: 0 });
    await closer.close();
  });

  it("is the only one", async () => {
    bench = await openClosingBench(RULES, NOON);
    const closer = await bench.openCloser();
    await expect(bench.openCloser()).rejects.toMatchObject({ code: "SOURCE_BUSY" });
    await closer.close();
    await (await bench.openCloser()).close();
  });

  it("names events beyond the lateness limit, which stay out of windows but not out of events", async () => {
    bench = await openClosingBench(RULES, NOON);
    const closer = await bench.openCloser();
    await bench.store("late", [line(NOON)]);
    await closer.tick(true);
    await bench.store("late", [line(NOON - 2 * HOUR), line(NOON - 1800 * SECOND), line(NOON + SECOND)]);
    await closer.tick(true);
    await closer.close();
    const [row] = await bench.query("SELECT sum(ok) AS ok, sum(too_late) AS too_late FROM completeness");
    expect(row).toEqual({ ok: "4", too_late: "1" });
    const closed = await bench.query(
      "SELECT toString(window_start) AS start, events FROM windows_latest WHERE rule = 'route_10s'",
    );
    expect(closed).toEqual([{ start: "2026-03-02 11:30:00", events: "1" }]);
  });

  it("revises a window at most once in ten seconds", async () => {
    bench = await openClosingBench(RULES, NOON);
    const closer = await bench.openCloser();
    await bench.store("late", [line(NOON - 600 * SECOND), line(NOON)]);
    await closer.tick(false);
    const revisions: number[] = [];
    for (let second = 0; second < 24; second++) {
      await bench.clock.advance(1000);
      await bench.store("late", [line(NOON - 600 * SECOND)]);
      await closer.tick(false);
      const rows = await bench.query<{ n: number }>(
        `SELECT max(revision) AS n FROM windows WHERE rule = 'plan_1m' AND window_start = toDateTime(${NOON / SECOND - 600}, 'UTC')`,
      );
      revisions.push(Number(rows[0].n));
    }
    await closer.close();
    const rises = revisions.flatMap((n, second) => (second > 0 && n > revisions[second - 1] ? [second] : []));
    expect(rises.length).toBeGreaterThan(1);
    for (const [i, second] of rises.entries()) if (i > 0) expect(second - rises[i - 1]).toBeGreaterThanOrEqual(10);
  }, 60_000);

  it("counts a replayed batch in place of the one before, in one revision", async () => {
    bench = await openClosingBench(RULES, NOON);
    await bench.store("late", [line(NOON - 600 * SECOND), line(NOON)]);
    const closer = await bench.openCloser();
    await closer.tick(false);
    await bench.clock.advance(20_000);
    await closer.tick(false);
    // As `weir replay` leaves it: another run with what the rules say now, and the old run gone.
    for (const table of ["partials", "ledger"]) {
      const count = table === "partials" ? ", events * 5 AS events" : "";
      await bench.workplace.store.command(
        `INSERT INTO ${table} SELECT * REPLACE (toUInt32(1) AS run${count}) FROM ${table}`,
      );
      await bench.workplace.store.command(`ALTER TABLE ${table} DELETE WHERE run = 0 SETTINGS mutations_sync = 1`);
    }
    for (let i = 0; i < 3; i++) {
      await bench.clock.advance(12_000);
      await closer.tick(false);
    }
    await closer.close();
    const rows = await bench.query(
      "SELECT toString(rule) AS rule, revision, events FROM windows WHERE toUnixTimestamp(window_start) < " +
        `${NOON / SECOND - 60} ORDER BY rule, revision`,
    );
    expect(rows).toEqual(
      ["plan_1m", "route_10s"].flatMap((rule) => [
        { rule, revision: 1, events: "1" },
        { rule, revision: 2, events: "5" },
      ]),
    );
  });

  it("computes windows anew when batches that counted are gone, also down to nothing", async () => {
    bench = await openClosingBench(RULES, NOON);
    await bench.store("late", [line(NOON - 600 * SECOND), line(NOON)]);
    const closer = await bench.openCloser();
    await closer.tick(true);
    for (const table of ["ledger", "partials", "events"])
      await bench.workplace.store.command(`ALTER TABLE ${table} DELETE WHERE 1 SETTINGS mutations_sync = 1`);
    await closer.tick(true);
    await closer.close();
    const rows = await bench.query("SELECT toString(rule) AS rule, revision, events FROM windows_latest ORDER BY rule");
    expect(rows).toEqual([
      { rule: "plan_1m", revision: 2, events: "0" },
      { rule: "route_10s", revision: 2, events: "0" },
    ]);
  });
});
