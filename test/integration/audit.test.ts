import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../processors/audit/judge.ts";
import { openStore, type Store } from "../../processors/clickhouse/store.ts";
import { openJournal } from "../../processors/journal/journal.ts";
import { systemClock } from "../../processors/runtime/clock.ts";
import { type AuditReport, auditIn } from "../../processors/services/audit.ts";
import { auditJson, auditText } from "../../processors/services/audit-report.ts";
import { replayDeadLetters } from "../../processors/services/dead-letters-replay.ts";
import { configOf, inMemory, loadInto, makeFolder, weir } from "./workbench.ts";

/** 60 lines of 20 bytes in 3 batches of 20: blank ones at 5, 25, 45, no JSON at 7, 27, 47. */
const LINES = 60;
const LINE_BYTES = 20;
const BATCH_RECORDS = 20;
const at = (line: number) => line * LINE_BYTES;

function lines(name: string): string {
  let text = "";
  for (let i = 0; i < LINES; i++) {
    const line = i % 20 === 5 ? "" : i % 20 === 7 ? `no ${name}` : JSON.stringify({ n: `${name} ${i}` });
    text += `${line.padEnd(LINE_BYTES - 1)}\n`;
  }
  return text;
}

const SOURCES = [
  "whole",
  "lost",
  "twice",
  "gap",
  "lap",
  "sums",
  "part",
  "ahead",
  "more",
  "loose",
  "dead",
  "old",
  "gone",
  "redone",
];
const of = (source: string) => `topic = '${source}'`;
const DELETE = "SETTINGS mutations_sync = 1";
const EVENT_COLUMNS =
  "timestamp, observed_timestamp, time_source, tenant, service_name, body, source, format, topic, `partition`, `offset`, `index`, batch_start";

/** What is done to each source's rows. */
const DAMAGE: Readonly<Record<string, readonly string[]>> = {
  lost: [`ALTER TABLE events DELETE WHERE ${of("lost")} AND \`offset\` IN (${at(2)}, ${at(3)}, ${at(30)}) ${DELETE}`],
  twice: [
    `INSERT INTO events (${EVENT_COLUMNS}) SELECT ${EVENT_COLUMNS} FROM events WHERE ${of("twice")} AND \`offset\` = ${at(22)}`,
  ],
  gap: [
    ...["ledger", "events", "partials", "dead_letters"].map(
      (table) => `ALTER TABLE ${table} DELETE WHERE ${of("gap")} AND batch_start = ${at(20)} ${DELETE}`,
    ),
  ],
  lap: [
    `INSERT INTO ledger SELECT * REPLACE (batch_start + 20 AS batch_start, 0 AS ok, 0 AS events, 0 AS dropped, 0 AS dead_letters, 0 AS records, [] AS \`minutes.minute\`, [] AS \`minutes.outcome\`, [] AS \`minutes.records\`) FROM ledger WHERE ${of("lap")} AND batch_end = ${at(40) - 1}`,
  ],
  sums: [`ALTER TABLE ledger UPDATE dropped = dropped + 1 WHERE ${of("sums")} AND batch_start = ${at(40)} ${DELETE}`],
  part: [
    `ALTER TABLE partials DELETE WHERE ${of("part")} AND batch_start = ${at(40)} AND rule = 'route_10s' ${DELETE}`,
  ],
  more: [
    `INSERT INTO events (${EVENT_COLUMNS}) SELECT ${EVENT_COLUMNS.replace("`offset`", "`offset` + 1")} FROM events WHERE ${of("more")} AND \`offset\` = ${at(22)}`,
  ],
  loose: [
    `INSERT INTO events (${EVENT_COLUMNS}) SELECT ${EVENT_COLUMNS.replace("batch_start", "90000").replace("`offset`", "90000")} FROM events WHERE ${of("loose")} AND \`offset\` = ${at(22)}`,
  ],
  dead: [`ALTER TABLE dead_letters DELETE WHERE ${of("dead")} AND \`offset\` = ${at(27)} ${DELETE}`],
  old: [
    `ALTER TABLE ledger UPDATE stored_at = now() - INTERVAL 31 DAY WHERE ${of("old")} AND batch_start < ${at(40)} ${DELETE}`,
    `ALTER TABLE events DELETE WHERE ${of("old")} AND batch_start = 0 ${DELETE}`,
    `ALTER TABLE dead_letters DELETE WHERE ${of("old")} AND batch_start = 0 ${DELETE}`,
  ],
  gone: [
    `ALTER TABLE events DELETE WHERE ${of("gone")} AND \`offset\` IN (${at(2)}, ${at(30)}) ${DELETE}`,
    "INSERT INTO erasures (id, events, dead_letters, `removed.topic`, `removed.partition`, `removed.events`, `removed.dead_letters`) VALUES ('r', 2, 0, ['gone'], [0], [2], [0])",
  ],
};

describe("weir audit", { timeout: 240_000 }, () => {
  let folder: string;
  let before: AuditReport;
  let after: AuditReport;
  let inPieces: AuditReport;

  beforeAll(async () => {
    folder = mkdtempSync(join(inMemory(), "weir audit "));
    const data = join(folder, "data");
    const surroundings = { env: { WEIR_BATCH__RECORDS: String(BATCH_RECORDS) } };
    const files = SOURCES.map((name) => join(folder, `${name}.log`));
    for (const [i, file] of files.entries()) writeFileSync(file, lines(SOURCES[i]));
    await loadInto(data, files, { format: "json", ...surroundings });
    const config = configOf(data, surroundings);
    const { signal } = new AbortController();
    await replayDeadLetters({
      config,
      clock: systemClock,
      signal,
      code: null,
      source: "redone",
      format: "text",
      isDry: false,
    });
    const store = await openStore({ dataDir: data });
    const journal = await openJournal(data);
    try {
      const place = { config, store, journal, formats: [], clock: systemClock, isAlone: true };
      before = await auditIn(place);
      for (const statement of Object.values(DAMAGE).flat()) await store.command(statement);
      await journal.commit("ahead", 0, { offset: BigInt(at(70)), metadata: "" });
      after = await auditIn(place);
      inPieces = await auditIn({ ...place, stretchEvents: 30 });
    } finally {
      await journal.close();
      await store.close();
    }
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const found = (source: string): Pick<Finding, "code" | "ranges">[] =>
    after.findings.filter(({ topic }) => topic === source).map(({ code, ranges }) => ({ code, ranges }));
  const one = (code: string, ...ranges: [number, number][]) => [
    { code, ranges: ranges.map((range) => range.map(BigInt)) },
  ];

  it("finds nothing in what was loaded, dead letters that were replayed included", () => {
    expect(before.findings).toEqual([]);
    expect(before.partitions).toHaveLength(SOURCES.length);
    expect(before.partitions.find(({ topic }) => topic === "redone")).toMatchObject({
      records: 60,
      events: 57,
      eventsFound: 57,
      deadLettersFound: 0,
    });
    expect(auditText(before)).toContain("840 records of 14 partitions are accounted for, each once.");
  });

  it.each([
    [
      "an event that is missing, by its offset",
      "lost",
      one("EVENTS_MISSING", [at(2), at(2)], [at(3), at(3)], [at(30), at(30)]),
    ],
    ["an event that is there twice", "twice", one("EVENTS_REPEATED", [at(22), at(22)])],
    ["a gap in the ledger", "gap", one("LEDGER_GAP", [at(20), at(40) - 1])],
    ["batches that overlap", "lap", one("LEDGER_OVERLAP", [at(21), at(40) - 1])],
    ["counts that don't add up", "sums", one("LEDGER_SUMS", [at(40), at(60) - 1])],
    ["shares of windows that are missing", "part", one("PARTIALS_DIFFER", [at(40), at(60) - 1])],
    ["a commit that is further than the ledger", "ahead", one("COMMIT_BEYOND_LEDGER", [at(60), at(70) - 1])],
    ["an event too many", "more", one("EVENTS_UNCOUNTED", [at(20), at(40) - 1])],
    ["events of a batch that nobody knows", "loose", one("EVENTS_UNCOUNTED", [90_000, 90_000])],
    ["a dead letter that is missing", "dead", one("DEAD_LETTERS_MISSING", [at(20), at(40) - 1])],
    ["nothing where retention took rows", "old", []],
    ["nothing where rows were erased", "gone", []],
    ["nothing where nothing was touched", "whole", []],
  ])("finds %s", (_, source, findings) => {
    expect(found(source)).toEqual(findings);
  });

  it("comes to the same in pieces", () => {
    const sorted = (report: AuditReport) => report.findings.map(({ text }) => text).sort();
    expect(sorted(inPieces)).toEqual(sorted(after));
  });

  it("writes lines of at most 100 columns but for its findings, and JSON", () => {
    const [table] = auditText(after).split("\n\n");
    expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(JSON.parse(auditJson(after))).toMatchObject({ isRight: false });
  });

  it("is a command that fails when something is wrong", async () => {
    const folder = makeFolder();
    const data = join(folder, "data");
    expect(await weir(["audit", "--data", data])).toMatchObject({ code: 1, stdout: "" });
    writeFileSync(join(folder, "a.log"), lines("a"));
    await loadInto(data, [join(folder, "a.log")], { format: "json" });
    expect(await weir(["audit", "--data", data])).toMatchObject({ code: 0, stderr: "" });
    const store: Store = await openStore({ dataDir: data });
    await store.command(`ALTER TABLE events DELETE WHERE \`offset\` = 0 ${DELETE}`);
    await store.close();
    const ended = await weir(["audit", "--json", "--data", data]);
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.stdout).findings).toMatchObject([{ code: "EVENTS_MISSING", ranges: [["0", "0"]] }]);
  });
});
