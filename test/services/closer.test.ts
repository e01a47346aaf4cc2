import { afterEach, describe, expect, it } from "vitest";
import type { Closer } from "../../processors/services/closer.ts";
import { readWholeTopic } from "../support/read-whole-topic.ts";
import { type ClosingBench, openClosingBench } from "./closing-bench.ts";
import {
  Crash,
  createRandom,
  DISTANT,
  differences,
  differencesOfValues,
  dying,
  HOUR,
  line,
  NOON,
  RULES,
  SECOND,
  stored,
  storeStep,
} from "./closing-oracle.ts";
import { expectConsumed as expectConsumedIs } from "./consumer.ts";

let bench: ClosingBench;
afterEach(() => bench.end());

/** What a consumer of weir.windows has, against the table that SQL shows. */
async function expectConsumed(): Promise<void> {
  const records = readWholeTopic(bench.workplace.journal, "weir.windows");
  await expectConsumedIs(records, bench.query);
}

async function closeTimes(closer: Closer, ticks: number, isForced = false): Promise<number> {
  let watermarkUs = 0;
  for (let i = 0; i < ticks; i++) ({ watermarkUs } = await closer.tick(isForced));
  return watermarkUs;
}

describe("finished windows", () => {
  it("equal what plain SQL over the events gives, whatever the disorder, cell by cell", async () => {
    bench = await openClosingBench(DISTANT, NOON);
    const random = createRandom(7);
    const closer = await bench.openCloser();
    for (let step = 0; step < 8; step++) {
      await storeStep(bench, random, step);
      await closer.tick(false);
      await bench.clock.advance(step % 3 === 0 ? 12_000 : 1000);
    }
    await closer.tick(true);
    const watermarkUs = await closeTimes(closer, 2, true);
    await closer.close();
    // The partition that lags holds all back.
    expect(watermarkUs).toBeLessThan(NOON - 5 * HOUR);
    expect(watermarkUs).toBeGreaterThan(NOON - 7 * HOUR);
    expect(await differences(bench, watermarkUs)).toEqual([]);
    expect(await differencesOfValues(bench, watermarkUs)).toEqual([]);
    await expectConsumed();
    const [counts] = await bench.query<{ closed: string; revised: string; late: string }>(
      "SELECT countIf(revision = 1) AS closed, countIf(revision > 1) AS revised, (SELECT count() FROM too_late) AS late FROM windows",
    );
    expect(Number(counts.closed)).toBeGreaterThan(100);
    expect(Number(counts.revised)).toBeGreaterThan(10);
    expect(Number(counts.late)).toBe(0);
  }, 120_000);

  it("are the same, each revision once, when the closer is killed after any of its writes", async () => {
    const play = async (kill: (round: number) => number): Promise<unknown[]> => {
      bench = await openClosingBench(DISTANT, NOON);
      const random = createRandom(3);
      for (let step = 0; step < 3; step++) {
        await storeStep(bench, random, step);
        await bench.clock.advance(12_000);
        for (let round = step * 100; ; round++) {
          const closer = await bench.openCloser({ workplace: dying(bench, kill(round)) }).catch((error: unknown) => {
            if (error instanceof Crash) return null;
            throw error;
          });
          if (closer === null) continue;
          const isDone = await closer.tick(false).then(
            () => true,
            (error: unknown) => {
              if (error instanceof Crash) return false;
              throw error;
            },
          );
          await closer.close();
          if (isDone) break;
        }
      }
      const rows = await stored(bench);
      await expectConsumed();
      expect((await bench.query("SELECT count() AS n FROM cuts"))[0]).toEqual({ n: "3" });
      return rows;
    };
    const whole = await play(() => Number.POSITIVE_INFINITY);
    await bench.end();
    expect(whole.length).toBeGreaterThan(100);
    // The n-th life of each step dies after its n-th write.
    expect(await play((round) => (round % 100) + 1)).toEqual(whole);
  }, 120_000);
});

describe("a closer", () => {
  it("names the partition that holds windows back, not one that is proven to have nothing", async () => {
    bench = await openClosingBench(RULES, NOON);
    await bench.store("idle", [line(NOON - 6 * HOUR)]);
    await bench.store("behind", [line(NOON - HOUR)]);
    bench.proofs.set("0/idle", { end: 1n, atUs: NOON, isFinal: false });
    const closer = await bench.openCloser();
    expect((await closer.tick(false)).heldBy).toEqual({ topic: "behind", partition: 0 });
    await closer.close();
  });

  it("is the only one", async () => {
    bench = await openClosingBench(RULES, NOON);
    const closer = await bench.openCloser();
    await expect(bench.openCloser()).rejects.toMatchObject({ code: "SOURCE_BUSY" });
    await closer.close();
    await (await bench.openCloser()).close();
  });

  it("names events beyond the lateness limit, which stay out of windows but not out of events", async () => {
    bench = await openClosingBench(RULES, NOON);
    const closer = await bench.openCloser();
    await bench.store("late", [line(NOON)]);
    await closer.tick(true);
    await bench.store("late", [line(NOON - 2 * HOUR), line(NOON - 1800 * SECOND), line(NOON + SECOND)]);
    await closer.tick(true);
    await closer.close();
    const [row] = await bench.query("SELECT sum(ok) AS ok, sum(too_late) AS too_late FROM completeness");
    expect(row).toEqual({ ok: "4", too_late: "1" });
    const closed = await bench.query(
      "SELECT toString(window_start) AS start, events FROM windows_latest WHERE rule = 'route_10s'",
    );
    expect(closed).toEqual([{ start: "2026-03-02 11:30:00", events: "1" }]);
  });

  it("revises a window at most once in ten seconds", async () => {
    bench = await openClosingBench(RULES, NOON);
    const closer = await bench.openCloser();
    await bench.store("late", [line(NOON - 600 * SECOND), line(NOON)]);
    await closer.tick(false);
    const revisions: number[] = [];
    for (let second = 0; second < 24; second++) {
      await bench.clock.advance(1000);
      await bench.store("late", [line(NOON - 600 * SECOND)]);
      await closer.tick(false);
      const rows = await bench.query<{ n: number }>(
        `SELECT max(revision) AS n FROM windows WHERE rule = 'plan_1m' AND window_start = toDateTime(${NOON / SECOND - 600}, 'UTC')`,
      );
      revisions.push(Number(rows[0].n));
    }
    await closer.close();
    const rises = revisions.flatMap((n, second) => (second > 0 && n > revisions[second - 1] ? [second] : []));
    expect(rises.length).toBeGreaterThan(1);
    for (const [i, second] of rises.entries()) if (i > 0) expect(second - rises[i - 1]).toBeGreaterThanOrEqual(10);
  }, 60_000);

  it("asks the store when this process has stored something, a window ends, or ten seconds have passed", async () => {
    bench = await openClosingBench(RULES, NOON);
    let asked = 0;
    const { store } = bench.workplace;
    const query: typeof store.query = (sql, parameters) => {
      asked++;
      return store.query(sql, parameters);
    };
    let batchesStored = 0;
    const workplace = { ...bench.workplace, store: { ...store, query } };
    const closer = await bench.openCloser({ workplace, batchesStored: () => batchesStored });
    const ticks = async (seconds: number): Promise<number[]> => {
      const busy: number[] = [];
      for (let second = 1; second <= seconds; second++) {
        await bench.clock.advance(1000);
        const before = asked;
        await closer.tick(false);
        if (asked > before) busy.push(second);
      }
      return busy;
    };
    await bench.store("one", [line(NOON)]);
    await closer.tick(false);
    expect(await ticks(12)).toEqual([10]);
    await bench.store("one", [line(NOON + 12 * SECOND)]);
    batchesStored++;
    expect(await ticks(2)).toEqual([1]);
    const [{ n }] = await bench.query<{ n: string }>("SELECT count() AS n FROM cuts");
    expect(Number(n)).toBe(2);
    // The source has come to its end: the watermark may go on, and passes the end of a window at once.
    bench.proofs.set("0/one", { end: 2n, atUs: NOON + 3600 * SECOND, isFinal: false });
    expect(await ticks(2)).toEqual([1]);
    await closer.close();
  });

  it("counts a replayed batch in place of the one before, in one revision", async () => {
    bench = await openClosingBench(RULES, NOON);
    await bench.store("late", [line(NOON - 600 * SECOND), line(NOON)]);
    const closer = await bench.openCloser();
    await closer.tick(false);
    await bench.clock.advance(20_000);
    await closer.tick(false);
    // As `weir replay` leaves it: another run with what the rules say now, and the old run gone.
    for (const table of ["partials", "ledger"]) {
      const count = table === "partials" ? ", events * 5 AS events" : "";
      await bench.workplace.store.command(
        `INSERT INTO ${table} SELECT * REPLACE (toUInt32(1) AS run${count}) FROM ${table}`,
      );
      await bench.workplace.store.command(`ALTER TABLE ${table} DELETE WHERE run = 0 SETTINGS mutations_sync = 1`);
    }
    for (let i = 0; i < 3; i++) {
      await bench.clock.advance(12_000);
      await closer.tick(false);
    }
    await closer.close();
    const rows = await bench.query(
      "SELECT toString(rule) AS rule, revision, events FROM windows WHERE toUnixTimestamp(window_start) < " +
        `${NOON / SECOND - 60} ORDER BY rule, revision`,
    );
    expect(rows).toEqual(
      ["plan_1m", "route_10s"].flatMap((rule) => [
        { rule, revision: 1, events: "1" },
        { rule, revision: 2, events: "5" },
      ]),
    );
  });

  it("computes windows anew when batches that counted are gone, also down to nothing", async () => {
    bench = await openClosingBench(RULES, NOON);
    await bench.store("late", [line(NOON - 600 * SECOND), line(NOON)]);
    const closer = await bench.openCloser();
    await closer.tick(true);
    for (const table of ["ledger", "partials", "events"])
      await bench.workplace.store.command(`ALTER TABLE ${table} DELETE WHERE 1 SETTINGS mutations_sync = 1`);
    await closer.tick(true);
    await closer.close();
    const rows = await bench.query("SELECT toString(rule) AS rule, revision, events FROM windows_latest ORDER BY rule");
    expect(rows).toEqual([
      { rule: "plan_1m", revision: 2, events: "0" },
      { rule: "route_10s", revision: 2, events: "0" },
    ]);
  });
});
