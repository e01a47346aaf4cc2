import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { backtest } from "../../processors/services/backtest.ts";
import { backtestRule } from "../../processors/services/backtest-rule.ts";
import type { BacktestSummary } from "../../processors/services/backtest-tally.ts";
import { configOf } from "../support/config-of.ts";
import { MONDAY, makeCounts, makeGauge, seriesCsv, WINDOW_SECONDS, WINDOWS_A_DAY } from "../support/make-series.ts";
import { ask, makeFolder, weir } from "./workbench.ts";

const DAY = WINDOWS_A_DAY;
const DAYS = 18;

/** What is done to a series from window 16 days and 14 hours on. */
const AT = 16 * DAY + 14 * 12;

function changed(values: readonly number[], change: (value: number, k: number) => number): number[] {
  return values.map((value, k) => (k < AT ? value : change(value, k - AT)));
}

async function run(csv: string, options: { score?: "budget" | "raw"; budget?: number } = {}) {
  const folder = makeFolder();
  const file = join(folder, "in.csv");
  const out = join(folder, "out.csv");
  writeFileSync(file, csv);
  const summary = await backtest({ file, out, svg: null, score: "budget", budget: 1, ...options });
  return { summary, lines: readFileSync(out, "utf8").trimEnd().split("\n") };
}

/** Windows since AT at which a series fired, and why. */
function firedOf({ firings }: BacktestSummary, name: string): [number, string][] {
  return firings
    .filter(({ series }) => series === name)
    .map(({ timestamp, why }) => [(Number(timestamp) - MONDAY) / WINDOW_SECONDS - AT, why]);
}

describe("weir backtest", () => {
  it("finds what a person would point at, says what it is, and is quiet otherwise", async () => {
    const gauge = makeGauge(1, DAYS * DAY);
    const counts = makeCounts(2, DAYS * DAY, 10);
    const { summary } = await run(
      seriesCsv({
        calm: gauge,
        spike: changed(gauge, (value, k) => (k === 0 ? value * 2 : value)),
        dip: changed(gauge, (value, k) => (k === 0 ? value * 0.3 : value)),
        shift: changed(gauge, (value) => value * 1.8),
        silence: changed(counts, (value, k) => (k < 40 ? 0 : value)),
        errors: changed(Array<number>(DAYS * DAY).fill(0), (_, k) => (k === 0 ? 5 : 0)),
        slips: Array.from({ length: DAYS * DAY }, (_, k) => ((k * k) % 97 === 4 ? 1 : 0)),
      }),
    );
    expect(firedOf(summary, "calm")).toEqual([]);
    expect(firedOf(summary, "spike")[0][0]).toBe(0);
    expect(firedOf(summary, "dip")[0]).toEqual([0, "dip"]);
    expect(firedOf(summary, "shift")[0][0]).toBe(0);
    expect(firedOf(summary, "shift").length).toBeLessThanOrEqual(4);
    const silence = firedOf(summary, "silence");
    expect(silence[0][1]).toBe("silence");
    expect(silence[0][0]).toBeGreaterThanOrEqual(0);
    expect(silence[0][0]).toBeLessThanOrEqual(6);
    expect(firedOf(summary, "errors")).toEqual([[0, "spike"]]);
    expect(firedOf(summary, "slips")).toEqual([]);
    const [spike] = summary.firings.filter(({ series }) => series === "spike");
    expect(spike.value).toBeGreaterThan(spike.upper!);
    expect(spike.expected).toBeLessThanOrEqual(spike.upper!);
    expect(spike.expected).toBeGreaterThanOrEqual(spike.lower!);
  });

  it("cries wolf about as often as the budget says, also where counts are low", async () => {
    const weeks = 3;
    const series: Record<string, number[]> = {};
    for (const mean of [0.2, 1, 3, 30, 1000])
      for (const variation of [0.12, 0.5])
        for (let k = 0; k < 4; k++)
          series[`${mean} ${variation} ${k}`] = makeCounts(100 + k, weeks * 7 * DAY, mean, variation);
    const { summary } = await run(seriesCsv(series));
    const from = MONDAY + 4 * DAY * WINDOW_SECONDS;
    const late = summary.firings.filter(({ timestamp }) => Number(timestamp) >= from);
    const perWeek = late.length / (Object.keys(series).length * (weeks - 4 / 7));
    expect(perWeek).toBeLessThanOrEqual(1.2);
    const early = summary.firings.length - late.length;
    expect(early / Object.keys(series).length / 4).toBeLessThanOrEqual(0.3);
  });

  it("scores a window by what was before it: later rows change nothing", async () => {
    const gauge = changed(makeGauge(3, DAYS * DAY), (value, k) => value + (k % 50));
    const counts = makeCounts(4, DAYS * DAY, 3, 0.5).map((value) => (value === 0 ? null : value));
    const csv = seriesCsv(
      Object.fromEntries(
        [20, 500, AT + 100, DAYS * DAY].flatMap((length) => [
          [`gauge ${length}`, gauge.slice(0, length)],
          [`counts ${length}`, counts.slice(0, length)],
        ]),
      ),
    );
    for (const score of ["budget", "raw"] as const) {
      const { lines } = await run(csv, { score });
      const scoresOf = (name: string) =>
        lines.filter((line) => line.startsWith(`${name},`)).map((line) => line.slice(name.length));
      for (const name of ["gauge", "counts"]) {
        const whole = scoresOf(`${name} ${DAYS * DAY}`);
        for (const length of [20, 500, AT + 100]) {
          const part = scoresOf(`${name} ${length}`);
          expect(part.length).toBeGreaterThan(10);
          expect(part).toEqual(whole.slice(0, part.length));
        }
      }
    }
  });

  it("writes a row for each row, in its order and spelling, whatever the order is", async () => {
    const gauge = makeGauge(5, 900);
    const sorted = seriesCsv({ '"a,b"': gauge, c: gauge }).trimEnd().split("\n").slice(1);
    const straight = await run(["series,timestamp,value", ...sorted].join("\n"));
    const mixed = sorted.map((_, k) => sorted[(k * 7) % sorted.length]);
    const { lines } = await run(["series,timestamp,value", ...mixed].join("\n"));
    const head = (line: string) => line.split(",").slice(0, -1).join(",");
    expect(lines.slice(1).map((line) => line.match(/^(?:"[^"]*"|[^,]*),[^,]*/)![0])).toEqual(mixed.map(head));
    expect(lines.slice(1).toSorted()).toEqual(straight.lines.slice(1).toSorted());
    expect(lines[0]).toBe("series,timestamp,score,expected,lower,upper,anomaly,why");
  });

  it("gives missing values the score 0, and takes gaps in counts for zeros", async () => {
    const counts: (number | null)[] = makeCounts(6, 6 * DAY, 20).map((value) => value + 1);
    const gap = 5 * DAY + 100;
    for (let k = gap; k < gap + 30; k++) counts[k] = null;
    const { summary, lines } = await run(`${seriesCsv({ counts })}counts,${MONDAY + 6 * DAY * WINDOW_SECONDS},\n`);
    expect(summary.filled).toBe(30);
    expect(summary.firings.map(({ timestamp }) => timestamp)).toContain(
      new Date((MONDAY + gap * WINDOW_SECONDS) * 1000).toISOString(),
    );
    expect(lines.length).toBe(1 + 6 * DAY - 30 + 1);
    expect(lines.at(-1)).toMatch(/,0,,,,0,$/);
  });

  it("lets a greater budget fire more often", async () => {
    const gauge = changed(makeGauge(7, DAYS * DAY), (value, k) => value + (k % 60 === 0 ? 18 : 0));
    const small = await run(seriesCsv({ gauge }), { budget: 0.01 });
    const large = await run(seriesCsv({ gauge }), { budget: 100 });
    expect(large.summary.firings.length).toBeGreaterThan(small.summary.firings.length);
    expect(small.summary.threshold).toBeCloseTo(5, 12);
    const scores = (lines: string[]) => lines.map((line) => line.split(",")[2]);
    expect(scores(large.lines)).toEqual(scores(small.lines));
  });
});

describe("weir backtest as a command", { timeout: 240_000 }, () => {
  it("says what would have fired, or all of it with --json, and draws it", async () => {
    const folder = makeFolder();
    const gauge = changed(makeGauge(1, DAYS * DAY), (value, k) => (k === 0 ? value * 2 : value));
    writeFileSync(join(folder, "a.csv.gz"), gzipSync(seriesCsv({ "<a & b>": gauge })));
    const plot = join(folder, "a.svg");
    const said = await weir(["backtest", join(folder, "a.csv.gz"), "--svg", plot]);
    expect(said).toMatchObject({ code: 0, stderr: "" });
    expect(said.stdout).toMatch(/^series +timestamp +value +expected +band +score +why\n<a & b> +\d+ /);
    expect(said.stdout).toMatch(
      /Would have fired (once|\d+ times) \(score 3 or more\), [\d.]+ per series and week: 5,184 rows of 1 series\.\n$/,
    );
    const svg = readFileSync(plot, "utf8");
    expect(svg).toContain("&lt;a &amp; b&gt;");
    expect(svg).toContain('<circle class="mark"');
    const json = await weir(["backtest", join(folder, "a.csv.gz"), "--json", "--score", "raw"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ series: 1, rows: 5184, threshold: 4.2 });
  });

  it("tells what is wrong with a file by its lines, and ends with 1", async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, "bad.csv"), "series,timestamp,value\na,soon,1\na,60,1\na,120,x\n");
    const bad = await weir(["backtest", join(folder, "bad.csv")]);
    expect(bad).toMatchObject({ code: 1, stdout: "" });
    expect(bad.stderr).toContain('line 2 has no time in "soon"\n');
    expect(bad.stderr).toMatch(/line 4 has no number in "x"\nCorrect these lines\. \[SERIES_INVALID\]\n$/);
    const missing = await weir(["backtest", join(folder, "no.csv")]);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toMatch(/\[SOURCE_NOT_FOUND\]\n$/);
    const wrong = await weir(["backtest", join(folder, "bad.csv"), "--budget", "0"]);
    expect(wrong).toMatchObject({ code: 2 });
    writeFileSync(join(folder, "empty.csv"), "timestamp,value\n");
    expect(await weir(["backtest", join(folder, "empty.csv"), "--svg", join(folder, "e.svg")])).toMatchObject({
      code: 0,
      stdout: "Would have fired 0 times (score 3 or more): 0 rows of 0 series.\n",
    });
  });
});

describe("weir backtest --rule", { timeout: 240_000 }, () => {
  const begin = Date.UTC(2026, 2, 2);
  const hours = 20;
  const burst = begin + 18 * 3_600_000;

  it("says of stored windows what detection said, of the range that is asked for, or in one sentence what is wrong", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const events: string[] = [];
    for (let ms = begin; ms < begin + hours * 3_600_000; ms += 30_000) {
      const isBurst = ms >= burst && ms < burst + 300_000;
      for (let n = 0; n < (isBurst ? 40 : 1); n++)
        events.push(JSON.stringify({ ts: new Date(ms + n).toISOString(), service: "pay", msg: "paid" }));
    }
    writeFileSync(join(folder, "pay.log"), `${events.join("\n")}\n`);
    expect(await weir(["load", join(folder, "pay.log"), "--data", data])).toMatchObject({ code: 0 });
    const svg = join(folder, "pay.svg");
    const said = await weir(["backtest", "--rule", "service_1m", "--data", data, "--svg", svg]);
    expect(said).toMatchObject({ code: 0, stderr: "" });
    const lines = said.stdout.split("\n");
    expect(lines[0]).toMatch(/^series +timestamp +value +expected +band +score +why$/);
    expect(lines[1]).toMatch(/^pay events +2026-03-02T18:00:00Z +400 +10\.\d+ .*(spike|record high)$/);
    expect(lines.at(-2)).toMatch(
      /^Would have fired (once|\d+ times) \(score 3 or more\), [\d.]+ per series and week: \d+ rows of 1 series\.$/,
    );
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(readFileSync(svg, "utf8")).toContain(">pay events</text>");
    const stored = await ask<{ start: string; score: number }>(
      data,
      "SELECT formatDateTime(window_start, '%FT%TZ') AS start, score FROM anomalies FINAL WHERE signal = 'events' AND score >= 3 ORDER BY start",
    );
    const base = configOf("");
    const config = { ...base, data: { ...base.data, directory: data } };
    const ofRule = (rule: string, from: string | null = null, to: string | null = null) => {
      const secondsOf = (time: string | null) => (time === null ? null : Date.parse(time) / 1000);
      return backtestRule({ config, rule, from: secondsOf(from), to: secondsOf(to), svg: null, budget: 1 });
    };
    const { firings } = await ofRule("service_1m", "2026-03-02T18:00:00Z");
    expect(firings.map(({ timestamp }) => timestamp)).toEqual(stored.map(({ start }) => start));
    for (const [i, { score }] of stored.entries()) expect(firings[i].score).toBeCloseTo(score, 8);
    expect((await ofRule("service_1m", "2026-03-02T19:00:00Z")).firings).toEqual([]);
    await expect(ofRule("none")).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(/^There is no rule "none"; what can be looked at: .*service_1m/),
    });
    await expect(ofRule("tenant_1h")).rejects.toThrow("has windows of 3600 s");
    await expect(ofRule("service_1m", null, "2026-03-01T00:00:00Z")).rejects.toMatchObject({
      code: "WINDOWS_NOT_FOUND",
      message: expect.stringContaining("up to 2026-03-01T00:00:00Z is stored"),
    });
    await expect(ofRule("service_1m", "2026-03-03T00:00:00Z")).rejects.toThrow(
      "there are some from 2026-03-02T00:00:00Z to 2026-03-02T",
    );
  });
});
