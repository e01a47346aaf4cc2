import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { openRemote } from "../../processors/clickhouse/remote.ts";
import type { ClickHouse } from "../../processors/model/ports.ts";
import { table } from "../../processors/runtime/table.ts";
import { type KafkaTopics, openTopics } from "../support/kafka-topics.ts";
import { type BenchCase, progress, report } from "./case.ts";
import { brokerFor } from "./kafka.ts";
import type { Scratch } from "./scratch.ts";
import { rounded } from "./statistics.ts";

const WEIR = fileURLToPath(new URL("../../bin/weir.js", import.meta.url));
const PASSWORD = "bench";
const PARTITIONS = 8;
const RATE = 20_000;
const TICK_MS = 50;
/** A broker takes requests of 1 MB a partition. */
const REQUEST_RECORDS_MAX = 16_000;
const POLL_MS = 25;
const STEADY_MS = 30_000;
const OUTAGE_MS = 60_000;
const WARM_MS = 8000;
/** Records one at a time, so far apart that nothing is under way between them. */
const SPARSE_RECORDS = 8;
const SPARSE_MS = 8000;

/** How long records take from being produced to being found by a query, and what an outage of the store does. */
export const LATENCY: BenchCase = {
  name: "latency",
  about: `produce to queryable at ${RATE} events/s and with few records; the store away for a minute; starts broker and server`,
  async run(options, scratch) {
    const broker = await brokerFor(scratch);
    const topics = await openTopics(broker.address);
    const wants = (part: string) => options.only.length === 0 || options.only.includes(part);
    try {
      const server = await openServer(scratch);
      try {
        let isGood = true;
        if (wants("sparse")) isGood = (await sparse(topics, broker.address, server, scratch)) && isGood;
        if (wants("steady")) isGood = (await steady(topics, broker.address, server, scratch)) && isGood;
        if (wants("outage")) isGood = (await outage(topics, broker.address, server, scratch)) && isGood;
        return isGood;
      } finally {
        await server.stop();
      }
    } finally {
      await topics.close();
      await broker.stop();
    }
  },
};

/** `weir serve`, which can be killed and started again with its data. */
interface Server {
  readonly url: string;
  readonly store: ClickHouse;
  start(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

async function openServer(scratch: Scratch): Promise<Server> {
  const cwd = scratch.makeFolder("server");
  const sha256 = createHash("sha256").update(PASSWORD).digest("hex");
  writeFileSync(`${cwd}/weir.yaml`, `serve: {users: [{name: weir, password_sha256: ${sha256}, role: admin}]}\n`);
  let child: ChildProcess | null = null;
  let address = "127.0.0.1:0";
  const start = async (): Promise<string> => {
    child = spawn(process.execPath, [WEIR, "serve", "--listen", address, "--data", `${cwd}/data`, "--json"], {
      cwd,
      stdio: ["ignore", "pipe", "ignore"],
    });
    for await (const line of createInterface(child.stdout!)) return (JSON.parse(line) as { url: string }).url;
    throw new Error("weir serve did not start");
  };
  const url = await start();
  address = new URL(url).host;
  return {
    url,
    store: await openRemote(url, { username: "weir", password: PASSWORD }),
    async start() {
      await start();
    },
    async stop(signal = "SIGTERM") {
      const ended = new Promise((resolve) => child!.once("exit", resolve));
      child!.kill(signal);
      await ended;
    },
  };
}

/** `weir process` of a group of its own. */
async function processOf(topic: string, brokers: string, server: Server, scratch: Scratch) {
  const cwd = scratch.makeFolder("process");
  const yaml = `kafka: {brokers: "${brokers}", group: ${randomUUID()}}
clickhouse: {url: "${server.url}", username: weir, password: ${PASSWORD}}
sources:
  - {name: bench, topic: ${topic}, format: json}
`;
  writeFileSync(`${cwd}/weir.yaml`, yaml);
  const child = spawn(process.execPath, [WEIR, "process", "--data", `${cwd}/data`, "--json", "--log-level", "debug"], {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const told = { records: 0, epochs: 0, troubles: [] as string[], batches: 0 };
  const assigned = Promise.withResolvers<void>();
  createInterface(child.stderr as Readable).on("line", (line) => {
    if (!line.startsWith("{")) {
      if (line !== "") progress(line);
      return;
    }
    const entry = JSON.parse(line) as {
      msg?: string;
      message?: string;
      level: string;
      code?: string;
      records?: number;
    };
    const said = entry.msg ?? entry.message ?? "";
    if (said === "Batch stored.") {
      told.records += entry.records!;
      told.batches++;
    } else if (said === "Partitions assigned.") {
      told.epochs++;
      assigned.resolve();
    } else if (entry.code !== undefined) told.troubles.push(entry.code);
  });
  child.once("exit", (code) => assigned.reject(new Error(`weir process ended with ${code}`)));
  await assigned.promise;
  return {
    told,
    rssMb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]) / 1000,
    cpuSeconds: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1].split(" ");
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function line(i: number, atMs: number): string {
  return `{"timestamp":"${new Date(atMs).toISOString()}","level":"INFO","service":"svc-${i % 20}","message":"order ${i} placed","http.request.method":"POST","url.path":"/orders/${i % 5000}","http.response.status_code":201,"duration_ms":${i % 400},"trace_id":"${String(i).padStart(32, "0")}","client.ip":"192.0.2.${i % 250}"}`;
}

/** Sends at the rate until it is stopped. */
function produce(topics: KafkaTopics, topic: string) {
  const state = { sent: 0, isOn: true };
  const done = (async () => {
    const startedMs = Date.now();
    while (state.isOn) {
      const atMs = Date.now();
      const due = Math.min(REQUEST_RECORDS_MAX, Math.floor(((atMs - startedMs) * RATE) / 1000) - state.sent);
      const values = Array.from({ length: due }, (_, i) => ({
        value: line(state.sent + i, atMs),
        partition: (state.sent + i) % PARTITIONS,
      }));
      if (due > 0) await topics.producer.send({ topic, messages: values });
      state.sent += due;
      await sleep(Math.max(1, TICK_MS - (Date.now() - atMs)));
    }
  })();
  return {
    state,
    async stop() {
      state.isOn = false;
      await done;
    },
  };
}

/**
 * Asks again and again what has come since the answer before, and takes for each event the time until the answer that had it first.
 * Time that the question takes counts.
 */
function watch(store: ClickHouse, topic: string) {
  const state = { isOn: true, isAway: false };
  const latencies = new Map<number, number>();
  const seen = new Map<number, bigint>();
  const done = (async () => {
    while (state.isOn) {
      if (!state.isAway) {
        const after = Object.fromEntries(seen);
        const rows = await store
          .query<{ p: number; last: string; times: Record<string, string> }>(
            `SELECT p, toString(max(o)) AS last, sumMap(map(toUnixTimestamp64Milli(toDateTime64(t, 3)), toUInt64(1))) AS times FROM (SELECT \`partition\` AS p, \`offset\` AS o, timestamp AS t FROM events WHERE topic = {topic:String} AND timestamp > now64(3) - 20 AND \`offset\` > [${Array.from({ length: PARTITIONS }, (_, p) => after[p] ?? -1n).join(",")}][\`partition\` + 1]) GROUP BY p`,
            { topic },
          )
          .catch(() => []);
        const nowMs = Date.now();
        for (const { p, last, times } of rows) {
          seen.set(p, BigInt(last));
          for (const [ms, count] of Object.entries(times)) {
            const latency = nowMs - Number(ms);
            latencies.set(latency, (latencies.get(latency) ?? 0) + Number(count));
          }
        }
      }
      await sleep(POLL_MS);
    }
  })();
  return {
    state,
    clear: () => latencies.clear(),
    quantile(q: number): number {
      const sorted = [...latencies].sort(([a], [b]) => a - b);
      const total = sorted.reduce((sum, [, count]) => sum + count, 0);
      let reached = 0;
      for (const [latency, count] of sorted) {
        reached += count;
        if (reached >= total * q) return latency;
      }
      return Number.NaN;
    },
    count: () => [...latencies.values()].reduce((sum, count) => sum + count, 0),
    async stop() {
      state.isOn = false;
      await done;
    },
  };
}

async function sparse(topics: KafkaTopics, brokers: string, server: Server, scratch: Scratch): Promise<boolean> {
  const topic = await topics.make(1);
  const running = await processOf(topic, brokers, server, scratch);
  const watching = watch(server.store, topic);
  const startedMs = Date.now();
  for (let i = 0; i < SPARSE_RECORDS; i++) {
    await topics.send(topic, [line(i, Date.now())]);
    await sleep(SPARSE_MS);
  }
  await watching.stop();
  const seconds = (Date.now() - startedMs) / 1000;
  const cpu = running.cpuSeconds();
  const rss = running.rssMb();
  await running.stop();
  return tell("sparse", SPARSE_RECORDS, seconds, cpu, rss, watching.count() === SPARSE_RECORDS, {
    p50_ms: watching.quantile(0.5),
    p99_ms: watching.quantile(0.99),
  });
}

async function steady(topics: KafkaTopics, brokers: string, server: Server, scratch: Scratch): Promise<boolean> {
  const topic = await topics.make(PARTITIONS);
  const running = await processOf(topic, brokers, server, scratch);
  const producing = produce(topics, topic);
  const watching = watch(server.store, topic);
  await sleep(WARM_MS);
  watching.clear();
  const [fromMs, sentBefore, batchesBefore, cpuBefore] = [
    Date.now(),
    producing.state.sent,
    running.told.batches,
    running.cpuSeconds(),
  ];
  await sleep(STEADY_MS);
  const seconds = (Date.now() - fromMs) / 1000;
  const events = producing.state.sent - sentBefore;
  const cpu = running.cpuSeconds() - cpuBefore;
  const figures = {
    p50_ms: watching.quantile(0.5),
    p99_ms: watching.quantile(0.99),
    max_ms: watching.quantile(1),
    batches_per_s: rounded((running.told.batches - batchesBefore) / seconds),
  };
  await producing.stop();
  await sleep(3000);
  await watching.stop();
  const rss = running.rssMb();
  await running.stop();
  const isComplete = running.told.records === producing.state.sent;
  return tell("steady", events, seconds, cpu, rss, isComplete, figures);
}

async function outage(topics: KafkaTopics, brokers: string, server: Server, scratch: Scratch): Promise<boolean> {
  const topic = await topics.make(PARTITIONS);
  const running = await processOf(topic, brokers, server, scratch);
  const producing = produce(topics, topic);
  await sleep(WARM_MS);
  const rssBefore = running.rssMb();
  await server.stop("SIGKILL");
  progress("the server is away");
  let rssAway = 0;
  for (const endMs = Date.now() + OUTAGE_MS; Date.now() < endMs; await sleep(1000))
    rssAway = Math.max(rssAway, running.rssMb());
  const epochs = running.told.epochs;
  await server.start();
  const [backMs, recordsBefore] = [Date.now(), running.told.records];
  const cpuBefore = running.cpuSeconds();
  progress(`the server is back; ${producing.state.sent - recordsBefore} records wait`);
  let firstMs = 0;
  while (producing.state.sent - running.told.records > RATE && Date.now() - backMs < 180_000) {
    if (firstMs === 0 && running.told.records > recordsBefore) firstMs = Date.now();
    await sleep(50);
  }
  const drainedMs = Date.now();
  const events = running.told.records - recordsBefore;
  const cpu = running.cpuSeconds() - cpuBefore;
  await producing.stop();
  await sleep(3000);
  const rss = running.rssMb();
  await running.stop();
  const [{ n }] = await server.store.query<{ n: string }>(
    "SELECT count() AS n FROM events WHERE topic = {topic:String}",
    {
      topic,
    },
  );
  const isComplete = Number(n) === producing.state.sent;
  return tell("outage", events, (drainedMs - backMs) / 1000, cpu, rss, isComplete, {
    first_batch_after_s: rounded((firstMs - backMs) / 1000),
    drain_per_s: Math.round((events * 1000) / (drainedMs - firstMs)),
    times_live: rounded(events / ((drainedMs - firstMs) / 1000) / RATE),
    rss_before_mb: Math.round(rssBefore),
    rss_away_mb: Math.round(rssAway),
    epochs,
    troubles: [...new Set(running.told.troubles)].join(" "),
  });
}

function tell(
  part: string,
  events: number,
  seconds: number,
  cpuSeconds: number,
  rssMb: number,
  ok: boolean,
  figures: Readonly<Record<string, unknown>>,
): boolean {
  const result = {
    case: `latency/${part}`,
    events,
    seconds: rounded(seconds),
    events_per_s: Math.round(events / seconds),
    cpu_s_per_million: rounded((cpuSeconds * 1e6) / events),
    peak_rss_mb: Math.round(rssMb),
    ok,
    runs: 1,
    ...figures,
  };
  report(
    table(Object.entries(result), [
      { title: `latency/${part}`, value: ([name]) => name },
      { title: "", value: ([, value]) => String(value) },
    ]),
    result,
  );
  return ok;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
