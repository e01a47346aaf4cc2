import { encodeLedger } from "../../processors/encode/ledger.ts";
import { encodePartials } from "../../processors/encode/partials.ts";
import { topicRange } from "../../processors/journal/topic.ts";
import type { Partials } from "../../processors/model/partial.ts";
import type { Clock } from "../../processors/model/ports.ts";
import { table } from "../../processors/runtime/table.ts";
import { openCloser } from "../../processors/services/closer.ts";
import { openWorkplace, type Workplace } from "../../processors/services/workplace.ts";
import { configOf } from "../support/config-of.ts";
import { type BenchCase, progress, report } from "./case.ts";
import type { Scratch } from "./scratch.ts";
import { rounded } from "./statistics.ts";

/** 2026-03-02T12:00:00Z. */
const BEGIN_SECONDS = Date.UTC(2026, 2, 2, 12) / 1000;
const WINDOW_SECONDS = 10;
const PARTITIONS = 4;
/** Keys, and how many windows each has. */
const PARTS = [
  { name: "keys-1600", keys: 1600, windows: 30 },
  { name: "keys-40000", keys: 40_000, windows: 6 },
] as const;
const RULES = `
rules:
  - {name: bench_10s, window: 10s, group_by: [service_name, http_route]}
  - {name: bench_1m, window: 1m, group_by: [service_name], from: bench_10s}
`;

/** What closing and publishing windows costs, and how long it takes. */
export const WINDOWS: BenchCase = {
  name: "windows",
  about: "closing windows and publishing them: cost per window and per tick",
  async run(options, scratch) {
    let isGood = true;
    for (const part of PARTS)
      if (options.only.length === 0 || options.only.includes(part.name))
        isGood = (await measureKeys(part, scratch)) && isGood;
    return isGood;
  },
};

interface KeysPart {
  readonly name: string;
  readonly keys: number;
  readonly windows: number;
}

/** Shares of windows as they come in a live system, closed by ticks; only the ticks are measured. */
async function measureKeys({ name, keys, windows }: KeysPart, scratch: Scratch): Promise<boolean> {
  let nowUs = BEGIN_SECONDS * 1_000_000;
  const clock: Clock = { nowUs: () => nowUs, monotonicMs: () => performance.now(), sleep: async () => {} };
  const config = { ...configOf(RULES), data: { directory: scratch.makeFolder(name) } };
  const workplace = await openWorkplace(config, clock);
  try {
    const closer = await openCloser(workplace, { clock });
    const ticks: { readonly ms: number; readonly cpuUs: number }[] = [];
    for (let window = 0; window < windows; window++) {
      for (let partition = 0; partition < PARTITIONS; partition++)
        await storeShares(workplace, keys, window, partition);
      for (let second = 0; second < WINDOW_SECONDS; second++) {
        nowUs += 1_000_000;
        const [startedMs, before] = [performance.now(), process.cpuUsage()];
        await closer.tick(false);
        const { user, system } = process.cpuUsage(before);
        ticks.push({ ms: performance.now() - startedMs, cpuUs: user + system });
      }
      progress(
        `${name}: window ${window + 1}/${windows}, ${Math.max(...ticks.slice(-WINDOW_SECONDS).map(({ ms }) => ms)).toFixed(0)} ms`,
      );
    }
    await closer.close();
    return await tell(name, keys, ticks, workplace);
  } finally {
    await workplace.close();
  }
}

async function tell(
  name: string,
  keys: number,
  ticks: readonly { readonly ms: number; readonly cpuUs: number }[],
  { store, journal }: Workplace,
): Promise<boolean> {
  const [row] = await store.query<{ revisions: string; events: string; watermark: number }>(
    `SELECT toString(count()) AS revisions, toString(sumIf(w.events, w.rule = 'bench_10s')) AS events,
      toUInt32(maxIf(toUnixTimestamp(w.window_start) + ${WINDOW_SECONDS}, w.rule = 'bench_10s')) AS watermark FROM windows AS w`,
  );
  const revisions = Number(row.revisions);
  const closed = (row.watermark - BEGIN_SECONDS) / WINDOW_SECONDS;
  const published = topicRange(journal, "weir.windows").end;
  const ok = revisions > 0 && published === revisions && Number(row.events) === closed * keys * PARTITIONS;
  const cpuUs = ticks.reduce((sum, tick) => sum + tick.cpuUs, 0);
  const seconds = ticks.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const idle = ticks.toSorted((a, b) => a.cpuUs - b.cpuUs)[ticks.length >> 1];
  const result = {
    case: `windows/${name}`,
    events: Number(row.events),
    seconds: rounded(seconds),
    events_per_s: Math.round(Number(row.events) / seconds),
    cpu_s_per_million: rounded(cpuUs / Number(row.events)),
    peak_rss_mb: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
    ok,
    runs: 1,
    keys,
    revisions,
    cpu_us_per_revision: rounded(cpuUs / revisions),
    tick_ms_max: rounded(Math.max(...ticks.map(({ ms }) => ms))),
    tick_ms_idle: rounded(idle.ms),
    tick_cpu_ms_idle: rounded(idle.cpuUs / 1000),
  };
  report(
    table(Object.entries(result), [
      { title: result.case, value: ([key]) => key },
      { title: "", value: ([, value]) => String(value) },
    ]),
    result,
  );
  return ok;
}

/** A batch of one partition, with one event of each key in one window. */
async function storeShares({ store }: Workplace, keys: number, window: number, partition: number): Promise<void> {
  const identity = {
    topic: "bench",
    partition,
    batchStart: BigInt(window * keys),
    batchEnd: BigInt((window + 1) * keys - 1),
    run: 0,
    attempt: 0,
  };
  const shares = sharesOf(keys, window, partition);
  await store.insert(encodePartials(shares, identity));
  const beginUs = (BEGIN_SECONDS + window * WINDOW_SECONDS) * 1_000_000;
  const row = {
    records: keys,
    ok: keys,
    dropped: 0,
    deadLetters: 0,
    events: keys,
    timestampUsMin: beginUs,
    timestampUsMax: beginUs + WINDOW_SECONDS * 1_000_000 - 1,
    minutes: [{ minute: Math.floor(beginUs / 60_000_000) * 60, outcome: "ok", records: keys }],
  };
  await store.insert(encodeLedger(row, "bench", { transform: "1", config: "1", lookup: "1" }, identity));
}

function sharesOf(keys: number, window: number, partition: number): Partials {
  const each = <T>(of: (key: number) => T): T[] => Array.from({ length: keys }, (_, key) => of(key));
  const durationOf = (key: number) => 1000 + ((key * 7919 + window * 104_729 + partition * 31) % 500_000);
  const bucketOf = (us: number) => Math.ceil(Math.log(us) / Math.log(1.01 / 0.99));
  return {
    rules: configOf(RULES).rules.map(({ name, version, windowSeconds }) => ({ name, version, windowSeconds })),
    rule: each(() => 0),
    windowStart: each(() => BEGIN_SECONDS + window * WINDOW_SECONDS),
    key: each((key) => [`service-${key % 40}`, `/route/${Math.floor(key / 40)}/{id}`]),
    events: each(() => 1),
    errors: each((key) => Number(key % 50 === 0)),
    body_size_sum: each((key) => key),
    duration_count: each(() => 1),
    duration_us_sum: each(durationOf),
    duration_us_min: each(durationOf),
    duration_us_max: each(durationOf),
    duration_histogram: each((key) => [[bucketOf(durationOf(key)), 1] as const]),
    distinct_values: each(() => []),
    value_count: each(() => 0),
    value_sum: each(() => 0n),
    value_min: each(() => 0),
    value_max: each(() => 0),
    value_histogram: each(() => []),
  };
}
