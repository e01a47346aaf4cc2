import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeShop } from "../bench/input.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { ask, loadInto, makeFolder, textLines } from "./workbench.ts";

const KEY = "5a".repeat(32);
const MTIME_SECONDS = 1_772_500_000;

/** How a run differs from the others, in everything that must not show in a row. */
interface Way {
  readonly records: string;
  readonly startUs: number;
  readonly order: readonly number[];
}

const WAYS: readonly Way[] = [
  { records: "100000", startUs: Date.UTC(2026, 2, 3) * 1000, order: [0, 1, 2, 3] },
  { records: "97", startUs: Date.UTC(2031, 10, 30) * 1000, order: [3, 1, 0, 2] },
  { records: "350", startUs: Date.UTC(2026, 2, 3) * 1000, order: [2, 3, 1, 0] },
];

async function rowsOf({ records, startUs, order }: Way): Promise<{ events: unknown[]; windows: unknown[] }> {
  const folder = makeFolder();
  const data = join(folder, "data");
  const files = ["shop.log", "orders.json", "pay.log", "mixed.log"].map((name) => join(folder, name));
  writeShop("access", files[0], 600, 5);
  writeShop("json", files[1], 300, 5);
  writeShop("logfmt", files[2], 300, 5);
  // No time, an absurd time, an address to pseudonymise, an entry of several lines, bytes that are no text.
  writeFileSync(
    files[3],
    Buffer.from(
      `${textLines(150)}no time at all\n1969-01-01 00:00:00 too old\nmail to jo@example.org\nERROR a\n\tat b\n\xff\xfe\n${textLines(150, 150)}`,
      "latin1",
    ),
  );
  for (const file of files) utimesSync(file, MTIME_SECONDS, MTIME_SECONDS);
  await loadInto(
    data,
    order.map((i) => files[i]),
    {
      clock: createFakeClock(startUs),
      env: { WEIR_BATCH__RECORDS: records, WEIR_MASK_KEY: KEY },
    },
  );
  return {
    events: await ask(
      data,
      "SELECT * EXCEPT (topic, `partition`, `offset`, batch_start, stored_at), hex(line) AS hex FROM events ORDER BY ALL",
    ),
    windows: await ask(data, "SELECT * FROM partials_merged ORDER BY ALL"),
  };
}

describe("the same input", { timeout: 240_000 }, () => {
  it("gives the same rows and windows, whatever the time of loading, the size of batches and the order of files", async () => {
    const [first, ...others] = [await rowsOf(WAYS[0]), await rowsOf(WAYS[1]), await rowsOf(WAYS[2])];
    expect(first.events).toHaveLength(1505);
    expect(first.windows.length).toBeGreaterThan(10);
    expect(JSON.stringify(first.events)).toContain("<email:");
    for (const other of others) {
      expect(other.events).toEqual(first.events);
      expect(other.windows).toEqual(first.windows);
    }
  });

  it("gives other pseudonyms under another key, and nothing else", async () => {
    const masked = async (key: string) => {
      const folder = makeFolder();
      writeFileSync(join(folder, "app.log"), "mail to jo@example.org\n");
      await loadInto(join(folder, "data"), [join(folder, "app.log")], { env: { WEIR_MASK_KEY: key } });
      const [row] = await ask<{ body: string; template_id: string }>(
        join(folder, "data"),
        "SELECT body, template_id FROM events",
      );
      return row;
    };
    const [one, other] = [await masked(KEY), await masked("5b".repeat(32))];
    expect(one.body).toMatch(/^mail to <email:[^>]{11,}>$/);
    expect(other.body).not.toBe(one.body);
    expect(other.template_id).toBe(one.template_id);
  });
});
