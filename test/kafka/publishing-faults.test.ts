import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { Publisher } from "../../processors/model/ports.ts";
import type { Closer } from "../../processors/services/closer.ts";
import type { Workplace } from "../../processors/services/workplace.ts";
import { topicRecords } from "../contract/publisher.ts";
import { inMemory } from "../integration/workbench.ts";
import { type ClosingBench, openClosingBench } from "../services/closing-bench.ts";
import { expectConsumed } from "../services/consumer.ts";
import { freePort, type KafkaBroker, startKafkaBroker } from "../support/kafka-broker.ts";
import { type Fate, type KafkaProxy, startKafkaProxy } from "../support/kafka-proxy.ts";
import { newPrefix, publisherAt, readCommitted } from "./publishing.ts";

const jars = inject("kafkaJars");

/** 2026-03-02T12:00:00Z. */
const NOON = Date.UTC(2026, 2, 2, 12) * 1000;
const rulesOf = (prefix: string) => `
topics: {prefix: ${prefix}}
sources: [{name: a, format: json, lateness: 1h}]
rules: [{name: route_10s, window: 10s, group_by: [service_name, http_route]}]
`;

const [PRODUCE, INIT_PRODUCER_ID, ADD_PARTITIONS, END_TXN] = [0, 22, 24, 26];
const STEPS = [INIT_PRODUCER_ID, ADD_PARTITIONS, PRODUCE, END_TXN];

/** A broker that closers reach only through something that loses what they say. */
describe.runIf(jars !== "")("publishing that goes wrong", () => {
  let dir: string;
  let proxy: KafkaProxy;
  let broker: KafkaBroker;
  beforeAll(async () => {
    dir = join(inMemory(), `weir-faults-${process.pid}`);
    proxy = await startKafkaProxy();
    proxy.target = await freePort();
    const security = ({ client, controller }: { client: number; controller: number }) => `
listeners=PLAINTEXT://127.0.0.1:${client},PROXIED://127.0.0.1:${proxy.target},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${client},PROXIED://127.0.0.1:${proxy.port},CONTROLLER://127.0.0.1:${controller}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT`;
    broker = await startKafkaBroker(jars, { dir, security });
  });
  afterAll(async () => {
    proxy.close();
    await broker.stop({ force: true });
    await rm(dir, { recursive: true, force: true });
  });

  let bench: ClosingBench | null = null;
  afterEach(async () => {
    proxy.fateOf = () => "passes";
    await bench?.end();
    bench = null;
  });

  let lives = 0;
  const through = (prefix: string, clientId = `life-${lives++}`): Publisher =>
    publisherAt(`127.0.0.1:${proxy.port}`, prefix, "windows", { output: "windows", clientId });

  /** A closer that neither knows of others nor waits for them, as on another machine. */
  function openCloser(publisher: Publisher): Promise<Closer> {
    const { workplace } = bench!;
    const alone: Workplace = { ...workplace, journal: { ...workplace.journal, lock: async () => async () => {} } };
    return bench!.openCloser({ workplace: alone, publisher: () => publisher });
  }

  function lines(step: number): string[] {
    return Array.from({ length: 40 }, (_, i) =>
      JSON.stringify({
        "@timestamp": new Date(NOON / 1000 + step * 15_000 - (i % 8) * 10_000).toISOString(),
        message: "GET",
        "http.request.method": "GET",
        "url.path": `/p${i % 3}`,
        "http.response.status_code": i % 5 === 0 ? 503 : 200,
        "event.duration": i * 1_000_000,
      }),
    );
  }

  it("kills the closer before or after any request that publishes, and each revision is there once", async () => {
    const prefix = newPrefix();
    bench = await openClosingBench(rulesOf(prefix), NOON);
    let killed = 0;
    for (let step = 0; step < 2; step++) {
      await bench.store("a", lines(step));
      await bench.clock.advance(12_000);
      for (let life = 0; ; life++) {
        const dead = await liveAndDie(prefix, (life >> 1) + 1, life % 2 === 0 ? "request is lost" : "answer is lost");
        if (!dead) break;
        killed++;
      }
    }
    expect(killed).toBeGreaterThanOrEqual(2 * 2 * 6);
    await expectConsumed(await readCommitted(broker.address, `${prefix}windows`), bench.query);
    const [{ revised }] = await bench.query<{ revised: string }>(
      "SELECT countIf(revision > 1) AS revised FROM windows",
    );
    expect(Number(revised)).toBeGreaterThan(0);
  });

  /** A life of a closer that ends with its n-th request; false: it had done all before that. */
  async function liveAndDie(prefix: string, nth: number, fate: "request is lost" | "answer is lost"): Promise<boolean> {
    const clientId = `life-${lives++}`;
    let left = nth;
    let isDead = false;
    const died = new Promise<true>((resolve) => {
      proxy.fateOf = (apiKey, client) => {
        if (!client.startsWith("life-")) return "passes";
        // Those that died before, and this one.
        if (client !== clientId || isDead) return "request is lost";
        if (!STEPS.includes(apiKey) || --left > 0) return "passes";
        isDead = true;
        resolve(true);
        return fate;
      };
    });
    const publisher = through(prefix, clientId);
    const lived = openCloser(publisher).then(async (closer) => {
      await closer.tick(false);
      await closer.close();
      return false;
    });
    lived.catch(() => {});
    return Promise.race([died, lived]);
  }

  it("lets two closers take over from each other, and the one that is behind publishes nothing", async () => {
    const prefix = newPrefix();
    bench = await openClosingBench(rulesOf(prefix), NOON);
    let old = await openCloser(through(prefix));
    let fenced = 0;
    for (let step = 0; step < 3; step++) {
      await bench.store("a", lines(step));
      await bench.clock.advance(12_000);
      const next = await openCloser(through(prefix));
      await next.tick(false);
      await bench.store("a", lines(step));
      await bench.clock.advance(12_000);
      await expect(old.tick(false)).rejects.toMatchObject({ code: "CLOSE_FENCED" });
      fenced++;
      await old.close();
      old = next;
    }
    await old.tick(true);
    await old.close();
    expect(fenced).toBe(3);
    await expectConsumed(await readCommitted(broker.address, `${prefix}windows`), bench.query);
  });

  it("asks how far the one before came only when that one can do no more", async () => {
    const prefix = newPrefix();
    const old = through(prefix);
    await old.begin();
    const next = through(prefix, "next");
    let commits = 0;
    proxy.fateOf = async (apiKey, client): Promise<Fate> => {
      if (client === "next" && apiKey === INIT_PRODUCER_ID && commits++ === 0)
        await old.commit(`${prefix}windows`, topicRecords(1), "late");
      return "passes";
    };
    expect(await next.begin()).toBe("late");
    await expect(old.commit(`${prefix}windows`, topicRecords(1, 1), "later")).rejects.toMatchObject({
      code: "CLOSE_FENCED",
    });
  });

  it.each([
    ["answer is lost", "after", [0, 1, 2]],
    ["request is lost", "before", [0, 2]],
  ] as const)("finds out what became of a commit of which the %s", async (fate, progress, ids) => {
    const prefix = newPrefix();
    const publisher = through(prefix);
    await publisher.begin();
    await publisher.commit(`${prefix}windows`, topicRecords(1), "before");
    proxy.fateOf = (apiKey) => (apiKey === END_TXN ? fate : "passes");
    await expect(publisher.commit(`${prefix}windows`, topicRecords(1, 1), "after")).rejects.toMatchObject({
      code: "KAFKA_COMMIT_UNKNOWN",
    });
    proxy.fateOf = () => "passes";
    const next = through(prefix);
    expect(await next.begin()).toBe(progress);
    await next.commit(`${prefix}windows`, topicRecords(1, 2), "next");
    await next.close();
    const read = await readCommitted(broker.address, `${prefix}windows`);
    expect(read.map(({ headers }) => Number(headers["emit_id"])).sort()).toEqual(ids);
  });
});
