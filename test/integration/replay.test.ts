import { appendFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { replayLettersIn } from "../../processors/services/dead-letters-replay.ts";
import { erase } from "../../processors/services/erase.ts";
import { type ReplaySelection, replayRangeIn } from "../../processors/services/replay.ts";
import { whileAlone } from "../../processors/services/replay-lock.ts";
import { finishSwap } from "../../processors/services/replay-swap.ts";
import { openWorkplace, type Workplace } from "../../processors/services/workplace.ts";
import {
  accountOf,
  ask,
  askValue,
  configOf,
  loadInto,
  makeFolder,
  start,
  textLines,
  until,
  weir,
  wholeAccount,
} from "./workbench.ts";

const UTC = "batch:\n  records: 20\n";
const BERLIN = "batch:\n  records: 20\nsources:\n  - name: jobs\n    timezone: Europe/Berlin\n    service: nightly\n";
const ALL: ReplaySelection = {
  range: { fromUs: 0, toUs: Date.UTC(2100, 0, 1) * 1000 },
  source: null,
  format: null,
  isDry: false,
  signal: new AbortController().signal,
};

/** Lines around midnight: read in another zone, most of them fall on another day. */
function content(): string {
  let text = "";
  for (let i = 0; i < 100; i++) {
    const minute = 23 * 60 + i * 2;
    const day = minute < 1440 ? "01" : "02";
    const time = `${String(Math.floor(minute / 60) % 24).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
    text += i % 30 === 7 ? "\n" : `2026-03-${day} ${time}:00 ${i % 9 === 0 ? "ERROR" : "INFO"} job ${i} done\n`;
  }
  return text;
}
const EVENTS = 96;

async function loaded(yaml: string, text = content()): Promise<{ readonly data: string; readonly file: string }> {
  const folder = makeFolder();
  const data = join(folder, "data");
  const file = join(folder, "jobs.log");
  writeFileSync(file, text);
  utimesSync(file, 1_772_500_000, 1_772_500_000);
  await loadInto(data, [file], { yaml });
  return { data, file };
}

async function inWorkplace<T>(data: string, yaml: string, work: (workplace: Workplace) => Promise<T>): Promise<T> {
  const workplace = await openWorkplace(configOf(data, { yaml }));
  try {
    return await work(workplace);
  } finally {
    await workplace.close();
  }
}

type Asker = <Row>(sql: string) => Promise<Row[]>;

/** Everything that readers may see but when it was stored. */
async function readable(asked: Asker): Promise<unknown> {
  return {
    events: await asked("SELECT * EXCEPT stored_at, line FROM events ORDER BY topic, `partition`, `offset`"),
    letters: await asked("SELECT * EXCEPT stored_at FROM dead_letters ORDER BY topic, `partition`, `offset`"),
    windows: await asked("SELECT * FROM partials_merged ORDER BY rule, window_start, key"),
    ledger: await asked("SELECT * EXCEPT (stored_at, run) FROM ledger ORDER BY topic, `partition`, batch_start"),
    completeness: await asked("SELECT * FROM completeness"),
    tables: await asked(
      "SELECT name FROM system.tables WHERE database = 'weir' AND name NOT LIKE 'replay%' ORDER BY name",
    ),
  };
}
const readableOf = (data: string): Promise<unknown> => readable((sql) => ask(data, sql));

describe("weir replay", { timeout: 240_000 }, () => {
  it("leaves the tables as a first load with the new rules makes them, and a second time changes nothing", async () => {
    const { data } = await loaded(UTC);
    const first = await inWorkplace(data, BERLIN, (workplace) => replayRangeIn(workplace, ALL));
    expect(first).toMatchObject({ batches: 6, changedBatches: 6, gone: [] });
    expect(first.tables[0]).toMatchObject({ before: EVENTS, after: EVENTS, added: 0, removed: 0, changed: EVENTS });
    expect(first.tables[0].columns).toMatchObject({ timestamp: EVENTS, service_name: EVENTS });
    const after = await readableOf(data);
    const fresh = await loaded(BERLIN);
    expect(after).toEqual(await readableOf(fresh.data));
    const second = await inWorkplace(data, BERLIN, (workplace) => replayRangeIn(workplace, ALL));
    expect(second).toMatchObject({ batches: 6, changedBatches: 0 });
    expect(await readableOf(data)).toEqual(after);
    expect(await askValue(data, "SELECT max(run) FROM ledger")).toBe(1);
    expect(await ask(data, "SHOW TABLES LIKE 'replay%'")).toEqual([]);
  });

  it("shows the difference and changes nothing in a dry run", async () => {
    const { data } = await loaded(UTC);
    const before = await readableOf(data);
    const told = await inWorkplace(data, BERLIN, (workplace) => replayRangeIn(workplace, { ...ALL, isDry: true }));
    expect(told).toMatchObject({ changedBatches: 6 });
    expect(await readableOf(data)).toEqual(before);
  });

  it("takes the batches that the range touches, whole, and leaves the others as they are", async () => {
    const { data } = await loaded(UTC);
    const range = { fromUs: Date.UTC(2026, 2, 2, 0, 30) * 1000, toUs: Date.UTC(2026, 2, 2, 0, 31) * 1000 };
    const told = await inWorkplace(data, BERLIN, (workplace) => replayRangeIn(workplace, { ...ALL, range }));
    expect(told).toMatchObject({ batches: 1, changedBatches: 1 });
    expect(await askValue(data, "SELECT countIf(service_name = 'nightly') FROM events")).toBe(20);
    expect(await accountOf(data)).toEqual({ ...wholeAccount(EVENTS), ledgerRecords: 100, completeness: 100 });
  });

  it("exchanges only batches that come out otherwise", async () => {
    const { data } = await loaded(UTC);
    const half = { fromUs: 0, toUs: Date.UTC(2026, 2, 2, 0, 20) * 1000 };
    await inWorkplace(data, BERLIN, (workplace) => replayRangeIn(workplace, { ...ALL, range: half }));
    const told = await inWorkplace(data, BERLIN, (workplace) => replayRangeIn(workplace, ALL));
    expect(told).toMatchObject({ batches: 6, changedBatches: 4 });
    expect(await ask(data, "SELECT run, count() AS n FROM ledger GROUP BY run ORDER BY run")).toEqual([
      { run: 1, n: "2" },
      { run: 2, n: "4" },
    ]);
    const fresh = await loaded(BERLIN);
    expect(await readableOf(data)).toEqual(await readableOf(fresh.data));
  });

  it("leaves batches as they are whose source is gone, and says so", async () => {
    const { data, file } = await loaded(UTC);
    const before = await readableOf(data);
    rmSync(file);
    const told = await inWorkplace(data, BERLIN, (workplace) => replayRangeIn(workplace, ALL));
    expect(told).toMatchObject({
      changedBatches: 0,
      gone: [{ topic: "jobs", partition: 0, batches: 6, events: EVENTS }],
    });
    expect(await readableOf(data)).toEqual(before);
  });

  it("takes dead letters and their corrections into account", async () => {
    const mixed = content().replaceAll(/^.*job 1\d done$/gm, '{"message":"from JSON"}');
    const { data } = await loaded("batch:\n  records: 20\nsources:\n  - name: jobs\n    format: json\n", mixed);
    expect(await accountOf(data)).toMatchObject({ events: 10, deadLetters: 86 });
    await inWorkplace(data, UTC, (workplace) => replayLettersIn(workplace, { ...ALL, code: null, format: "text" }));
    expect(await accountOf(data)).toMatchObject({ events: EVENTS, partials: EVENTS, deadLetters: 0 });
    await inWorkplace(data, UTC, (workplace) => replayRangeIn(workplace, { ...ALL, format: "text" }));
    expect(await accountOf(data)).toEqual({ ...wholeAccount(EVENTS), ledgerRecords: 100, completeness: 100 });
    const fresh = await loaded("batch:\n  records: 20\nsources:\n  - name: jobs\n    format: text\n", mixed);
    // Entries of one format may have several lines and those of the other not: batches of a first load end elsewhere.
    const rows = (folder: string) =>
      ask(folder, "SELECT * EXCEPT (stored_at, batch_start), line FROM events ORDER BY `offset`");
    const windows = (folder: string) => ask(folder, "SELECT * FROM partials_merged ORDER BY rule, window_start, key");
    expect(await rows(data)).toEqual(await rows(fresh.data));
    expect(await windows(data)).toEqual(await windows(fresh.data));
    expect(await ask(data, "SELECT * FROM completeness")).toEqual(await ask(fresh.data, "SELECT * FROM completeness"));
  });
});

const CRASH = new Error("crash");

/** A workplace whose writes stop at one: it was done, but nobody hears of it. */
function mortal(workplace: Workplace, death: number): Workplace {
  let calls = 0;
  async function step<T>(call: () => Promise<T>): Promise<T> {
    if (calls > death) throw CRASH;
    const result = await call();
    if (calls++ === death) throw CRASH;
    return result;
  }
  const mortalStore = (store: Workplace["store"]): Workplace["store"] => ({
    ...store,
    insert: (block) => step(() => store.insert(block)),
    command: (sql, parameters) => step(() => store.command(sql, parameters)),
  });
  const journal = Object.assign(Object.create(workplace.journal) as Workplace["journal"], {
    putMeta: (name: string, value: string) => step(() => workplace.journal.putMeta(name, value)),
  });
  return {
    ...workplace,
    store: mortalStore(workplace.store),
    journal,
    alone: (work) => workplace.alone((store) => work(mortalStore(store))),
  };
}

describe("a replay that dies at any write and is started again", { timeout: 240_000 }, () => {
  it("leaves everything as it was or as it is to be, and once", async () => {
    const { data } = await loaded("", content().split("\n").slice(20, 42).join("\n") + "\n");
    const wrong: string[] = [];
    let deaths = 0;
    await inWorkplace(data, UTC, async (workplace) => {
      const now = () => readable((sql) => workplace.store.query(sql)).then((value) => JSON.stringify(value));
      const formats = ["json", "text"];
      const expected: string[] = [];
      for (const format of formats) {
        await replayRangeIn(workplace, { ...ALL, format });
        expected.push(await now());
      }
      for (let isOver = false; !isOver; deaths++) {
        const which = deaths % 2;
        const selection = { ...ALL, format: formats[which] };
        isOver = await replayRangeIn(mortal(workplace, deaths), selection).then(
          () => true,
          (error) => {
            if (error !== CRASH) throw error;
            return false;
          },
        );
        // Whoever opens the store next leaves it as it was or as it is to be.
        await finishSwap(workplace);
        if (!expected.includes(await now())) wrong.push(`death ${deaths}, finished`);
        // Every third one dies again while it goes on.
        if (!isOver && deaths % 3 === 0) await replayRangeIn(mortal(workplace, 4), selection).catch(() => {});
        await replayRangeIn(workplace, selection);
        if ((await now()) !== expected[which]) wrong.push(`death ${deaths}`);
      }
    });
    expect(wrong).toEqual([]);
    expect(deaths).toBeGreaterThan(30);
  });
});

describe("a replay beside a process that follows a file", { timeout: 240_000 }, () => {
  it("loses nothing of what is written meanwhile", async () => {
    const { data } = await loaded(UTC);
    const folder = makeFolder();
    const followed = join(folder, "live.log");
    writeFileSync(followed, textLines(10));
    const running = start(["run", followed, "--data", data]);
    await until(
      "the first lines are stored",
      async () => (await running.askValue(data, "SELECT count() FROM events")) === EVENTS + 10,
    );
    let written = 10;
    let isOver = false;
    onTestFinished(() => {
      isOver = true;
    });
    const writing = (async () => {
      while (!isOver) {
        appendFileSync(followed, textLines(5, written));
        written += 5;
        await sleep(50);
      }
    })();
    for (const format of ["json", "text"]) {
      const ended = await weir([
        "replay",
        "--from",
        "2026-03-01",
        "--to",
        "2100-01-01",
        "--source",
        "jobs",
        "--format",
        format,
        "--json",
        "--data",
        data,
      ]);
      expect(ended.stderr).toBe("");
      expect(JSON.parse(ended.stdout).changedBatches).toBeGreaterThan(0);
    }
    isOver = true;
    await writing;
    await until(
      "the last lines are stored",
      async () => (await running.askValue(data, "SELECT count() FROM events WHERE topic = 'live'")) === written,
    );
    running.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ code: 0 });
    expect(await accountOf(data)).toEqual({
      ...wholeAccount(EVENTS + written),
      ledgerRecords: 100 + written,
      completeness: 100 + written,
    });
  });
});

describe("erasing beside a replay", { timeout: 240_000 }, () => {
  it("is refused: what is staged would bring the subject back", async () => {
    const { data } = await loaded("");
    await inWorkplace(data, "", (workplace) =>
      whileAlone(workplace, async () => {
        const erasing = erase({
          config: configOf(data),
          tenant: "default",
          pseudonym: "<email:0123456789abcdef>",
          value: null,
          dryRun: false,
        });
        await expect(erasing).rejects.toMatchObject({ code: "SOURCE_BUSY" });
      }),
    );
  });
});
