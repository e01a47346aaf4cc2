import { afterEach, describe, expect, it } from "vitest";
import { templateId } from "../../processors/enrich/template.ts";
import { detect } from "../../processors/services/detect.ts";
import { publishAnomalies } from "../../processors/services/publish-anomalies.ts";
import { readWholeTopic } from "../support/read-whole-topic.ts";
import { type ClosingBench, openClosingBench } from "./closing-bench.ts";

/** 2026-03-02T00:00:00Z, a Monday. */
const START = Date.UTC(2026, 2, 2) * 1000;
const SECOND = 1_000_000;
const WINDOW = 300 * SECOND;
const WINDOWS_A_DAY = 288;
const YAML = "sources:\n  - {name: shop, format: json, lateness: 10d, disorder: 1s}\n";

let bench: ClosingBench;
afterEach(() => bench.end());

/** Events of one window: five reads. On the fifth day three errors, with a message that is new, after a deploy. */
function windowLines(k: number): string[] {
  const startUs = START + k * WINDOW;
  const at = (n: number) => new Date((startUs + n * 40 * SECOND) / 1000).toISOString();
  const lines = Array.from({ length: 5 }, (_, n) =>
    JSON.stringify({ ts: at(n), level: "info", msg: `order ${k} read`, "deploy.version": "1" }),
  );
  if (k === BURST)
    for (let n = 0; n < 3; n++) lines.push(JSON.stringify({ ts: at(n), level: "error", msg: `order ${k} lost` }));
  if (k === BURST - 1)
    lines.push(
      JSON.stringify({
        ts: at(6),
        msg: "order 1 read",
        "event.name": "deploy",
        "deploy.service": "shop",
        "deploy.version": "7",
      }),
    );
  return lines;
}

const BURST = 4 * WINDOWS_A_DAY + 100;

/** Stores windows [from, to), lets time pass, closes them. */
async function pass(from: number, to: number): Promise<void> {
  for (let k = from; k < to; k += 150) {
    const lines: string[] = [];
    for (let w = k; w < Math.min(k + 150, to); w++) lines.push(...windowLines(w));
    await bench.store("shop", lines);
  }
  // The first event of the next window says that those before it are over.
  await bench.store("shop", [
    JSON.stringify({ ts: new Date((START + to * WINDOW + 2 * SECOND) / 1000).toISOString(), msg: "order 2 read" }),
  ]);
}

async function close(): Promise<void> {
  const closer = await bench.openCloser();
  await closer.tick(true);
  await closer.close();
}

function look(signal?: AbortSignal) {
  return detect(bench.workplace.store, bench.workplace.config, signal);
}

function anomalies() {
  return bench.query<Record<string, unknown>>(
    "SELECT signal, key, window_start, revision, value, round(score, 6) AS score, why, contributors, samples, changes, baseline_windows FROM anomalies FINAL ORDER BY window_start, signal",
  );
}

describe("anomalies of closed windows", () => {
  it("are found with their causes, once; hour after hour as all at once", async () => {
    const end = BURST + 20;
    bench = await openClosingBench(YAML, START + (end + 10) * WINDOW);
    expect(await look()).toEqual({ until: null, changed: 0 });
    await pass(0, BURST - 4);
    await close();
    expect((await look()).changed).toBe(0);
    // From here on in small steps, also within an hour.
    for (let k = BURST - 4; k < end; k += 4) {
      await pass(k, k + 4);
      await close();
      // What was broken off goes on where it was.
      if (k === BURST) await look(AbortSignal.abort());
      await look();
    }
    const steps = await anomalies();
    expect(steps).toMatchObject([
      {
        signal: "error_ratio",
        key: ["default", "shop"],
        window_start: timeOf(BURST),
        revision: 1,
        value: 1 / 3,
        why: "more errors",
        contributors: [{ dimension: "template", value: expect.any(String), share: 1 }],
        changes: [expect.stringMatching(/ shop 7$/)],
      },
      {
        signal: "new_templates",
        key: ["default", "shop"],
        window_start: timeOf(BURST),
        value: 1,
        why: "never seen before",
      },
    ]);
    expect(steps[0]["samples"]).toHaveLength(3);
    expect(String(steps[0]["samples"])).toContain(" lost");
    expect(await look()).toMatchObject({ changed: 0 });
    await bench.workplace.store.command("TRUNCATE TABLE detections");
    expect(await look()).toMatchObject({ changed: 0 });
    expect(await anomalies()).toEqual(steps);
  });

  it("are taken back when late events show that there were none", async () => {
    const end = BURST + 3;
    bench = await openClosingBench(YAML, START + (end + 10) * WINDOW);
    await pass(0, end);
    await close();
    expect((await look()).changed).toBe(2);
    await publishAnomalies(bench.workplace, bench.clock);
    const before = (await anomalies())[0];
    const late = Array.from({ length: 150 }, (_, n) =>
      JSON.stringify({ ts: new Date((START + BURST * WINDOW + n * SECOND) / 1000).toISOString(), msg: "order 3 read" }),
    );
    for (let k = 0; k < 8; k++) await bench.store("shop", late);
    await close();
    await look();
    await publishAnomalies(bench.workplace, bench.clock);
    const published = readWholeTopic(bench.workplace.journal, "weir.anomalies");
    // The late events are a spike of their own: of their window, and of sums that hold it.
    expect(published.map(({ headers }) => headers["revision"])).toEqual(["1", "1", "2", "1", "1", "1"]);
    const [first] = await bench.query<{ signal: string; score: number; revision: number }>(
      "SELECT signal, score, revision FROM anomalies FINAL WHERE signal = 'error_ratio'",
    );
    expect(first.revision).toBe(2);
    expect(first.score).toBeLessThan(Number(before["score"]));
  });

  it("tell how templates read", async () => {
    bench = await openClosingBench(YAML, START + 100 * WINDOW);
    await pass(0, 80);
    await close();
    await look();
    const templates = await bench.query<{ template: string; form: string }>(
      "SELECT template, max(form) AS form FROM templates GROUP BY template",
    );
    expect(templates.map(({ form }) => form)).toEqual(["order <*> read"]);
    expect(
      await bench.query("SELECT toUInt32(sum(events)) AS events, max(first_window) AS first FROM template_hours FINAL"),
    ).toEqual([{ events: 400, first: timeOf(72) }]);
    const { high, low } = templateId("order <*> read");
    expect(templates[0].template).toBe(((BigInt(high) << 32n) | BigInt(low)).toString(16).padStart(16, "0"));
  });
});

function timeOf(k: number): string {
  return new Date((START + k * WINDOW) / 1000).toISOString().slice(0, 19).replace("T", " ");
}
