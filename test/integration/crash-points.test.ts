import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import { openFileSource } from "../../processors/files/file-source.ts";
import { openStdinSource } from "../../processors/files/stdin-source.ts";
import type { ClickHouse, InsertBlock, Source } from "../../processors/model/ports.ts";
import { detect } from "../../processors/parse/detect.ts";
import { takeOver } from "../../processors/services/process.ts";
import { openWorkplace, type Workplace } from "../../processors/services/workplace.ts";
import { createRandom } from "../mask/corpus.ts";
import { accountIn, configOf, inMemory, wholeAccount } from "./workbench.ts";

/*
 * Every point where a process can die, one after the other: the ports throw at call number k and at every later one.
 * Then everything is opened again and goes on, with another batch size or other rules. The rows must be there once.
 */

const RECORDS = 40;
const EVENTS = 34;
const DEAD_LETTERS = 4;

/** Records on two days, so that a batch has two inserts of events; some blank, some that are no JSON. */
function contentOf(topic: string): string {
  let content = "";
  for (let i = 0; i < RECORDS; i++) {
    const time = `2026-03-0${1 + (i % 2)}T10:00:${String(i).padStart(2, "0")}Z`;
    if (i % 20 === 7) content += "\n";
    else if (i % 10 === 3) content += `no JSON ${i}\n`;
    else content += `${JSON.stringify({ timestamp: time, message: `${topic} record ${i}` })}\n`;
  }
  return content;
}

let folder: string;
let workplace: Workplace;
beforeEach(async () => {
  folder = mkdtempSync(join(inMemory(), "weir-crash-"));
  workplace = await openWorkplace(configOf(join(folder, "data"), { env: { WEIR_BATCH__RECORDS: "100" } }));
});
afterEach(async () => {
  await workplace.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Life {
  /** The call, counted from 0, whose answer never arrives: it was done, but nobody knows. null: none. */
  readonly death: number | null;
  readonly recordsMax: number;
  /** Stands for the rules: other ones make other rows. */
  readonly version: string;
  /** The file is piped in. */
  readonly isPiped?: boolean;
  /** An insert that is the last call is not done: the store has only noted its token, and refuses it from then on. */
  readonly burnt?: Set<string>;
}

/** Something that is wrong with the program, as wrappers around its ports. */
interface Fault {
  source?(source: Source): Source;
  store?(store: ClickHouse): ClickHouse;
}

const CRASH = new Error("crash");

/** Calls go through here until death comes. */
function createMortality(death: number | null): <T>(call: (isLast: boolean) => Promise<T>) => Promise<T> {
  let calls = 0;
  let isDead = false;
  return async function step(call) {
    if (isDead) throw CRASH;
    const isLast = calls++ === death;
    const result = await call(isLast);
    if (isLast) isDead = true;
    if (isDead) throw CRASH;
    return result;
  };
}

async function openSource(topic: string, isPiped: boolean): Promise<Source> {
  const path = join(folder, `${topic}.log`);
  const common = {
    store: workplace.journal,
    topic,
    frame,
    recordBytesMax: 10_000,
    joins: () => false,
    detect,
    declaredFormat: "json",
  };
  if (!isPiped) return openFileSource({ ...common, path, endMeans: "final" });
  return openStdinSource({
    ...common,
    input: Readable.from([readFileSync(path)]),
    nowUs: () => Date.UTC(2026, 2, 3) * 1000,
  });
}

/** One process's life with the file of a topic; true when it came to the end. */
async function live(topic: string, life: Life, fault: Fault): Promise<boolean> {
  const { death, recordsMax, version, isPiped = false, burnt = new Set<string>() } = life;
  const step = createMortality(death);
  const file = await openSource(topic, isPiped);
  const mortalSource: Source = Object.assign(Object.create(file) as Source, {
    committed: () => step(() => file.committed()),
    commit: (commit: Parameters<Source["commit"]>[0]) => step(() => file.commit(commit)),
    release: (before: bigint) => step(() => file.release(before)),
  });
  const { store } = workplace;
  const burns = life.burnt !== undefined;
  const mortalStore: ClickHouse = {
    insert: (block) =>
      step(async (isLast) => {
        if (isLast && burns) burnt.add(block.token);
        if (!burnt.has(block.token)) await store.insert(block);
      }),
    query: (sql, parameters) => step(() => store.query(sql, parameters)),
    command: (sql, parameters) => step(() => store.command(sql, parameters)),
    close: async () => {},
  };
  try {
    const processor = await takeOver({
      source: fault.source?.(mortalSource) ?? mortalSource,
      store: fault.store?.(mortalStore) ?? mortalStore,
      pipeline: workplace.pipelineFor({
        source: topic,
        format: "json",
        isDeclared: true,
        tenant: "default",
        service: version,
      }),
      limit: { recordsMax, bytesMax: 1 << 20 },
      // Two plans of two batches where the first life reads ten records a batch.
      batchesPerPlan: 2,
      version,
      signal: new AbortController().signal,
    });
    await processor.drain();
    return true;
  } catch (error) {
    if (error !== CRASH) throw error;
    return false;
  } finally {
    await file.close();
  }
}

let topics = 0;

/** What is wrong after these lives, one after the other; null if nothing is. Also whether the first came to its end. */
async function outcomeOf(
  lives: readonly Life[],
  fault: Fault = {},
  between: (topic: string, livesBefore: number) => Promise<void> = async () => {},
): Promise<{ wrong: string | null; isOver: boolean }> {
  const topic = `t${topics++}`;
  writeFileSync(join(folder, `${topic}.log`), contentOf(topic));
  const ends: boolean[] = [];
  const told = JSON.stringify(lives);
  try {
    for (const life of lives) {
      await between(topic, ends.length);
      ends.push(await live(topic, life, fault));
    }
  } catch (error) {
    return { wrong: `${told}: ${String(error)}`, isOver: ends[0] === true };
  }
  const account = await accountIn(workplace.store, `topic = '${topic}'`);
  const [{ mixed }] = await workplace.store.query<{ mixed: string }>(
    `SELECT count() AS mixed FROM (SELECT batch_start FROM events WHERE topic = '${topic}' GROUP BY batch_start HAVING uniqExact(service_name) > 1)`,
  );
  const found = JSON.stringify({ ...account, mixed: Number(mixed) });
  return { wrong: found === EXPECTED ? null : `${told}: ${found}`, isOver: ends[0] };
}

const EXPECTED = JSON.stringify({
  ...wholeAccount(EVENTS),
  ledgerRecords: RECORDS,
  completeness: RECORDS,
  deadLetters: DEAD_LETTERS,
  distinctDeadLetters: DEAD_LETTERS,
  ledgerDeadLetters: DEAD_LETTERS,
  // Batches whose rows were made by two versions of the rules.
  mixed: 0,
});

/**
 * Dies at every call, once each, and goes on as `then`; what came out wrong, and how many deaths there were. Ends early
 * when so many came out wrong.
 */
async function everyDeath(then: Omit<Life, "death">, fault: Fault = {}, wrongsMax = Number.POSITIVE_INFINITY) {
  const wrongs: string[] = [];
  for (let death = 0; ; death++) {
    const { wrong, isOver } = await outcomeOf(
      [
        { ...then, recordsMax: 10, version: "a", death },
        { ...then, death: null },
      ],
      fault,
    );
    if (wrong !== null) wrongs.push(wrong);
    if (isOver || wrongs.length >= wrongsMax) return { deaths: death, wrongs };
  }
}

/** A store that takes every insert for a new one, and finds nothing in a table when it is asked before an insert. */
function forgetful(unseen?: string): Fault {
  let inserts = 0;
  return {
    store(store) {
      let isBefore = true;
      return {
        ...store,
        insert(block) {
          if (block.table === unseen) isBefore = false;
          return store.insert({ ...block, token: `token ${inserts++} of ${topics}` });
        },
        async query<Row>(sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
          const rows = await store.query<Row>(sql, parameters);
          if (unseen === undefined || !sql.includes(`AS found FROM ${unseen} `)) return rows;
          if (isBefore) return [{ found: "0" }] as Row[];
          isBefore = true;
          return rows;
        },
      };
    },
  };
}

/** A program that does not look again after an insert. */
const TRUSTING: Fault = {
  store(store) {
    const inserted = new Set<string>();
    return {
      ...store,
      insert(block) {
        inserted.add(block.table);
        return store.insert(block);
      },
      async query<Row>(sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
        const table = /AS found FROM (\w+) /.exec(sql)?.[1];
        if (table === undefined || !inserted.has(table)) return store.query<Row>(sql, parameters);
        inserted.delete(table);
        return [{ found: "1000000" }] as Row[];
      },
    };
  },
};

describe("a process that dies at any call and is started again", { timeout: 240_000 }, () => {
  for (const [then, change] of [
    [{ recordsMax: 27, version: "a" }, "with larger batches"],
    [{ recordsMax: 27, version: "a", isPiped: true }, "with larger batches of what is piped in again"],
    [{ recordsMax: 11, version: "b" }, "with other rules and smaller batches"],
  ] as const) {
    it(`leaves every row once when it starts ${change}`, async () => {
      const { deaths, wrongs } = await everyDeath(then);
      expect(wrongs).toEqual([]);
      expect(deaths).toBeGreaterThan(14);
    });
  }

  it("leaves every row once when the store has forgotten every token", async () => {
    const { deaths, wrongs } = await everyDeath({ recordsMax: 27, version: "a" }, forgetful());
    expect(wrongs).toEqual([]);
    expect(deaths).toBeGreaterThan(14);
  });

  it("leaves every row once when the store noted a token and died before it had the rows", async () => {
    const { deaths, wrongs } = await everyDeath({ recordsMax: 27, version: "a", burnt: new Set() });
    expect(wrongs).toEqual([]);
    expect(deaths).toBeGreaterThan(14);
  });

  it("leaves every row once when it dies while it removes another version's rows, and then starts as it was", async () => {
    const wrongs: (string | null)[] = [];
    for (const death of [3, 5, 6, 7, 8]) {
      const lives = [4, death, null].map((death, i): Life => ({ death, recordsMax: 20, version: i === 1 ? "b" : "a" }));
      wrongs.push((await outcomeOf(lives)).wrong);
    }
    expect(wrongs.filter((wrong) => wrong !== null)).toEqual([]);
  });

  it("leaves every row once when the store lost its last batch from the ledger, also if it dies while it goes back", async () => {
    const wrongs: (string | null)[] = [];
    const lose = async (topic: string, livesBefore: number) => {
      if (livesBefore !== 1) return;
      await workplace.store.command(
        `ALTER TABLE ledger DELETE WHERE topic = '${topic}' AND batch_start > 0 SETTINGS mutations_sync = 1`,
      );
    };
    for (const death of [2, 4, 6, 7, 9]) {
      const lives = [null, death, null].map((death): Life => ({ death, recordsMax: 20, version: "a" }));
      wrongs.push((await outcomeOf(lives, {}, lose)).wrong);
    }
    expect(wrongs.filter((wrong) => wrong !== null)).toEqual([]);
  });

  it("leaves every row once when it dies again and again, while it recovers too", async () => {
    const random = createRandom(11);
    const wrongs: (string | null)[] = [];
    for (let i = 0; i < 4; i++) {
      const lives = Array.from(
        { length: 4 },
        (): Life => ({
          death: random(12),
          recordsMax: 7 + random(30),
          version: random(3) === 0 ? "b" : "a",
        }),
      );
      wrongs.push((await outcomeOf([...lives, { death: null, recordsMax: 20, version: "a" }])).wrong);
    }
    expect(wrongs.filter((wrong) => wrong !== null)).toEqual([]);
  });
});

describe("these checks", { timeout: 240_000 }, () => {
  const larger = { recordsMax: 27, version: "a" };

  it("see that no plan is committed", async () => {
    const fault: Fault = {
      source: (source) =>
        Object.assign(Object.create(source) as Source, {
          commit: (commit: Parameters<Source["commit"]>[0]) => source.commit({ ...commit, metadata: "" }),
        }),
    };
    expect((await everyDeath(larger, fault, 1)).wrongs).not.toEqual([]);
  });

  for (const [what, table] of [
    ["whether events", "events"],
    ["whether dead letters", "dead_letters"],
  ] as const) {
    it(`see that inserts have no stable tokens and that nobody looks ${what} are stored`, async () => {
      expect((await everyDeath(larger, forgetful(table), 1)).wrongs).not.toEqual([]);
    });
  }

  it("see that nobody looks whether an insert that was acknowledged is there", async () => {
    expect((await everyDeath({ ...larger, burnt: new Set() }, TRUSTING, 1)).wrongs).not.toEqual([]);
  });

  it("see that records are released before the commit has passed them", async () => {
    let source: Source;
    const fault: Fault = {
      source(mortal) {
        source = mortal;
        return mortal;
      },
      store: (store) => ({
        ...store,
        async insert(block) {
          await store.insert(block);
          const batchEnd = /-([0-9]+)\|ledger\|/.exec(block.token)?.[1];
          if (batchEnd !== undefined) await source.release(BigInt(batchEnd) + 1n);
        },
      }),
    };
    expect((await everyDeath({ ...larger, isPiped: true }, fault, 1)).wrongs).not.toEqual([]);
  });

  it("see that the ledger is written first", async () => {
    const fault: Fault = {
      store(store) {
        let waiting: InsertBlock[] = [];
        return {
          ...store,
          async insert(block) {
            if (block.table !== "ledger") {
              waiting.push(block);
              return;
            }
            const blocks = [block, ...waiting];
            waiting = [];
            for (const each of blocks) await store.insert(each);
          },
        };
      },
    };
    expect((await everyDeath(larger, fault, 1)).wrongs).not.toEqual([]);
  });
});
