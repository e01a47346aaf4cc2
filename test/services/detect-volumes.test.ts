import { beforeEach, describe, expect, it } from "vitest";
import { NOTE_SEASONS, NOTE_SPREADS, VOLUMES } from "../../processors/services/detect-volume-statements.ts";
import { MONDAY, makeCounts, WINDOW_SECONDS, WINDOWS_A_DAY } from "../support/make-series.ts";
import { useStore } from "../support/make-store.ts";
import { addSignal, flagsSince, rangeOf } from "../support/signals.ts";

const DAY = WINDOWS_A_DAY;
const DAYS = 12;
/** From when on things happen: a Friday, 10:00. */
const AT = 11 * DAY + 120;

interface Finding {
  readonly key: readonly string[];
  readonly window_start: string;
  readonly score: number;
  readonly expected: number;
  readonly why: string;
}

const store = useStore();

async function add(series: Readonly<Record<string, readonly number[]>>): Promise<void> {
  for (const [name, values] of Object.entries(series)) await addSignal(store(), "events", name, values);
}

function look(from: number, to: number): Promise<Finding[]> {
  return store().query<Finding>(VOLUMES, rangeOf(from, to));
}

async function lookAtAll(count: number): Promise<Finding[]> {
  await store().command(NOTE_SEASONS, rangeOf(0, count));
  await store().command(NOTE_SPREADS, rangeOf(0, count - (count % DAY)));
  return look(0, count);
}

const flagsOf = (findings: readonly Finding[], name: string) => flagsSince(AT, findings, name);

function changed(values: readonly number[], change: (value: number, k: number) => number): number[] {
  return values.map((value, k) => (k < AT ? value : Math.round(change(value, k - AT))));
}

beforeEach(async () => {
  for (const table of ["signals_5m", "seasons", "spreads"]) await store().command(`TRUNCATE TABLE ${table}`);
});

describe("how many events there were", () => {
  const counts = makeCounts(1, DAYS * DAY, 60, 0.1);
  const hourly = Array.from({ length: DAYS * DAY }, (_, k) => (k % 12 === 3 ? 60 : 5) + (k % 7));

  it("is told of when it is unlike the days and the hour before, with what happened", async () => {
    await add({
      calm: counts,
      hourly,
      spike: changed(counts, (value, k) => (k === 0 ? value * 3.5 : value)),
      dip: changed(counts, (value, k) => (k < 4 ? value * 0.5 : value)),
      silence: changed(counts, (value, k) => (k < 6 ? 0 : value)),
      shift: changed(counts, (value) => value * 4),
      drift: changed(counts, (value, k) => value * (1 + Math.min(1, k / 72))),
      missed: changed(hourly, (value, k) => (k === 3 ? 5 : value)),
      first: changed(Array<number>(DAYS * DAY).fill(0), (_, k) => (k === 0 ? 5 : 0)),
    });
    const findings = await lookAtAll(DAYS * DAY);
    expect(flagsOf(findings, "calm")).toEqual([]);
    expect(flagsOf(findings, "hourly")).toEqual([]);
    expect(flagsOf(findings, "spike")[0]).toEqual([0, "spike"]);
    expect(flagsOf(findings, "dip")[0][0]).toBeLessThan(4);
    expect(flagsOf(findings, "dip")[0][1]).toBe("dip");
    expect(flagsOf(findings, "silence")[0]).toEqual([0, "silence"]);
    expect(flagsOf(findings, "drift").length).toBeGreaterThan(0);
    expect(flagsOf(findings, "missed")[0][0]).toBe(3);
    expect(flagsOf(findings, "first")[0]).toEqual([0, "spike"]);
    // A change that stays is one incident, of an hour, and from then on the usual.
    const shift = flagsOf(findings, "shift").map(([k]) => k);
    expect(shift).toEqual(Array.from({ length: 12 }, (_, k) => k));
  });

  it("is told of also at a time of the day at which something happened on another day", async () => {
    const twice = counts.map((value, k) => (k >= AT - 2 * DAY && k < AT - 2 * DAY + 8 ? value * 4 : value));
    await add({ twice: changed(twice, (value, k) => (k < 4 ? value * 0.4 : value)) });
    const findings = await lookAtAll(DAYS * DAY);
    expect(flagsOf(findings, "twice").filter(([, why]) => why === "dip").length).toBeGreaterThan(2);
  });

  it("is judged hour after hour as all at once", async () => {
    const end = AT + 20;
    const values = changed(counts, (value, k) => (k < 5 ? value * 0.4 : value)).slice(0, end);
    const early = values.map((value, k) => (k >= 10 * DAY + 270 && k < 10 * DAY + 280 ? value * 3 : value));
    await add({ values, early, weekly: values.map((value, k) => (k % (7 * DAY) > 5 * DAY ? value * 2 : value)) });
    const all = await lookAtAll(end);
    await store().command("TRUNCATE TABLE seasons");
    await store().command("TRUNCATE TABLE spreads");
    const begin = 10 * DAY + 240;
    const found = await lookAtAll(begin);
    for (let hour = begin; hour < end; hour += 12) {
      const upTo = Math.min(hour + 12, end);
      await store().command(NOTE_SEASONS, rangeOf(hour, upTo));
      if (hour % DAY === 0) await store().command(NOTE_SPREADS, rangeOf(hour - DAY, hour));
      found.push(...(await look(hour, upTo)));
    }
    const inOrder = (findings: readonly Finding[]) =>
      findings
        .map(({ key, window_start, score, expected, why }) => [
          key[0],
          window_start,
          score.toFixed(8),
          expected.toFixed(8),
          why,
        ])
        .sort();
    expect(inOrder(found)).toEqual(inOrder(all));
    expect(found.length).toBeGreaterThan(5);
  });
});

describe("clean counts with a season", () => {
  const DAYS_LONG = 22;
  const WEEKS = (DAYS_LONG - 4) / 7;
  const MEANS = [1, 10, 100, 10_000];

  it.each([0.12, 0.5, 2.2])(
    "of a variation of %d are flagged no more than twice as often as the budget allows",
    async (variation) => {
      const series: Record<string, number[]> = {};
      for (const mean of MEANS)
        for (let k = 0; k < 3; k++) series[`${mean} ${k}`] = makeCounts(k, DAYS_LONG * DAY, mean, variation);
      await add(series);
      const findings = await lookAtAll(DAYS_LONG * DAY);
      const late = findings.filter(
        ({ window_start }) => Date.parse(`${window_start}Z`) / 1000 >= MONDAY + 4 * DAY * WINDOW_SECONDS,
      );
      // Windows that follow one another are one alarm.
      let alarms = 0;
      const last = new Map<string, number>();
      for (const { key, window_start } of late) {
        const at = Date.parse(`${window_start}Z`) / 1000;
        if (at - (last.get(key[0]) ?? 0) > 4 * WINDOW_SECONDS) alarms++;
        last.set(key[0], at);
      }
      expect(alarms / Object.keys(series).length / WEEKS).toBeLessThanOrEqual(2);
    },
  );
});
