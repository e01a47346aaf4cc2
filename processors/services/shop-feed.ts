import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { frame } from "../decode/frame.ts";
import { type JournalSource, openJournalSource } from "../journal/journal-source.ts";
import type { Clock } from "../model/ports.ts";
import { SHOP_SERVICES, type ShopService } from "../simulate/services.ts";
import { createShop, type Shop } from "../simulate/shop.ts";
import { truthCsv } from "../simulate/truth.ts";
import type { Reading, Workplace } from "./workplace.ts";

/** How the lines of the simulated shop's services are read. */
const FORMATS = {
  "shop-front": "combined",
  "shop-orders": "json",
  "shop-payments": "logfmt",
  "shop-jobs": "text",
  "shop-admin": "json",
} as const satisfies Record<ShopService, string>;
const SERVICES = SHOP_SERVICES.map((service) => ({ service, format: FORMATS[service] }));

/** What a shop's lines depend on, beside the second. */
interface ShopSettings {
  readonly seed: number;
  readonly ratePerSecond: number;
  /** IANA name. Sessions of earlier versions have neither this nor the next: then the shop's defaults hold. */
  readonly timezone: string;
  readonly incidentsPerDay: number;
}

/** A stretch of time in which a shop ran: what truth.csv is made of again at every start. */
interface Session extends ShopSettings {
  /** Epoch seconds; the lines of [from, to) are in the journal. */
  readonly from: number;
  readonly to: number;
  /** Where the partitions ended then. Only if time was the shop's own: it goes on from there, to the byte. */
  readonly ends?: readonly number[];
}

export interface ShopFeedOptions extends ShopSettings {
  /** Seconds of the shop per second of the clock. */
  readonly speed: number;
  /** Epoch second at which a shop with a time of its own begins, unless it is past that already; null: now. */
  readonly fromSecond: number | null;
  readonly clock: Clock;
}

const SESSIONS = "simulator.sessions";
/** After a pause (a suspended laptop, a slow start) at most this many seconds are made up for. */
const CATCH_UP_SECONDS_MAX = 10;
/** What one step of a shop with a time of its own brings at most; where the store is slower, its time is. */
const LINES_PER_STEP = 200_000;
const APPEND_CHARS = 1 << 20;

export interface ShopFeed {
  readonly sources: readonly { readonly source: JournalSource; readonly reading: Reading }[];
  /** The shop's time: lines are appended at it, and all before it are there. */
  readonly clock: Clock;
  /** Appends the lines of the seconds that have passed since the last call. */
  advance(): Promise<void>;
  /** Brings DIR/truth.csv up to date. */
  writeTruth(): Promise<void>;
}

/**
 * Feeds the simulated shop's lines into the journal as time passes. A later start goes on in the same partitions. With another
 * speed than 1 or a start of its own the shop has a time of its own, in which no second is left out and none comes twice, also
 * when the process is killed: lines are a function of their second, so the length of a partition says which it has.
 */
export async function openShopFeed(
  { journal, config }: Pick<Workplace, "journal" | "config">,
  { speed, fromSecond, clock, ...rest }: ShopFeedOptions,
): Promise<ShopFeed> {
  const { seed, ratePerSecond, timezone, incidentsPerDay } = rest;
  const settings: ShopSettings = { seed, ratePerSecond, timezone, incidentsPerDay };
  const shopOf = (of: ShopSettings): Shop => createShop({ ...of, startUs: 0 });
  const shop = shopOf(settings);
  const sources = await Promise.all(
    SERVICES.map(async ({ service, format }) => ({
      source: await openJournalSource({
        journal,
        topic: `simulator.${service}`,
        partition: 0,
        format,
        frame,
        join: false,
        recordBytesMax: config.batch.recordBytesMax,
      }),
      reading: { source: service, format, isDeclared: false, tenant: "default", service },
    })),
  );
  const secondNow = (): number => Math.floor(clock.nowUs() / 1_000_000);
  const sessions = JSON.parse(journal.getMeta(SESSIONS) ?? "[]") as Session[];
  await finishLast();
  const reached = Math.max(0, ...sessions.map(({ to }) => to));
  const isOwnTime = speed !== 1 || fromSecond !== null || reached > secondNow();
  const from = isOwnTime ? Math.max(fromSecond ?? secondNow(), reached) : secondNow();
  let next = from;
  let steppedAtMs = clock.monotonicMs();
  /** Of a second that has not passed yet. */
  let part = 0;
  if (isOwnTime) await note();

  /** Appends the lines of [begin, end), in pieces that end with a second; `timeOf` gives it an append time. */
  async function append(
    of: Shop,
    index: number,
    [begin, end]: readonly [number, number],
    timeOf: (second: number) => number,
  ): Promise<void> {
    const { source, reading } = sources[index];
    let lines = "";
    for (let second = begin; second < end; second++) {
      const text = of.lines(reading.service, second);
      if (text !== "") lines += `${text}\n`;
      if (lines === "" || (lines.length < APPEND_CHARS && second + 1 < end)) continue;
      await source.append(Buffer.from(lines, "latin1"), timeOf(second));
      lines = "";
    }
  }

  /** Brings the partitions of a shop that was killed in its own time to one second. */
  async function finishLast(): Promise<void> {
    const last = sessions.at(-1);
    if (last?.ends === undefined) return;
    const killed = shopOf(last);
    const reached: number[] = [];
    for (const [index, { source, reading }] of sources.entries()) {
      let second = last.to;
      let bytes = Number((await source.range()).end) - (last.ends[index] ?? 0);
      for (; bytes > 0; second++) {
        const { length } = killed.lines(reading.service, second);
        if (length > 0) bytes -= length + 1;
      }
      reached.push(second);
    }
    const to = Math.max(...reached);
    for (const index of sources.keys()) await append(killed, index, [reached[index], to], endOf);
    sessions[sessions.length - 1] = { ...last, to, ends: await endsNow() };
  }

  async function endsNow(): Promise<number[]> {
    return Promise.all(sources.map(async ({ source }) => Number((await source.range()).end)));
  }

  async function note(): Promise<Session[]> {
    const ends = isOwnTime ? { ends: await endsNow() } : {};
    const all = [...sessions, { ...settings, from, to: next, ...ends }];
    await journal.putMeta(SESSIONS, JSON.stringify(all));
    return all;
  }

  function stepSeconds(): number {
    const nowMs = clock.monotonicMs();
    const passed = Math.min(CATCH_UP_SECONDS_MAX, (nowMs - steppedAtMs) / 1000) * speed + part;
    steppedAtMs = nowMs;
    const most = Math.max(1, Math.floor(LINES_PER_STEP / ratePerSecond));
    const seconds = Math.min(most, Math.floor(passed));
    part = Math.min(1, passed - seconds);
    return seconds;
  }

  return {
    sources,
    clock: isOwnTime ? { ...clock, nowUs: () => next * 1_000_000 } : clock,
    async advance() {
      const now = isOwnTime ? next + stepSeconds() : secondNow();
      if (!isOwnTime) next = Math.max(next, now - CATCH_UP_SECONDS_MAX);
      const timeOf = isOwnTime ? endOf : clock.nowUs;
      const begin = next;
      const end = Math.max(next, now);
      for (const index of sources.keys()) await append(shop, index, [begin, end], timeOf);
      next = end;
    },
    async writeTruth() {
      const all = await note();
      const incidents = all.flatMap((session) => shopOf(session).incidents(session.from, session.to));
      const path = join(config.data.directory, "truth.csv");
      await writeFile(`${path}.new`, truthCsv(incidents));
      await rename(`${path}.new`, path);
    },
  };
}

function endOf(epochSecond: number): number {
  return (epochSecond + 1) * 1_000_000;
}
