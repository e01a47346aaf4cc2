import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startStatusServer } from "../../processors/http/status-server.ts";
import { systemClock } from "../../processors/runtime/clock.ts";
import { createLogger } from "../../processors/runtime/logger.ts";
import { METRICS, type MetricDefinition } from "../../processors/runtime/metrics-list.ts";
import { createObserver } from "../../processors/services/observer.ts";
import { run } from "../../processors/services/run.ts";
import { configOf, makeFolder, until } from "../integration/workbench.ts";

const anywhere = { host: "127.0.0.1", port: 0 };
const HEALTHY = { metrics: async () => "", contentType: "text/plain", obstacles: () => [] };

/** Samples by `name{label="value",…}`. Throws at a line that is none. */
function parseMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("# HELP ") || line.startsWith("# TYPE ")) continue;
    const match = /^([a-z_]+(?:\{(?:[a-z_]+="[^"]*",?)*\})?) (-?[0-9.e+-]+|\+Inf|NaN)$/.exec(line);
    if (match === null) throw new Error(`Not a sample: ${line}`);
    samples.set(match[1], Number(match[2]));
  }
  return samples;
}

function loggerTo(lines: string[]) {
  const output = { isTTY: false, write: (text: string) => lines.push(text) > 0 };
  return createLogger({ level: "info", output, colored: false, json: true });
}

describe("the status server", () => {
  it("tells that a process lives, and why it is not ready", async () => {
    let obstacles = ["Starting."];
    const server = await startStatusServer(anywhere, { ...HEALTHY, obstacles: () => obstacles });
    const get = async (path: string) => {
      const answer = await fetch(`${server.url}${path}`);
      return [answer.status, await answer.text()];
    };
    expect(await get("/livez")).toEqual([200, "ok\n"]);
    expect(await get("/readyz")).toEqual([503, "Starting.\n"]);
    obstacles = [];
    expect(await get("/readyz")).toEqual([200, "ok\n"]);
    expect((await get("/"))[0]).toBe(404);
    await server.close();
  });

  it("says that an address is taken", async () => {
    const server = await startStatusServer(anywhere, HEALTHY);
    const port = Number(new URL(server.url).port);
    await expect(startStatusServer({ ...anywhere, port }, HEALTHY)).rejects.toMatchObject({ code: "LISTEN_FAILED" });
    await server.close();
  });
});

describe("an observer", () => {
  const partition = { topic: "t", partition: 3 };

  it("has every metric of the list in its text, of the type that the list says", async () => {
    const text = await createObserver(systemClock).metrics.text();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
    const listed = Object.entries<MetricDefinition>(METRICS).map(([name, { type }]) => [name, type]);
    expect(types.sort()).toEqual(listed.sort());
    expect(() => parseMetrics(text)).not.toThrow();
  });

  it("is ready while at least one partition is processed, and forgets those that were given up", async () => {
    const observer = createObserver(systemClock);
    observer.obstacle("start", null);
    expect(observer.obstacles()).toEqual([]);
    observer.onState(partition, "waiting");
    expect(observer.obstacles()).toHaveLength(1);
    observer.onState({ ...partition, partition: 4 }, "running");
    expect(observer.obstacles()).toEqual([]);
    observer.onLag(partition, 12n);
    const samples = parseMetrics(await observer.metrics.text());
    expect(samples.get('weir_lag_records{topic="t",partition="3"}')).toBe(12);
    expect(samples.get('weir_partition_state{topic="t",partition="3",state="waiting"}')).toBe(1);
    observer.onState(partition, null);
    expect(await observer.metrics.text()).not.toContain('partition="3"');
  });

  it("counts the lag in seconds from the newest event, and only while records wait", async () => {
    const nowUs = 1_772_445_600_000_000;
    const observer = createObserver({ ...systemClock, nowUs: () => nowUs });
    observer.onLag(partition, 5n);
    const row = { records: 1, ok: 1, dropped: 0, deadLetters: 0, events: 1, timestampUsMin: 0, minutes: [] };
    observer.onBatch(partition, { row: { ...row, timestampUsMax: nowUs - 90_000_000 }, start: 0n, next: 1n });
    const lag = async () =>
      parseMetrics(await observer.metrics.text()).get('weir_lag_seconds{topic="t",partition="3"}');
    expect(await lag()).toBe(90);
    observer.onLag(partition, 0n);
    expect(await lag()).toBe(0);
  });
});

describe("weir run with metrics", { timeout: 240_000 }, () => {
  it("counts what became of its records, and is ready", async () => {
    const folder = makeFolder();
    const file = join(folder, "app.log");
    const time = "2026-03-02T10:00:00Z";
    writeFileSync(
      file,
      `${JSON.stringify({ time, message: "a" })}\n\nno json\n${JSON.stringify({ time, message: "b" })}\n`,
    );
    const yaml = `metrics: {listen: "127.0.0.1:0"}\nsources:\n  - {name: app, files: [${JSON.stringify(file)}], format: json}\n`;
    const controller = new AbortController();
    const log: string[] = [];
    const running = run({
      ...{
        config: configOf(join(folder, "data"), { yaml }),
        files: [],
        seed: 1,
        ratePerSecond: 1,
        timezone: "UTC",
        incidentsPerDay: 48,
        speed: 1,
        fromSecond: null,
        status: null,
      },
      ...{ clock: systemClock, signal: controller.signal, logger: loggerTo(log) },
    });
    const url = () => /"url":"([^"]+)"/.exec(log.join(""))?.[1];
    const samples = async () => parseMetrics(await (await fetch(`${url()}/metrics`)).text());
    await until("it is stored", async () => (await samples()).get('weir_events_total{topic="app"}') === 2);
    const found = await samples();
    expect(found.get('weir_records_total{topic="app",outcome="ok"}')).toBe(2);
    expect(found.get('weir_dead_letters_total{topic="app",code="PARSE_NOT_JSON"}')).toBe(1);
    expect(found.get('weir_dropped_total{topic="app",code="BLANK_LINE"}')).toBe(1);
    expect(found.get('weir_insert_rows_total{table="events"}')).toBe(2);
    expect(found.get('weir_stage_seconds_count{stage="encode"}')).toBe(1);
    expect(found.get("weir_journal_bytes")).toBeGreaterThan(0);
    expect((await fetch(`${url()}/readyz`)).status).toBe(200);
    controller.abort();
    await running;
  });
});
