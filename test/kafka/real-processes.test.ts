import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { openStore, type Store } from "../../processors/clickhouse/store.ts";
import { migrateStore } from "../../processors/services/workplace.ts";
import { accountIn, configOf as configIn, makeFolder, start, until, wholeAccount } from "../integration/workbench.ts";
import { type KafkaTopics, openTopics } from "../support/kafka-topics.ts";
import { brokers, withKafka } from "./kafka.ts";
import { endpointOf, processing, writeYaml, yamlOf } from "./processing.ts";

withKafka("processes of a group", () => {
  let topics: KafkaTopics;
  beforeAll(async () => {
    topics = await openTopics(brokers);
  });
  afterAll(() => topics.close());

  const PARTITIONS = 4;
  let sent = 0;

  async function send(topic: string, count: number): Promise<void> {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const lines = Array.from({ length: count }, () => JSON.stringify({ message: `order ${sent++} placed` }));
      await topics.send(topic, lines, { partition });
    }
  }

  /** A store that this process holds, and that others reach over HTTP. */
  async function heldStore(data: string): Promise<Store> {
    const store = await openStore({ dataDir: data, endpoint: true });
    onTestFinished(() => store.close());
    await migrateStore(store, configIn(data));
    return store;
  }

  async function rows(store: Store, topic: string): Promise<number> {
    const where = { topic };
    const [{ n }] = await store.query<{ n: string }>(
      "SELECT count() AS n FROM events WHERE topic = {topic:String}",
      where,
    );
    return Number(n);
  }

  it("are killed, frozen and replaced, and store each record once", async () => {
    const topic = await topics.make(PARTITIONS);
    const data = join(makeFolder(), "data");
    const store = await heldStore(data);
    const config = writeYaml(data, yamlOf(randomUUID(), { [topic]: "json" }, { more: "batch: {records: 400}" }));
    const processor = () => start(["process", "--data", data, "--config", config, "--log-level", "debug"]);
    const stored = (count: number) => until(`${count} are stored`, async () => (await rows(store, topic)) >= count);

    await send(topic, 500);
    const [first, second] = [processor(), processor()];
    await stored(400);
    first.kill("SIGKILL");
    await send(topic, 500);
    const third = processor();
    // The group gives the first one's partitions to others when it has been silent for long enough.
    await stored(PARTITIONS * 1000);
    second.kill("SIGSTOP");
    await send(topic, 500);
    await stored(PARTITIONS * 1500);
    second.kill("SIGCONT");
    await send(topic, 500);
    await stored(PARTITIONS * 2000);
    for (const each of [second, third]) each.kill("SIGTERM");
    expect([(await second.ended).code, (await third.ended).code]).toEqual([0, 0]);
    expect(await accountIn(store)).toEqual(wholeAccount(PARTITIONS * 2000));
  });

  /** What stands between a processor and ClickHouse, and what it does to requests that write. */
  async function proxyTo(url: string) {
    const state = { lose: 0, refuse: false, lost: 0 };
    const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => {
      if (state.refuse) {
        incoming.socket.destroy();
        return;
      }
      const { method, url: path } = incoming;
      const headers = { ...incoming.headers, host: new URL(url).host };
      const isInsert = /INSERT/.test(decodeURIComponent(path ?? ""));
      const forward = request(new URL(path!, url), { method, headers }, (answer) => {
        if (isInsert && state.lose > 0) {
          // It was done, and nobody hears of it.
          state.lose--;
          state.lost++;
          answer.resume();
          answer.once("end", () => incoming.socket.destroy());
          return;
        }
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      forward.once("error", () => incoming.socket.destroy());
      incoming.pipe(forward);
    };
    const server = createServer(onRequest);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  it("hear nothing of inserts that were done, or reach no store for a while, and store each record once", async () => {
    const topic = await topics.make(PARTITIONS);
    const data = join(makeFolder(), "data");
    const store = await heldStore(data);
    const { url, password } = endpointOf(data);
    const proxy = await proxyTo(url);
    const own = join(makeFolder(), "data");
    const running = processing(own, yamlOf(randomUUID(), { [topic]: "json" }, { more: "batch: {records: 400}" }), {
      WEIR_CLICKHOUSE_URL: proxy.url,
      WEIR_CLICKHOUSE_USER: "writer",
      WEIR_CLICKHOUSE_PASSWORD: password,
    });
    const stored = (count: number) => until(`${count} are stored`, async () => (await rows(store, topic)) >= count);
    await send(topic, 300);
    await stored(PARTITIONS * 300);

    proxy.state.lose = 6;
    await send(topic, 300);
    await stored(PARTITIONS * 600);
    await until("some answers were lost", async () => proxy.state.lost > 0);
    proxy.state.lose = 0;

    proxy.state.refuse = true;
    await send(topic, 300);
    await until("it says so", async () => running.log().includes("STORE_UNREACHABLE"));
    proxy.state.refuse = false;
    await stored(PARTITIONS * 900);
    await until("the ledger has all", async () => running.log().includes("goes on"));
    await send(topic, 10);
    await stored(PARTITIONS * 910);
    const summary = await running.stop();
    expect(summary.stopped).toEqual([]);
    expect(await accountIn(store)).toEqual(wholeAccount(PARTITIONS * 910));
  });
});
