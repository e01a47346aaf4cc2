import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  accountOf,
  ask,
  askValue,
  makeFolder,
  type Running,
  start,
  textLines,
  until,
  weir,
  wholeAccount,
} from "./workbench.ts";

const EVENTS = "SELECT count() FROM events";

async function untilStored(running: Running, data: string, events: number): Promise<void> {
  await until(`${events} events are stored`, async () => Number(await running.askValue(data, EVENTS)) >= events);
}

/** Ctrl-C, as a terminal sends it. */
async function interrupt(running: Running): Promise<void> {
  running.kill("SIGINT");
  expect(await running.ended).toMatchObject({ code: 0, signal: null });
}

describe("weir run", { timeout: 240_000 }, () => {
  it("runs a simulated shop, answers other processes meanwhile, drains on Ctrl-C, and goes on at the next start", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const args = ["run", "--rate", "200", "--seed", "7", "--data", data];
    const first = start(args);
    await untilStored(first, data, 400);
    const counted = await weir(["sql", EVENTS, "--format", "TSV", "--data", data]);
    expect(counted).toMatchObject({ code: 0, stderr: "" });
    expect(Number(counted.stdout)).toBeGreaterThanOrEqual(400);
    const refused = await weir(["sql", "INSERT INTO events (body) VALUES ('x')", "--data", data]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/\[STORE_READONLY\]\n$/);
    const written = await weir(["sql", "CREATE TABLE notes (n UInt8) ENGINE = Memory", "--write", "--data", data]);
    expect(written).toMatchObject({ code: 0, stderr: "" });
    await interrupt(first);
    expect(existsSync(join(data, "endpoint.json"))).toBe(false);
    const events = Number(await askValue(data, EVENTS));
    expect(await accountOf(data)).toEqual(wholeAccount(events));
    const services = await ask<{ service_name: string }>(data, "SELECT DISTINCT service_name FROM events");
    expect(services.map(({ service_name }) => service_name)).toEqual(
      expect.arrayContaining(["shop-front", "shop-orders", "shop-payments"]),
    );
    const before = await ask<{ topic: string; end: string }>(
      data,
      "SELECT topic, max(batch_end) AS end FROM ledger GROUP BY topic ORDER BY topic",
    );
    const second = start(args);
    await until("more is stored", async () => Number(await second.askValue(data, EVENTS)) > events);
    await interrupt(second);
    expect(await accountOf(data)).toEqual(wholeAccount(Number(await askValue(data, EVENTS))));
    for (const { topic, end } of before) {
      expect(
        // A service that writes little may not have written since.
        await askValue(
          data,
          `SELECT countIf(batch_start = ${end} + 1) = (count() > 0) FROM ledger WHERE topic = '${topic}' AND batch_start > ${end}`,
        ),
      ).toBe(1);
    }
    expect(readFileSync(join(data, "truth.csv"), "utf8")).toMatch(/^kind,service,start,end\n/);
  });

  it("stores what it took when it is killed, once, after the next start", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const args = ["run", "--rate", "500", "--seed", "3", "--data", data];
    for (let kill = 0; kill < 2; kill++) {
      const running = start(args);
      const events = kill === 0 ? 300 : Number(await askValueOnceHeld(running, data)) + 300;
      await untilStored(running, data, events);
      running.kill("SIGKILL");
      await running.ended;
    }
    const last = start(args);
    const events = Number(await askValueOnceHeld(last, data));
    await untilStored(last, data, events + 1);
    await interrupt(last);
    expect(await accountOf(data)).toEqual(wholeAccount(Number(await askValue(data, EVENTS))));
  });

  it("follows a file that grows, is rotated, and is written anew", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log");
    writeFileSync(file, textLines(30));
    const running = start(["run", file, "--data", data]);
    await untilStored(running, data, 29);
    appendFileSync(file, textLines(30, 30));
    await untilStored(running, data, 59);
    renameSync(file, `${file}.1`);
    appendFileSync(`${file}.1`, textLines(5, 60));
    writeFileSync(file, textLines(20, 9000));
    await untilStored(running, data, 84);
    appendFileSync(file, textLines(1, 9020).slice(0, 20));
    await sleep(1500);
    appendFileSync(file, textLines(1, 9020).slice(20));
    await untilStored(running, data, 86);
    await interrupt(running);
    expect((await weir(["load", file, `${file}.1`, "--data", data])).code).toBe(0);
    expect(await accountOf(data)).toEqual(wholeAccount(86));
    expect(await askValue(data, "SELECT uniqExact(body) FROM events WHERE body LIKE '%done'")).toBe(86);
  });

  it("waits for a file that is not there yet", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "app.log");
    const running = start(["run", file, "--data", data]);
    await until("it runs", async () => (await running.askValue(data, "SELECT 1")) === 1);
    writeFileSync(file, textLines(10));
    await untilStored(running, data, 9);
    await interrupt(running);
  });
});

describe("weir run without files", { timeout: 240_000 }, () => {
  it("follows the files of the configured sources, as theirs", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    mkdirSync(join(folder, "logs", "deep"), { recursive: true });
    writeFileSync(join(folder, "logs", "web-1.log"), textLines(20));
    writeFileSync(join(folder, "logs", "other.txt"), textLines(50, 3000));
    writeFileSync(join(folder, "logs", "deep", "web-2.log"), textLines(30, 500));
    writeFileSync(join(folder, "logs", "deep", "api.json"), '{"message":"one"}\n{"message":"two"}\nno JSON\n');
    writeFileSync(
      join(folder, "weir.yaml"),
      `sources:
  - {name: api, files: ["logs/**/api*.json"], format: json, service: billing}
  - {name: web, files: ["logs/web-*.log", "logs/deep/web-*.log"], tenant: acme}
`,
    );
    const running = start(["run", "--data", data], { cwd: folder });
    await untilStored(running, data, 19 + 29 + 2);
    expect(running.errors()).toContain("Following the files of api, web.");
    await interrupt(running);
    expect(running.errors()).toMatch(/ {2}[0-9.]+ K?i?B per event\nEverything that was read is stored\.\n/);
    const query =
      "SELECT source, topic, tenant, service_name, format, uniqExact(`partition`) AS files, count() AS n FROM events GROUP BY ALL ORDER BY source";
    expect(await ask(data, query)).toEqual([
      { source: "api", topic: "api", tenant: "default", service_name: "billing", format: "json", files: "1", n: "2" },
      { source: "web", topic: "web", tenant: "acme", service_name: "web", format: "text", files: "2", n: "50" },
    ]);
    expect(await ask(data, "SELECT source, code FROM dead_letters")).toEqual([
      { source: "api", code: "PARSE_NOT_JSON" },
    ]);
  });

  it("warns once of a file that can't be read and goes on with the others, also after one was cut short", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const [bad, good] = ["bad.log", "good.log"].map((name) => join(folder, name));
    writeFileSync(good, textLines(20));
    writeFileSync(bad, Buffer.of(0x1f, 0x8b, 8, 255, 255, 255));
    const running = start(["run", bad, good, "--data", data, "--json"]);
    await untilStored(running, data, 19);
    truncateSync(good);
    appendFileSync(good, textLines(10, 700));
    await untilStored(running, data, 29);
    await interrupt(running);
    const logged = running
      .errors()
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
    expect(logged.map(({ level, code }) => [level, code])).toEqual([
      ["info", undefined],
      ["warn", "SOURCE_CORRUPT"],
      ["info", undefined],
      ["info", undefined],
    ]);
    expect(logged[0].message).toBe("Run started.");
    expect(logged[1]).toMatchObject({
      file: expect.stringMatching(/bad\.log$/),
      reason: expect.stringContaining("is damaged"),
    });
    expect(logged[3]).toMatchObject({ message: "Run ended.", events: 30, deadLetters: 0 });
    expect(running.errors()).not.toContain("INFO job");
  });
});

async function askValueOnceHeld(running: Running, data: string): Promise<number | string> {
  let value: number | string = 0;
  await until("the store is open", async () => {
    value = await running.askValue(data, EVENTS);
    return true;
  });
  return value;
}
