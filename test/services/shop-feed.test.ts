import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Journal, openJournal } from "../../processors/journal/journal.ts";
import { openShopFeed, type ShopFeed, type ShopFeedOptions } from "../../processors/services/shop-feed.ts";
import { SHOP_SERVICES } from "../../processors/simulate/services.ts";
import { createShop } from "../../processors/simulate/shop.ts";
import { configOf } from "../support/config-of.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";

/** 2026-03-02T12:00:00Z. */
const NOON = 1_772_452_800;
const SHOP = { seed: 8, ratePerSecond: 5, timezone: "Europe/Madrid", incidentsPerDay: 48 };
const DAY = 86_400;

let folder: string;
let journal: Journal;
let clock: FakeClock;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "weir-shop-feed-"));
  journal = await openJournal(folder);
  clock = createFakeClock(NOON * 1e6 + 5 * DAY * 1e6);
});

afterEach(async () => {
  await journal.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: Partial<ShopFeedOptions> = {}, of: Journal = journal): Promise<ShopFeed> {
  const config = { ...configOf("{}"), data: { ...configOf("{}").data, directory: folder } };
  return openShopFeed({ journal: of, config }, { ...SHOP, speed: 600, fromSecond: NOON, clock, ...options });
}

async function close(feed: ShopFeed): Promise<void> {
  for (const { source } of feed.sources) await source.close();
}

/** What is in the journal, by service; entries must be of the time before their append time. */
function contents(): string[] {
  return SHOP_SERVICES.map((service) => {
    const spool = journal.spool(`simulator.${service}`, 0);
    let text = "";
    for (let chunk = spool.read(0); chunk !== null; chunk = spool.read(text.length))
      text += chunk.bytes.toString("latin1");
    return text;
  });
}

function linesOf(from: number, to: number): string[] {
  const shop = createShop({ ...SHOP, startUs: 0 });
  return SHOP_SERVICES.map((service) => {
    let text = "";
    for (let second = from; second < to; second++) {
      const lines = shop.lines(service, second);
      if (lines !== "") text += `${lines}\n`;
    }
    return text;
  });
}

async function run(feed: ShopFeed, ticks: number, ms = 1000): Promise<void> {
  for (let tick = 0; tick < ticks; tick++) {
    await clock.advance(ms);
    await feed.advance();
    await feed.writeTruth();
  }
}

describe("a shop with a time of its own", () => {
  it.each([
    [1, 40, 1500],
    [60, 1, 1000],
    [30, 4, 500],
  ])("at speed %d in %d steps of %d ms has the lines of a minute", async (speed, ticks, ms) => {
    const feed = await open({ speed });
    await run(feed, ticks, ms);
    expect(feed.clock.nowUs()).toBe((NOON + 60) * 1e6);
    expect(contents()).toEqual(linesOf(NOON, NOON + 60));
    await close(feed);
  });

  it("appends at the time of the lines, and begins now unless told otherwise", async () => {
    const feed = await open({ fromSecond: null });
    await run(feed, 1);
    const chunk = journal.spool("simulator.shop-orders", 0).read(0)!;
    const now = NOON + 5 * DAY;
    expect(chunk.appendTimeUs).toBeGreaterThan(now * 1e6);
    expect(chunk.appendTimeUs).toBeLessThanOrEqual((now + 600) * 1e6);
    await close(feed);
  });

  it("goes on at the next start where it was, at whatever speed", async () => {
    const first = await open();
    await run(first, 2);
    await close(first);
    const second = await open({ speed: 90, fromSecond: NOON - DAY });
    await run(second, 1);
    expect(contents()).toEqual(linesOf(NOON, NOON + 1290));
    const truth = readFileSync(join(folder, "truth.csv"), "utf8").trim().split("\n").slice(1);
    const expected = createShop({ ...SHOP, startUs: 0 }).incidents(NOON, NOON + 1290);
    expect([...new Set(truth)].length).toBe(expected.length);
    await close(second);
  });

  it.each([0, 1, 2, 3, 4, 5, 6])("killed after %d appends of its second step, has every line once", async (appends) => {
    let left = Number.POSITIVE_INFINITY;
    const mortal: Journal = {
      ...journal,
      spool(topic, partition) {
        const spool = journal.spool(topic, partition);
        return {
          ...spool,
          append(bytes, atUs) {
            if (left-- <= 0) throw new Error("killed");
            return spool.append(bytes, atUs);
          },
        };
      },
    };
    const first = await open({}, mortal);
    await run(first, 1);
    left = appends;
    await clock.advance(1000);
    await first.advance().catch(() => {});
    await close(first);
    const second = await open();
    const reached = second.clock.nowUs() / 1e6;
    expect(reached).toBe(NOON + (appends === 0 ? 600 : 1200));
    expect(contents()).toEqual(linesOf(NOON, reached));
    await run(second, 1);
    expect(contents()).toEqual(linesOf(NOON, reached + 600));
    await close(second);
  });
});
