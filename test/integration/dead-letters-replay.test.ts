import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { parsePosition, showDeadLetter } from "../../processors/services/dead-letters.ts";
import { type LetterSelection, replayLettersIn } from "../../processors/services/dead-letters-replay.ts";
import { openWorkplace, type Workplace } from "../../processors/services/workplace.ts";
import {
  accountIn,
  accountOf,
  ask,
  askValue,
  configOf,
  loadInto,
  makeFolder,
  weir,
  wholeAccount,
} from "./workbench.ts";

/** Lines of two days, every fifth no JSON; two of those hold an address. */
function content(): string {
  let text = "";
  for (let i = 0; i < 60; i++) {
    const at = `2026-03-0${1 + (i % 2)}T10:00:${String(i).padStart(2, "0")}Z`;
    if (i % 5 !== 3) text += `${JSON.stringify({ timestamp: at, level: "info", message: `order ${i} placed` })}\n`;
    else text += `ts=${at} level=error msg="order failed" user=${i < 12 ? `u${i}@example.org` : `u${i}`}\n`;
  }
  return text;
}
const LETTERS = 12;
const DECLARED = "batch:\n  records: 20\nsources:\n  - name: shop\n    format: json\n";
const AUTO = "batch:\n  records: 20\nsources:\n  - name: shop\n    format: auto\n";
const ALL: LetterSelection = {
  code: null,
  source: null,
  format: null,
  isDry: false,
  signal: new AbortController().signal,
};
const AS_AUTO: LetterSelection = { ...ALL, format: "auto" };

interface Loaded {
  readonly data: string;
  readonly file: string;
}

async function loaded(yaml: string, stdin = false): Promise<Loaded> {
  const folder = makeFolder();
  const data = join(folder, "data");
  const file = join(folder, "shop.log");
  writeFileSync(file, content());
  if (stdin) await loadInto(data, ["-"], { yaml, source: "shop", stdin: Readable.from([Buffer.from(content())]) });
  else await loadInto(data, [file], { yaml });
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

/** Everything that readers may see, without when it was stored and by which batch. */
async function readable(data: string): Promise<unknown> {
  return {
    events: await ask(
      data,
      "SELECT * EXCEPT (stored_at, batch_start, observed_timestamp), line FROM events ORDER BY `offset`",
    ),
    letters: await ask(
      data,
      "SELECT * EXCEPT (stored_at, batch_start, observed_timestamp) FROM dead_letters ORDER BY `offset`",
    ),
    windows: await ask(data, "SELECT * FROM partials_merged ORDER BY rule, window_start, key"),
    counts: await ask(
      data,
      "SELECT sum(records), sum(ok), sum(dropped), sum(dead_letters), sum(events) FROM ledger FINAL",
    ),
    completeness: await ask(data, "SELECT records, ok, dropped, dead_letters FROM completeness"),
  };
}

describe("weir dead-letters replay", { timeout: 240_000 }, () => {
  it("leaves the tables as a first load with the new rules makes them, and a second time changes nothing", async () => {
    const { data } = await loaded(DECLARED);
    const fresh = await loaded(AUTO);
    expect(await askValue(data, "SELECT count() FROM dead_letters")).toBe(LETTERS);
    const [told] = await inWorkplace(data, AUTO, (workplace) => replayLettersIn(workplace, AS_AUTO));
    expect(told).toMatchObject({ letters: LETTERS, events: LETTERS, fromFile: LETTERS, refused: 0, unreadable: 0 });
    const after = await readable(data);
    expect(masked(after)).toEqual(masked(await readable(fresh.data)));
    expect(await accountOf(data)).toMatchObject({
      events: 60,
      distinct: 60,
      partials: 60,
      unaccounted: 0,
      ledgerDeadLetters: 0,
    });
    const again = await inWorkplace(data, AUTO, (workplace) => replayLettersIn(workplace, AS_AUTO));
    expect(again).toEqual([]);
    expect(await readable(data)).toEqual(after);
  });

  it("reads each line of a W3C log by the header before it, in whichever batch that stands", async () => {
    const fields = ["date time c-ip cs-method cs-uri-stem sc-status", "date time sc-status cs-uri-stem cs-method c-ip"];
    let text = "";
    for (let i = 0; i < 90; i++) {
      const at = `2026-03-01 10:00:${String(i % 60).padStart(2, "0")}`;
      if (i === 0 || i === 50) text += `#Fields: ${fields[i === 0 ? 0 : 1]}\n`;
      text += i < 50 ? `${at} 192.0.2.${i} GET /a/${i} 200\n` : `${at} 404 /b/${i} POST 192.0.2.${i}\n`;
    }
    const folder = makeFolder();
    const file = join(folder, "shop.log");
    writeFileSync(file, text);
    const [data, fresh] = [join(folder, "data"), join(folder, "fresh")];
    const w3c = DECLARED.replace("json", "w3c");
    await loadInto(data, [file], { yaml: DECLARED });
    await loadInto(fresh, [file], { yaml: w3c });
    expect(await askValue(data, "SELECT count() FROM dead_letters")).toBe(92);
    const [told] = await inWorkplace(data, w3c, (workplace) => replayLettersIn(workplace, ALL));
    expect(told).toMatchObject({ letters: 92, events: 90, dropped: 2, refused: 0 });
    expect(masked(await readable(data))).toEqual(masked(await readable(fresh)));
  });

  it("changes nothing in a dry run, and tells what it would do", async () => {
    const { data } = await loaded(DECLARED);
    const before = await readable(data);
    const [told] = await inWorkplace(data, AUTO, (workplace) =>
      replayLettersIn(workplace, { ...AS_AUTO, isDry: true }),
    );
    expect(told).toMatchObject({ letters: LETTERS, events: LETTERS });
    expect(await readable(data)).toEqual(before);
  });

  it("lets those stay that are refused still, with the reason that they have now", async () => {
    const { data } = await loaded(DECLARED);
    const same = await inWorkplace(data, DECLARED, (workplace) => replayLettersIn(workplace, ALL));
    expect(same[0]).toMatchObject({ letters: LETTERS, events: 0, refused: LETTERS, refusedAnew: 0 });
    expect(await askValue(data, "SELECT count() FROM ledger FINAL")).toBe(3);
    await inWorkplace(data, DECLARED, (workplace) => replayLettersIn(workplace, { ...ALL, format: "combined" }));
    expect(await ask(data, "SELECT DISTINCT code, reason FROM dead_letters")).toEqual([
      { code: "PARSE_NOT_COMBINED", reason: "The line is not of the declared format combined." },
    ]);
    expect(await accountOf(data)).toMatchObject({ deadLetters: LETTERS, ledgerDeadLetters: LETTERS, unaccounted: 0 });
    expect(await ask(data, "SELECT DISTINCT outcomes FROM completeness")).toEqual([
      { outcomes: { ok: "48", "dead_letter PARSE_NOT_COMBINED": "12" } },
    ]);
  });

  it("makes records out of what was kept where the source is gone, if that is whole and masking changed nothing", async () => {
    const { data } = await loaded(DECLARED, true);
    const [told] = await inWorkplace(data, AUTO, (workplace) => replayLettersIn(workplace, AS_AUTO));
    expect(told).toMatchObject({ letters: LETTERS, events: 10, fromFile: 0, fromPayload: 10, unreadable: 2 });
    expect(await accountOf(data)).toMatchObject({ events: 58, partials: 58, deadLetters: 2, ledgerDeadLetters: 2 });
  });

  it("doesn't take another file for the one that was loaded", async () => {
    const { data, file } = await loaded(DECLARED);
    writeFileSync(file, content().replace("order 59 placed", "order 59 PLACED"));
    const [told] = await inWorkplace(data, AUTO, (workplace) => replayLettersIn(workplace, AS_AUTO));
    expect(told).toMatchObject({ fromFile: 0, fromPayload: 10, unreadable: 2 });
  });

  it("reads a record that was too long, once it may be that long", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const file = join(folder, "long.log");
    writeFileSync(file, `{"message":"a"}\n{"message":"${"x".repeat(3000)}"}\n{"message":"b"}\n`);
    await loadInto(data, [file], { yaml: "batch:\n  record_bytes: 2KiB\n" });
    expect(await askValue(data, "SELECT count() FROM events")).toBe(2);
    await inWorkplace(data, "", (workplace) => replayLettersIn(workplace, ALL));
    expect(await askValue(data, "SELECT max(length(body)) FROM events")).toBe(3000);
    expect(await accountOf(data)).toMatchObject({ events: 3, partials: 3, deadLetters: 0, ledgerDeadLetters: 0 });
  });

  it("finds a file again that rotation has renamed", async () => {
    const { data, file } = await loaded(DECLARED);
    renameSync(file, `${file}.1`);
    const [told] = await inWorkplace(data, AUTO, (workplace) => replayLettersIn(workplace, AS_AUTO));
    expect(told).toMatchObject({ fromFile: LETTERS });
    rmSync(`${file}.1`);
  });
});

/** Pseudonyms differ from one data directory to the next. */
function masked(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replace(/<email:[0-9a-f]{16}>/g, "<email>"));
}

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
  const store = Object.assign(Object.create(workplace.store) as Workplace["store"], {
    insert: (block: Parameters<Workplace["store"]["insert"]>[0]) => step(() => workplace.store.insert(block)),
    command: (sql: string, parameters?: Readonly<Record<string, unknown>>) =>
      step(() => workplace.store.command(sql, parameters)),
  });
  const journal = Object.assign(Object.create(workplace.journal) as Workplace["journal"], {
    putMeta: (name: string, value: string) => step(() => workplace.journal.putMeta(name, value)),
  });
  return { ...workplace, store, journal };
}

/** As many sources as there are ways to die, in one store. */
const LIVES_MAX = 14;

describe("a replay of dead letters that dies at any write and is started again", { timeout: 240_000 }, () => {
  it("leaves every event, count and window once", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    const files = Array.from({ length: LIVES_MAX }, (_, i) => {
      const file = join(folder, `s${i}.log`);
      writeFileSync(file, `{"message":"first of ${i}"}\n${content()}`);
      return file;
    });
    await loadInto(data, files, { yaml: "batch:\n  records: 45\n", format: "json" });
    const wrong: string[] = [];
    let deaths = 0;
    await inWorkplace(data, "batch:\n  records: 45\n", async (workplace) => {
      for (let isOver = false; !isOver; deaths++) {
        const selection = { ...AS_AUTO, source: `s${deaths}` };
        isOver = await replayLettersIn(mortal(workplace, deaths), selection).then(
          () => true,
          (error) => {
            if (error !== CRASH) throw error;
            return false;
          },
        );
        // And once more, while it finishes what was left.
        if (!isOver) await replayLettersIn(mortal(workplace, 4), selection).catch(() => {});
        await replayLettersIn(workplace, selection);
        const account = await accountIn(workplace.store, `topic = 's${deaths}'`);
        const [levels] = await workplace.store.query(
          `SELECT countIf(severity_text = 'error') AS errors FROM events WHERE topic = 's${deaths}'`,
        );
        const { misplacedTiles: _, ...found } = { ...account, ...(levels as object) };
        const { misplacedTiles: __, ...expected } = { ...wholeAccount(61), errors: `${LETTERS}` };
        if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push(`death ${deaths}: ${JSON.stringify(found)}`);
      }
    });
    expect(wrong).toEqual([]);
    expect(deaths).toBeGreaterThan(10);
  });
});

describe("weir dead-letters show", () => {
  it("tells everything that is known of one", async () => {
    const { data } = await loaded(DECLARED);
    const [{ position, offset }] = await ask<{ position: string; offset: string }>(
      data,
      "SELECT concat(topic, '/', toString(`partition`), '@', toString(`offset`)) AS position, `offset` FROM dead_letters ORDER BY `offset` LIMIT 1",
    );
    const text = await showDeadLetter({ dataDir: data, ...parsePosition([position]), json: false });
    expect(text).toMatch(/code +PARSE_NOT_JSON/);
    expect(text).toMatch(/batch_end +\d+/);
    expect(text).toMatch(/payload \(cut or masked\):\nts=.* user=<email:[0-9a-f]{16}>/);
    const json = await showDeadLetter({ dataDir: data, ...parsePosition(["shop", "0", offset]), json: true });
    expect(JSON.parse(json)).toMatchObject({ topic: "shop", offset, code: "PARSE_NOT_JSON", payload_is_exact: 0 });
    const ended = await weir(["dead-letters", "show", "shop/0@1", "--data", data]);
    expect(ended).toMatchObject({ code: 2 });
    expect(ended.stderr).toMatch(/no dead letter at shop\/0@1/);
  });
});
