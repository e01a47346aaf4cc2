import type { Workplace } from "../../processors/services/workplace.ts";
import type { ClosingBench } from "./closing-bench.ts";

/** 2026-03-02T12:00:00Z. */
export const NOON = Date.UTC(2026, 2, 2, 12) * 1000;
export const SECOND = 1_000_000;
export const HOUR = 3600 * SECOND;

export const RULES = `
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
export const DISTANT = `${RULES}
`.replace("sources:", "sources:\n  - {name: a, format: json, lateness: 2d}\n  - {name: b, format: json, lateness: 2d}");

export function line(atUs: number, over: Record<string, unknown> = {}): string {
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
export function createRandom(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Events around a time, as they come in: out of order, some twice with another id, some a day late, clocks askew. */
export function disorder(random: (n: number) => number, aroundUs: number, count: number): string[] {
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
export async function differences(bench: ClosingBench, upTo: number): Promise<unknown[]> {
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
export async function differencesOfValues(bench: ClosingBench, upTo: number): Promise<unknown[]> {
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
export function stored(bench: ClosingBench): Promise<unknown[]> {
  return bench.query(
    "SELECT rule, window_start, key, revision, cut_id, events, errors, duration_us_sum, duration_histogram, finalizeAggregation(distinct_state) AS clients FROM windows ORDER BY ALL",
  );
}

export class Crash extends Error {}

/** The bench's workplace, whose store dies after a number of writes. */
export function dying(bench: ClosingBench, writes: number): Workplace {
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

/** Four partitions: two in disorder, one of them six hours behind, one that is idle, one that ends early. */
export async function storeStep(bench: ClosingBench, random: (n: number) => number, step: number): Promise<void> {
  const now = NOON + step * 15 * SECOND;
  await bench.store("a", disorder(random, now, 60));
  await bench.store("b", disorder(random, now - 6 * HOUR, 40));
  if (step === 0) await bench.store("idle", [line(now - 30 * SECOND)]);
  bench.proofs.set("0/idle", { end: 1n, atUs: now, isFinal: false });
}
