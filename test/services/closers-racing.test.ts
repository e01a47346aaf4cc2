import { afterEach, describe, expect, it } from "vitest";
import { createPublisher } from "../../processors/journal/topic.ts";
import { WeirError } from "../../processors/model/errors.ts";
import type { ClickHouse } from "../../processors/model/ports.ts";
import type { Closer } from "../../processors/services/closer.ts";
import type { Workplace } from "../../processors/services/workplace.ts";
import { readWholeTopic } from "../support/read-whole-topic.ts";
import { type ClosingBench, openClosingBench } from "./closing-bench.ts";
import {
  Crash,
  createRandom,
  DISTANT,
  differences,
  differencesOfValues,
  NOON,
  stored,
  storeStep,
} from "./closing-oracle.ts";
import { expectConsumed } from "./consumer.ts";

let bench: ClosingBench;
afterEach(() => bench.end());

/** The bench's workplace as a process has it that neither sees others nor waits for them; `over`: what is another's of its store. */
function alone(over: Partial<ClickHouse> = {}): Workplace {
  const { journal, store } = bench.workplace;
  return {
    ...bench.workplace,
    journal: { ...journal, lock: async () => async () => {} },
    store: { ...store, ...over },
  };
}

function publisher() {
  const { journal } = bench.workplace;
  return createPublisher(journal, "weir.windows", { ageUsMax: 1e15, bytesMax: 1e9 }, bench.clock.nowUs);
}

async function expectExact(): Promise<void> {
  const [{ watermark }] = await bench.query<{ watermark: string }>(
    "SELECT toString(toUnixTimestamp64Micro(max(watermark))) AS watermark FROM cuts",
  );
  expect(await differences(bench, Number(watermark))).toEqual([]);
  expect(await differencesOfValues(bench, Number(watermark))).toEqual([]);
  await expectConsumed(readWholeTopic(bench.workplace.journal, "weir.windows"), bench.query);
}

describe("two closers", () => {
  it("that tick at the same time make each cut once, and windows that are what their events add up to", async () => {
    bench = await openClosingBench(DISTANT, NOON);
    const random = createRandom(11);
    const open = () => bench.openCloser({ workplace: alone(), publisher });
    const closers: Closer[] = [await open(), await open()];
    let fenced = 0;
    for (let step = 0; step < 4; step++) {
      await storeStep(bench, random, step);
      await bench.clock.advance(12_000);
      const ticks = await Promise.allSettled(closers.map((closer) => closer.tick(false)));
      for (const [i, tick] of ticks.entries()) {
        if (tick.status === "fulfilled") continue;
        expect(tick.reason).toBeInstanceOf(WeirError);
        expect(tick.reason).toMatchObject({ code: "CLOSE_FENCED" });
        fenced++;
        await closers[i].close();
        closers[i] = await open();
      }
    }
    await Promise.allSettled(closers.map((closer) => closer.tick(true)));
    for (const closer of closers) await closer.close();
    const last = await open();
    for (let i = 0; i < 3; i++) await last.tick(true);
    await last.close();
    expect(fenced).toBeGreaterThan(0);
    await expectExact();
    const [cuts] = await bench.query("SELECT count() = max(cut_id) AS is_each_once FROM cuts");
    expect(cuts).toEqual({ is_each_once: 1 });
  }, 120_000);

  it("of which one finds its number taken carry out the cut that is there, and go on from it", async () => {
    bench = await openClosingBench(DISTANT, NOON);
    const random = createRandom(5);
    let rival: Closer | null = null;
    let races = 0;
    const { store } = bench.workplace;
    const slow = alone({
      async insert(block) {
        if (block.table === "cuts" && rival !== null) {
          // More has come by the time that the other one decides.
          await storeStep(bench, random, 10 + races++);
          await rival.tick(false);
        }
        await store.insert(block);
      },
    });
    const unheard = () => ({ begin: async () => "", commit: async () => {}, close: async () => {} });
    const closer = await bench.openCloser({ workplace: slow, publisher });
    rival = await bench.openCloser({ workplace: alone(), publisher: unheard });
    for (let step = 0; step < 3; step++) {
      await storeStep(bench, random, step);
      await bench.clock.advance(12_000);
      await closer.tick(false);
    }
    await rival.close();
    rival = null;
    for (let i = 0; i < 3; i++) await closer.tick(true);
    await closer.close();
    expect(races).toBe(3);
    await expectExact();
  }, 120_000);
});

describe("a closer", () => {
  it("that died while ClickHouse noted a token without keeping the rows is followed by one that stores them", async () => {
    const play = async (burns: boolean): Promise<unknown[]> => {
      bench = await openClosingBench(DISTANT, NOON);
      const random = createRandom(3);
      const { store } = bench.workplace;
      const burnt = new Set<unknown>();
      let lives = 0;
      const burning = alone({
        async command(sql, parameters) {
          const token = parameters?.["token"];
          if (burnt.has(token)) return;
          // Tokens of second attempts have a number at their end.
          if (burns && token !== undefined && String(token).split("|").length === 4) {
            burnt.add(token);
            throw new Crash();
          }
          await store.command(sql, parameters);
        },
      });
      for (let step = 0; step < 2; step++) {
        await storeStep(bench, random, step);
        await bench.clock.advance(12_000);
        for (let isDone = false; !isDone; lives++) {
          try {
            const closer = await bench.openCloser({ workplace: burning, publisher });
            await closer.tick(false);
            await closer.close();
            isDone = true;
          } catch (error) {
            if (!(error instanceof Crash)) throw error;
          }
        }
      }
      if (burns) expect(lives).toBeGreaterThan(6);
      await expectConsumed(readWholeTopic(bench.workplace.journal, "weir.windows"), bench.query);
      return stored(bench);
    };
    const whole = await play(false);
    await bench.end();
    expect(await play(true)).toEqual(whole);
  }, 120_000);
});
