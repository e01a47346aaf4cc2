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

/** A stretch of time in which a shop ran: what truth.csv is made of again at every start. */
interface Session {
  readonly seed: number;
  readonly ratePerSecond: number;
  readonly from: number;
  readonly to: number;
}

const SESSIONS = "simulator.sessions";
/** After a pause (a suspended laptop, a slow start) at most this many seconds are made up for. */
const CATCH_UP_SECONDS_MAX = 10;

export interface ShopFeed {
  readonly sources: readonly { readonly source: JournalSource; readonly reading: Reading }[];
  /** Appends the lines of the seconds that have passed since the last call. */
  advance(): Promise<void>;
  /** Brings DIR/truth.csv up to date. */
  writeTruth(): Promise<void>;
}

/** Feeds the simulated shop's lines into the journal as time passes. A later start goes on in the same partitions. */
export async function openShopFeed(
  { journal, config }: Workplace,
  { seed, ratePerSecond, clock }: { readonly seed: number; readonly ratePerSecond: number; readonly clock: Clock },
): Promise<ShopFeed> {
  const shopOf = (session: Pick<Session, "seed" | "ratePerSecond">): Shop => createShop({ ...session, startUs: 0 });
  const shop = shopOf({ seed, ratePerSecond });
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
  const from = secondNow();
  let next = from;

  return {
    sources,
    async advance() {
      const now = secondNow();
      next = Math.max(next, now - CATCH_UP_SECONDS_MAX);
      const begin = next;
      next = Math.max(next, now);
      for (const [index, { service }] of SERVICES.entries()) {
        let lines = "";
        for (let second = begin; second < next; second++) {
          const text = shop.lines(service, second);
          if (text !== "") lines += text + "\n";
        }
        if (lines !== "") await sources[index].source.append(Buffer.from(lines, "latin1"), clock.nowUs());
      }
    },
    async writeTruth() {
      const all = [...sessions, { seed, ratePerSecond, from, to: next }];
      await journal.putMeta(SESSIONS, JSON.stringify(all));
      const incidents = all.flatMap((session) => shopOf(session).incidents(session.from, session.to));
      const path = join(config.data.directory, "truth.csv");
      await writeFile(`${path}.new`, truthCsv(incidents));
      await rename(`${path}.new`, path);
    },
  };
}
