import { randomBytes, randomUUID } from "node:crypto";
import { appendFileSync, cpSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../processors/runtime/clock.ts";
import { createLogger } from "../../processors/runtime/logger.ts";
import { collect } from "../../processors/services/collect.ts";
import { accountOf, askValue, configOf, makeFolder, start, until, wholeAccount } from "../integration/workbench.ts";
import { createFakeOutput } from "../support/fake-output.ts";
import { type KafkaTopics, openTopics } from "../support/kafka-topics.ts";
import { brokers, withKafka } from "./kafka.ts";
import { processing, writeYaml, yamlOf } from "./processing.ts";

withKafka("weir collect", () => {
  let topics: KafkaTopics;
  beforeAll(async () => {
    topics = await openTopics(brokers);
  });
  afterAll(() => topics.close());

  const lines = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => `${JSON.stringify({ message: `order ${from + i} placed` })}\n`).join("");

  const yaml = (topic: string, file: string, more = "") =>
    `kafka: {brokers: "${brokers}"}\nsources: [{name: ${topic}, files: ["${file}*"], format: json}]\n${more}`;

  function collecting(data: string, text: string) {
    const controller = new AbortController();
    let sent = 0;
    const ended = collect({
      config: configOf(data, { yaml: text }),
      clock: systemClock,
      signal: controller.signal,
      logger: createLogger({ level: "warn", output: createFakeOutput(), colored: false, json: true }),
      onSent(_, records) {
        sent += records;
      },
    });
    ended.catch(() => {});
    onTestFinished(async () => {
      controller.abort();
      await ended.catch(() => {});
    });
    return {
      until: (count: number) => until(`${count} are sent`, async () => sent >= count),
      async stop() {
        controller.abort();
        return ended;
      },
    };
  }

  /** Processes a topic until it has so many records, and a while longer when it has more. */
  async function stored(topic: string, count: number, more = "") {
    const data = join(makeFolder(), "data");
    const running = processing(data, yamlOf(randomUUID(), { [topic]: "json" }, { more }));
    await until(`${count} are stored`, async () => running.events >= count);
    await running.stop();
    return data;
  }

  it("sends each line of a file that grows and is rotated once, in order, to be processed", async () => {
    const topic = await topics.make(3);
    const folder = makeFolder();
    const file = join(folder, "app.log");
    const data = join(folder, "data");
    writeFileSync(file, lines(5000));
    const first = collecting(data, yaml(topic, file));
    await first.until(5000);
    appendFileSync(file, lines(100, 5000));
    await first.until(5100);
    renameSync(file, `${file}.1`);
    writeFileSync(file, lines(50, 5100));
    await first.until(5150);
    expect(await first.stop()).toBe(5150);

    appendFileSync(file, lines(7, 5150));
    const second = collecting(data, yaml(topic, file));
    await second.until(7);
    expect(await second.stop()).toBe(7);

    const store = await stored(topic, 5157);
    expect(await accountOf(store)).toEqual(wholeAccount(5157));
    const misplaced = `SELECT count() FROM (SELECT body, row_number() OVER (ORDER BY partition, offset) AS n FROM events)
      WHERE body != concat('order ', toString(n - 1), ' placed')`;
    expect(Number(await askValue(store, misplaced))).toBe(0);
    expect(Number(await askValue(store, "SELECT uniqExact(partition) FROM events"))).toBe(1);
  });

  it("knows from Kafka what was sent when its journal does not", async () => {
    const topic = await topics.make();
    const folder = makeFolder();
    const file = join(folder, "app.log");
    const data = join(folder, "data");
    writeFileSync(file, lines(10));
    const first = collecting(data, yaml(topic, file));
    await first.until(10);
    await first.stop();
    // As if it had been killed between the two: Kafka has the records, the journal has not heard of it.
    cpSync(join(data, "collect"), join(folder, "before"), { recursive: true });
    appendFileSync(file, lines(100, 10));
    const second = collecting(data, yaml(topic, file));
    await second.until(100);
    await second.stop();
    rmSync(join(data, "collect"), { recursive: true });
    cpSync(join(folder, "before"), join(data, "collect"), { recursive: true });
    appendFileSync(file, lines(20, 110));
    const third = collecting(data, yaml(topic, file));
    await third.until(20);
    expect(await third.stop()).toBe(20);
    expect(await accountOf(await stored(topic, 130))).toEqual(wholeAccount(130));
  });

  it("is killed with records under way, started again, and has sent each line once", async () => {
    const topic = await topics.make();
    const folder = makeFolder();
    const file = join(folder, "app.log");
    const data = join(folder, "data");
    writeFileSync(file, lines(150_000));
    const config = writeYaml(data, yaml(topic, file));
    const run = () => start(["collect", "--data", data, "--config", config]);
    const first = run();
    await until("some is there", async () => {
      const [{ high }] = await topics.admin.fetchTopicOffsets(topic);
      return Number(high) > 0;
    });
    first.kill("SIGKILL");
    await first.ended;
    const second = run();
    const reading = processing(join(folder, "store"), yamlOf(randomUUID(), { [topic]: "json" }));
    await until("all are stored", async () => reading.events >= 150_000);
    second.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
    await reading.stop();
    expect(await accountOf(join(folder, "store"))).toEqual(wholeAccount(150_000));
  });

  it("sends a line that is too long so that it becomes a dead letter, not a shorter line", async () => {
    const topic = await topics.make();
    const folder = makeFolder();
    const file = join(folder, "app.log");
    writeFileSync(file, `${lines(1)}{"message":"${"x".repeat(5000)}"}\n${lines(1)}`);
    const batch = "batch: {record_bytes: 4KiB}";
    const running = collecting(join(folder, "data"), yaml(topic, file, batch));
    await running.until(3);
    await running.stop();
    const data = await stored(topic, 2, batch);
    expect(await askValue(data, "SELECT groupArray(code) FROM dead_letters")).toEqual(["DECODE_RECORD_TOO_LONG"]);
  });

  it("sends each line of a W3C log with the header line that it is read by, though files meet in one partition", async () => {
    const topic = await topics.make();
    const folder = makeFolder();
    const data = join(folder, "data");
    const [one, two] = ["iis1.log", "iis2.log"].map((name) => join(folder, name));
    const text = yaml(topic, join(folder, "iis")).replace("json", "w3c");
    const some = (from: number, of: (i: number) => string) =>
      Array.from({ length: 20 }, (_, i) => `${of(from + i)}\n`).join("");
    const first = (i: number) => `2026-03-01 10:00:00 GET /one/${i} 200`;
    const second = (i: number) => `2026-03-01 10:00:00 404 /two/${i} POST`;
    writeFileSync(one, `#Fields: date time cs-method cs-uri-stem sc-status\n${some(0, first)}`);
    writeFileSync(two, `#Fields: date time sc-status cs-uri-stem cs-method\n${some(0, second)}`);
    const before = collecting(data, text);
    await before.until(42);
    await before.stop();
    const after = collecting(data, text);
    for (const round of [1, 2]) {
      appendFileSync(one, some(20 * round, first));
      await after.until(40 * round - 20);
      appendFileSync(two, some(20 * round, second));
      await after.until(40 * round);
    }
    await after.stop();
    const store = join(folder, "store");
    const running = processing(store, yamlOf(randomUUID(), { [topic]: "w3c" }));
    await until("all are stored", async () => running.events >= 120);
    await running.stop();
    expect(await accountOf(store)).toMatchObject({ events: 120, deadLetters: 0, unaccounted: 0 });
    const good = `SELECT countIf(http_request_method = 'GET' AND http_response_status_code = 200 AND url_path LIKE '/one/%'
      OR http_request_method = 'POST' AND http_response_status_code = 404 AND url_path LIKE '/two/%') FROM events`;
    expect(await askValue(store, good)).toBe(120);
  });

  it("goes on with the other files when Kafka refuses one", async () => {
    const topic = await topics.make(1, { "max.message.bytes": "100000" });
    const folder = makeFolder();
    const [bad, good] = ["app1.log", "app2.log"].map((name) => join(folder, name));
    writeFileSync(bad, `{"message":"${randomBytes(150_000).toString("hex")}"}\n`);
    writeFileSync(good, lines(10));
    const running = collecting(join(folder, "data"), yaml(topic, join(folder, "app")));
    await running.until(10);
    appendFileSync(good, lines(5, 10));
    await running.until(15);
    expect(await running.stop()).toBe(15);
    expect(await accountOf(await stored(topic, 15))).toEqual(wholeAccount(15));
  });

  it("says when there is nothing to collect, and when the topic is not there", async () => {
    const data = join(makeFolder(), "data");
    await expect(collecting(data, `kafka: {brokers: "${brokers}"}`).stop()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
    await expect(collecting(data, yaml(`test-${randomUUID()}`, "/nowhere")).stop()).rejects.toMatchObject({
      code: "SOURCE_NOT_FOUND",
    });
  });
});
