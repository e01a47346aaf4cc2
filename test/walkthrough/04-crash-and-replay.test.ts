import { describe, expect, it } from "vitest";
import { createPipeline, type Pipeline } from "../../processors/pipeline.ts";
import { decodePlan } from "../../processors/plan/plan.ts";
import { type ProcessOptions, takeOver } from "../../processors/services/process.ts";
import { createMemoryClickHouse, type MemoryClickHouse } from "../support/memory-clickhouse.ts";
import { createMemorySource, type MemorySource } from "../support/memory-source.ts";

/*
 * Chapter 4: crash and replay.
 *
 * Two systems have to agree, the source (which knows how far it was read) and ClickHouse (which knows what is stored), and
 * no transaction spans both. So Weir writes down what it is about to do, does it, and writes down that it is done: the
 * plan, the inserts, the ledger row. Whoever finds the pieces after a crash can tell what is missing.
 *
 * Here the process is killed after every single step, and another takes over. The steps are those that leave a trace
 * outside: a commit at the source, an insert, a deletion. Between two of them a crash is the same as after the first.
 */

/** Two batches; the first one's events fall on two days, so that it takes two inserts of events. */
const LINES = [
  line(1, 23, 59, 58),
  line(1, 23, 59, 59),
  line(2, 0, 0, 0),
  "this is no access line",
  line(2, 0, 0, 1),
  line(2, 0, 0, 2),
];
const LIMIT = { recordsMax: 4, bytesMax: 1 << 20 };

function line(day: number, hour: number, minute: number, second: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const time = `${two(day)}/Mar/2026:${two(hour)}:${two(minute)}:${two(second)} +0000`;
  return `192.0.2.7 - - [${time}] "GET /a HTTP/1.1" 200 5 "-" "curl/8.0"`;
}

class Crash extends Error {}

interface World {
  readonly source: MemorySource;
  readonly store: MemoryClickHouse;
  /** Lets the process die after this many steps; Infinity: it lives. */
  crashAfter(steps: number): void;
}

function createWorld(): World {
  let left = Number.POSITIVE_INFINITY;
  const step = () => {
    if (--left === 0) throw new Crash();
  };
  const source = createMemorySource({ appendTimeUs: Date.UTC(2026, 2, 2, 0, 5) * 1000, onCommitted: step });
  source.append(LINES);
  return {
    source,
    store: createMemoryClickHouse(step),
    crashAfter(steps) {
      left = steps;
    },
  };
}

/** A pipeline as a new process makes it: it remembers nothing. */
function createFreshPipeline(): Pipeline {
  return createPipeline({
    parse: { format: "combined", isDeclared: true, source: "web", tenant: "default", service: "web" },
    rules: [{ name: "all", version: 1, windowSeconds: 60, groupBy: [], distinct: null, where: "all" }],
    maskOf: null,
    countryOf: () => "",
    versions: { transform: "1", config: "1", lookup: "1" },
    rowsMax: 10,
  });
}

/** One life of a process: takes the partition over and processes all there is. False: it died. */
async function live({ source, store }: World, options: Partial<ProcessOptions> = {}): Promise<boolean> {
  const signal = new AbortController().signal;
  try {
    const taken = await takeOver({
      source,
      store,
      pipeline: createFreshPipeline(),
      limit: LIMIT,
      version: "1",
      signal,
      ...options,
    });
    await taken.drain();
    return true;
  } catch (error) {
    if (error instanceof Crash) return false;
    throw error;
  }
}

/** What is stored, as what readers would count. */
function counts({ store }: World) {
  const tables = ["events", "dead_letters", "partials", "ledger"] as const;
  return Object.fromEntries(tables.map((table) => [table, store.rowsOf(table)]));
}

const ONCE = { events: 5, dead_letters: 1, partials: 3, ledger: 2 };

describe("a process that lives", () => {
  it("plans a batch, inserts its events by day and its dead letters, its partials beside them, and its ledger row last", async () => {
    const world = createWorld();
    expect(await live(world, { batchesPerPlan: 1 })).toBe(true);
    expect(world.store.log).toEqual([
      ...["insert events", "insert partials", "insert events", "insert dead_letters", "insert ledger"],
      ...["insert events", "insert partials", "insert ledger"],
    ]);
    expect(counts(world)).toEqual(ONCE);
  });

  it("inserts the partials of several batches at once, and so their ledger rows: small inserts are dear", async () => {
    const world = createWorld();
    expect(await live(world)).toBe(true);
    expect(world.store.log).toEqual([
      ...["insert events", "insert events", "insert dead_letters"],
      ...["insert events", "insert partials", "insert ledger"],
    ]);
    expect(counts(world)).toEqual(ONCE);
  });

  it("commits the plan of a batch with the offset where it starts, and no plan at the end", async () => {
    const world = createWorld();
    await live(world, { batchesPerPlan: 1 });
    const [first, second, last] = world.source.commits;
    const plan = decodePlan(first.offset, first.metadata);
    expect(plan).toMatchObject({ start: 0n, cuts: [second.offset], run: 0, attempt: 0, version: "1" });
    // One commit moves the offset past a batch and stores the plan of the next.
    expect(decodePlan(second.offset, second.metadata)?.start).toBe(second.offset);
    expect(last).toEqual({ offset: BigInt(LINES.join("\n").length + 1), metadata: "" });
  });
});

describe("a process that is killed", () => {
  it.each([
    // Three commits and eight inserts, or six where both batches are one plan: the loop sees them all.
    [1, 11],
    [2, 9],
  ])(
    "after any one step leaves what the next one completes, every row once (%i batches a plan)",
    async (batchesPerPlan, stepsInAll) => {
      let steps = 0;
      for (let isOver = false; !isOver; steps++) {
        const world = createWorld();
        world.crashAfter(steps + 1);
        isOver = await live(world, { batchesPerPlan });
        world.crashAfter(Number.POSITIVE_INFINITY);
        expect(await live(world)).toBe(true);
        expect(counts(world), `killed after step ${steps + 1}`).toEqual(ONCE);
      }
      expect(steps - 1).toBe(stepsInAll);
    },
  );

  it("after any two steps of two lives still leaves every row once", async () => {
    for (let first = 1; first <= 11; first++) {
      for (let second = 1; second <= 11; second++) {
        const world = createWorld();
        world.crashAfter(first);
        await live(world);
        world.crashAfter(second);
        await live(world);
        world.crashAfter(Number.POSITIVE_INFINITY);
        await live(world);
        expect(counts(world), `killed after ${first}, then after ${second}`).toEqual(ONCE);
      }
    }
  });

  it("is replayed in its planned range, however large batches may be now: the tokens stay the same", async () => {
    const world = createWorld();
    world.crashAfter(2);
    await live(world);
    world.crashAfter(Number.POSITIVE_INFINITY);
    await live(world, { limit: { recordsMax: 1000, bytesMax: 1 << 20 } });
    expect(counts(world)).toEqual(ONCE);
    expect(world.store.blocks.map(({ batchStart }) => batchStart)).toContain(world.source.commits[0].offset);
  });

  it("and comes back with other rules: what it left of the batch goes, and new tokens come", async () => {
    const world = createWorld();
    world.crashAfter(3);
    await live(world);
    world.crashAfter(Number.POSITIVE_INFINITY);
    await live(world, { version: "2" });
    expect(world.store.log).toContain("delete events");
    expect(counts(world)).toEqual(ONCE);
    const first = world.store.blocks.filter(({ batchStart }) => batchStart === 0n);
    expect(first.map(({ token }) => token.slice(0, 4))).toEqual(["0.1|", "0.1|", "0.1|", "0.1|", "0.1|"]);
  });
});

describe("a store that lost what it had acknowledged", () => {
  it("makes the next process go back to what is there", async () => {
    const world = createWorld();
    await live(world);
    // The second batch is gone, as after a restore of an older backup.
    const [, second] = world.source.commits;
    for (const table of ["events", "partials", "ledger", "dead_letters"])
      await world.store.command(`ALTER TABLE ${table} DELETE WHERE batch_start >= {from:Int64}`, {
        from: String(second.offset),
      });
    expect(counts(world)).not.toEqual(ONCE);
    await live(world);
    expect(counts(world)).toEqual(ONCE);
    expect(world.store.blocks.at(-1)?.run).toBe(1);
  });
});

describe("a source that is not what it was", () => {
  it("stops the partition instead of guessing", async () => {
    const world = createWorld();
    await live(world);
    await world.source.commit({ offset: 1_000_000n, metadata: "" });
    await expect(live(world)).rejects.toMatchObject({ code: expect.stringMatching(/^PLAN_/) });
    expect(counts(world)).toEqual(ONCE);
  });
});
