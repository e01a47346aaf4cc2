import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Journal, openJournal } from "../../processors/journal/journal.ts";
import type { Receiver } from "../../processors/model/incident.ts";
import { createAlertWatch } from "../../processors/services/alert-watch.ts";
import { openAlerting } from "../../processors/services/alerting.ts";
import { configOf } from "../support/config-of.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { useStore } from "../support/make-store.ts";

const NOON = Date.UTC(2026, 2, 2, 12) / 1000;
const config = configOf(`
alerts:
  receivers: [{name: r, type: webhook, url: 'https://example.org'}]
  routes: [{receiver: r}]
`);

const store = useStore();
let dir = "";
let journal: Journal;
let clock: FakeClock;
let cuts = 0;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-test-"));
  journal = await openJournal(dir);
  clock = createFakeClock(NOON * 1_000_000);
  for (const table of ["anomalies", "incidents", "cuts"]) await store().command(`TRUNCATE TABLE ${table}`);
});
afterEach(async () => {
  await journal.close();
  await rm(dir, { recursive: true });
});

function watch(receivers: readonly Receiver[] = [], graceSeconds = 0) {
  return createAlertWatch({ journal, store: store() as never, config }, { clock, receivers, graceSeconds });
}

async function addAnomaly(minute: number, service: string): Promise<void> {
  await store().command(
    `INSERT INTO anomalies (rule, signal, key, window_start, window_seconds, revision, value, score, expected, why)
     SELECT 'service_1m', 'events', [{service:String}], toDateTime({start:UInt32}, 'UTC'), 60, 1, 12, 4.5, 1, 'spike'`,
    { service, start: NOON + minute * 60 },
  );
}

/** Event time is complete up to a minute. */
async function reach(minute: number): Promise<void> {
  await store().command(
    `INSERT INTO cuts (cut_id, watermark, partitions.topic, partitions.partition, partitions.source, partitions.state,
      partitions.next, partitions.reached, partitions.watermark)
     SELECT {cut:UInt64}, at, ['t'], [0], ['s'], ['active'], [1], [at], [at] FROM (SELECT fromUnixTimestamp64Micro({at:Int64}) AS at)`,
    { cut: ++cuts, at: (NOON + minute * 60) * 1_000_000 },
  );
}

const kinds = (transitions: readonly { readonly kind: string }[]) => transitions.map(({ kind }) => kind);

describe("alerting beside other work", () => {
  it("tells what became of incidents once, also after the next start", async () => {
    await addAnomaly(0, "checkout");
    await reach(1);
    const first = watch();
    expect(kinds(await first.tick(true))).toEqual(["opened"]);
    expect(await first.tick(true)).toEqual([]);
    await first.close();
    await reach(10);
    const second = watch();
    expect(kinds(await second.tick(true))).toEqual(["resolved"]);
    await second.close();
  });

  it("looks once in 60 ticks where nothing is new", async () => {
    const watching = watch();
    await watching.tick(false);
    await addAnomaly(0, "checkout");
    await reach(1);
    let ticks = 0;
    while ((await watching.tick(false)).length === 0 && ticks < 100) ticks++;
    expect(ticks).toBe(59);
    await watching.close();
  });

  it("waits while another process alerts, and goes on when that has ended", async () => {
    await addAnomaly(0, "checkout");
    await reach(1);
    const other = await openAlerting({ journal, store: store() as never, config }, { clock, receivers: [] });
    const watching = watch();
    expect(await watching.tick(true)).toEqual([]);
    await other.close();
    expect(kinds(await watching.tick(true))).toEqual(["opened"]);
    await watching.close();
  });

  it("is held up by no receiver, and keeps what could not be sent", async () => {
    const taken: string[] = [];
    let hangs = true;
    let release: () => void = () => {};
    const receiver: Receiver = {
      name: "r",
      isIdempotent: false,
      repeatMs: null,
      send: ({ kind }) => {
        if (hangs)
          return new Promise((resolve) => {
            release = () => resolve({ kind: "retry", reason: "no answer in time", afterMs: null });
          });
        taken.push(kind);
        return Promise.resolve({ kind: "sent" });
      },
    };
    await addAnomaly(0, "checkout");
    await reach(1);
    const first = watch([receiver]);
    expect(kinds(await first.tick(true))).toEqual(["opened"]);
    expect(await first.tick(true)).toEqual([]);
    release();
    await first.close();
    hangs = false;
    await clock.advance(2000);
    const second = watch([receiver]);
    await second.tick(true);
    await second.close();
    expect(taken).toEqual(["opened"]);
  });

  it("is not late because nothing ran, only when it still is after a while", async () => {
    await reach(-600);
    const watching = watch([], 900);
    expect(await watching.tick(true)).toEqual([]);
    await clock.advance(901_000);
    const [late] = await watching.tick(true);
    expect(late.incident.kind).toBe("late");
    await watching.close();
  });
});
