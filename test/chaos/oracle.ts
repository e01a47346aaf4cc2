import type { Ask } from "./ask.ts";
import { type PartitionTruth, type Truth, WINDOW_SECONDS, type WindowSum, windowKey } from "./truth.ts";

/** What a store has otherwise than the generator's truth says. All zero: nothing. */
export interface Differences {
  lost: number;
  duplicated: number;
  /** Rows at another offset than the generator put them. */
  altered: number;
  difference_partials: number;
  difference_ledger: number;
  difference_windows: number;
  /** In words, for people. */
  readonly words: string[];
}

const WORDS_MAX = 10;

/** Compares a store with the truth, by SQL alone: nothing of Weir's own code says what is right. */
export async function compare(ask: Ask, topic: string, truth: Truth): Promise<Differences> {
  const found: Differences = {
    lost: 0,
    duplicated: 0,
    altered: 0,
    difference_partials: 0,
    difference_ledger: 0,
    difference_windows: 0,
    words: [],
  };
  await compareEvents(ask, topic, truth, found);
  await compareDeadLetters(ask, topic, truth, found);
  await compareLedger(ask, topic, truth, found);
  await compareTotals(ask, truth, found);
  await comparePartials(ask, truth, found);
  await compareWindows(ask, truth, found);
  return found;
}

async function compareEvents(ask: Ask, topic: string, truth: Truth, found: Differences): Promise<void> {
  const count = truth.partitions.length;
  const rows = await ask<{ p: number; n: string; u: string; altered: string }>(
    `SELECT \`partition\` AS p, count() AS n, uniqExact(\`offset\`, \`index\`) AS u, countIf(duration_us != \`offset\` * ${count} + \`partition\` + 1) AS altered
    FROM events WHERE topic = '${topic}' GROUP BY p`,
  );
  const byPartition = new Map(rows.map((row) => [row.p, row]));
  const numbers = await ask<{ u: string }>(`SELECT uniqExact(duration_us) AS u FROM events WHERE topic = '${topic}'`);
  let wanted = 0;
  for (const { partition, records, bad, blank } of truth.partitions) {
    const row = byPartition.get(partition);
    const events = records - bad.size - blank.size;
    wanted += events;
    const distinct = Number(row?.u ?? 0);
    const twice = Number(row?.n ?? 0) - distinct;
    found.duplicated += twice;
    found.altered += Number(row?.altered ?? 0);
    if (twice > 0) say(found, `Partition ${partition} has ${twice} events more than it has distinct ones.`);
    if (distinct > events) {
      found.altered += distinct - events;
      say(found, `Partition ${partition} has ${distinct - events} events that were never sent.`);
    }
    if (distinct < events) {
      found.lost += events - distinct;
      const missing = await missingOf(ask, topic, { partition, records, bad, blank });
      say(found, `Partition ${partition} lacks ${events - distinct} events, at ${missing}.`);
    }
  }
  if (Number(numbers[0].u) > wanted) found.altered += Number(numbers[0].u) - wanted;
}

async function missingOf(ask: Ask, topic: string, { partition, records, bad, blank }: PartitionTruth): Promise<string> {
  const rows = await ask<{ o: string }>(
    `SELECT DISTINCT \`offset\` AS o FROM events WHERE topic = '${topic}' AND \`partition\` = ${partition}`,
  );
  const there = new Set(rows.map(({ o }) => Number(o)));
  const missing: number[] = [];
  for (let offset = 0; offset < records; offset++)
    if (!there.has(offset) && !bad.has(offset) && !blank.has(offset)) missing.push(offset);
  return `${missing.slice(0, WORDS_MAX).join(", ")}${missing.length > WORDS_MAX ? ` … ${missing.at(-1)}` : ""}`;
}

async function compareDeadLetters(ask: Ask, topic: string, truth: Truth, found: Differences): Promise<void> {
  const rows = await ask<{ p: number; o: string; n: string }>(
    `SELECT \`partition\` AS p, \`offset\` AS o, count() AS n FROM dead_letters WHERE topic = '${topic}' GROUP BY p, o`,
  );
  const there = new Set(rows.map(({ p, o }) => `${p} ${o}`));
  const wanted = new Set(truth.partitions.flatMap(({ partition, bad }) => [...bad].map((o) => `${partition} ${o}`)));
  for (const { p, o, n } of rows) {
    found.duplicated += Number(n) - 1;
    if (!wanted.has(`${p} ${o}`)) {
      found.altered++;
      say(found, `Partition ${p} has a dead letter at ${o}, which is a good record.`);
    }
  }
  const lost = [...wanted].filter((place) => !there.has(place));
  found.lost += lost.length;
  if (lost.length > 0) say(found, `${lost.length} dead letters are missing, the first at ${lost[0]}.`);
}

/** Rows of one key are one row: that is how the table is read. */
async function compareLedger(ask: Ask, topic: string, truth: Truth, found: Differences): Promise<void> {
  const counts = ["records", "ok", "dropped", "dead_letters", "events"] as const;
  const rows = await ask<Record<(typeof counts)[number] | "p" | "first" | "last", string>>(
    `SELECT \`partition\` AS p, batch_start AS first, batch_end AS last, ${counts.map((name) => `any(l.${name}) AS ${name}`).join(", ")},
      uniqExact(${counts.map((name) => `l.${name}`).join(", ")}) AS versions
    FROM ledger AS l WHERE topic = '${topic}' GROUP BY p, first, last, run ORDER BY p, first, last`,
  );
  for (const { partition, records, bad, blank } of truth.partitions) {
    let next = 0;
    const sums = { records: 0, ok: 0, dropped: 0, dead_letters: 0, events: 0 };
    for (const row of rows.filter(({ p }) => Number(p) === partition)) {
      const [first, last] = [Number(row.first), Number(row.last)];
      if (first !== next) {
        found.difference_ledger += Math.abs(first - next);
        say(found, `The ledger of partition ${partition} goes on at ${first} and not at ${next}.`);
      }
      next = last + 1;
      for (const name of counts) sums[name] += Number(row[name]);
    }
    const good = records - bad.size - blank.size;
    const wanted = { records, ok: good, dropped: blank.size, dead_letters: bad.size, events: good };
    if (next !== records) {
      found.difference_ledger += Math.abs(next - records);
      say(found, `The ledger of partition ${partition} ends at ${next} and not at ${records}.`);
    }
    for (const name of counts)
      if (sums[name] !== wanted[name]) {
        found.difference_ledger += Math.abs(sums[name] - wanted[name]);
        say(found, `The ledger of partition ${partition} has ${sums[name]} ${name} and not ${wanted[name]}.`);
      }
  }
}

const COUNTED = `(topic, \`partition\`, batch_start, batch_end, run) IN (SELECT topic, \`partition\`, batch_start, batch_end, run FROM ledger)`;

/** Of every rule that counts all, shares and finished windows. */
async function compareTotals(ask: Ask, truth: Truth, found: Differences): Promise<void> {
  const rows = await ask<{ rule: string; n: string }>(
    `SELECT rule, sum(p.events) AS n FROM partials AS p FINAL WHERE ${COUNTED} GROUP BY rule`,
  );
  const wanted = truth.partitions.reduce((sum, { records, bad, blank }) => sum + records - bad.size - blank.size, 0);
  if (rows.length === 0) found.difference_partials += wanted;
  for (const { rule, n } of rows) {
    found.difference_partials += Math.abs(Number(n) - wanted);
    if (Number(n) !== wanted) say(found, `The shares of ${rule} count ${n} events and not ${wanted}.`);
  }
}

interface SumRow {
  readonly start: number;
  readonly service: string;
  readonly events: string;
  readonly errors: string;
  readonly numbers: string;
}

async function comparePartials(ask: Ask, truth: Truth, found: Differences): Promise<void> {
  const rows = await ask<SumRow>(
    `SELECT toUnixTimestamp(window_start) AS start, key[2] AS service, sum(p.events) AS events, sum(p.errors) AS errors, sum(p.duration_us_sum) AS numbers
    FROM partials AS p FINAL WHERE rule = 'route_10s' AND ${COUNTED} GROUP BY start, service`,
  );
  found.difference_partials += differing(rows, truth.windows, "shares", found);
}

async function compareWindows(ask: Ask, truth: Truth, found: Differences): Promise<void> {
  const rows = await ask<SumRow>(
    `SELECT toUnixTimestamp(window_start) AS start, key[2] AS service, sum(w.events) AS events, sum(w.errors) AS errors, sum(w.duration_us_sum) AS numbers
    FROM (SELECT * FROM windows WHERE rule = 'route_10s' ORDER BY revision DESC LIMIT 1 BY window_start, key, rule_version) AS w GROUP BY start, service`,
  );
  found.difference_windows += differing(rows, truth.windows, "finished windows", found);
  const end = await ask<{ watermark: number }>(`SELECT toUnixTimestamp(max(watermark)) AS watermark FROM cuts`);
  for (const [rule, { seconds, key }] of Object.entries(RECOMPUTED)) {
    const [{ n, more }] = await ask<{ n: string; more: string }>(recomputation(rule, seconds, key, end[0].watermark));
    if (Number(n) > 0) say(found, `${n} windows of ${rule} are not what its events come to${more}.`);
    found.difference_windows += Number(n);
  }
}

function differing(rows: readonly SumRow[], truth: Truth["windows"], what: string, found: Differences): number {
  let differences = 0;
  const seen = new Set<string>();
  for (const { start, service, events, errors, numbers } of rows) {
    if (service === "end") continue;
    const key = windowKey(start, service);
    seen.add(key);
    const wanted: WindowSum = truth.get(key) ?? { events: 0, errors: 0, numbers: 0 };
    if (Number(events) === wanted.events && Number(errors) === wanted.errors && Number(numbers) === wanted.numbers)
      continue;
    differences++;
    say(found, `The ${what} of ${service} at ${start} count ${events} events and not ${wanted.events}.`);
  }
  for (const key of truth.keys()) if (!seen.has(key)) differences++;
  return differences;
}

/** Rules of the run, each with its key as an expression of an event. */
const RECOMPUTED = {
  route_10s: {
    seconds: WINDOW_SECONDS,
    key: "[toString(tenant), service_name, http_route, concat(toString(intDiv(http_response_status_code, 100)), 'xx')]",
  },
  paths_1m: { seconds: 60, key: "[toString(service_name)]" },
  service_1m: { seconds: 60, key: "[toString(tenant), service_name]" },
} as const;

/** The number of windows, up to the watermark, in which what is stored differs in any cell from what all events come to. */
function recomputation(rule: string, seconds: number, key: string, watermark: number): string {
  const cells = ["events", "errors", "durations", "least", "most", "sum", "distincts"];
  const distinct = rule === "paths_1m" ? "uniqCombined64(url_path)" : "0";
  const stored = rule === "paths_1m" ? "finalizeAggregation(w.distinct_state)" : "0";
  return `SELECT count() AS n, if(n = 0, '', concat(', the first at ', toString(min(start)))) AS more FROM (
    SELECT start, key, count() AS sides,
      uniqExact(${cells.join(", ")}) AS versions
    FROM (
      SELECT toInt64(intDiv(toUnixTimestamp(timestamp), ${seconds}) * ${seconds}) AS start, ${key} AS key, count() AS events,
        countIf(http_response_status_code >= 500) AS errors, countIf(duration_us > 0) AS durations, min(duration_us) AS least, max(duration_us) AS most,
        sum(duration_us) AS sum, ${distinct} AS distincts
      FROM events WHERE service_name != 'end' GROUP BY start, key HAVING start + ${seconds} <= ${watermark}
      UNION ALL
      SELECT toInt64(toUnixTimestamp(window_start)) AS start, arrayMap(x -> toString(x), w.key) AS key, w.events, w.errors, w.duration_count, w.duration_us_min, w.duration_us_max,
        w.duration_us_sum, ${stored}
      FROM (SELECT * FROM windows WHERE rule = '${rule}' ORDER BY revision DESC LIMIT 1 BY window_start, key, rule_version) AS w
      WHERE NOT has(w.key, 'end')
    )
    GROUP BY start, key
  ) WHERE sides != 2 OR versions != 1`;
}

function say(found: Differences, words: string): void {
  if (found.words.length < WORDS_MAX) found.words.push(words);
}
