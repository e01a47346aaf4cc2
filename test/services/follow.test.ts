import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../processors/runtime/logger.ts";
import { followFiles, type Inputs } from "../../processors/services/follow.ts";
import { openPartition } from "../../processors/services/partition.ts";
import type { FinishedBatch } from "../../processors/services/process.ts";
import { openWorkplace, type Workplace } from "../../processors/services/workplace.ts";
import { configOf, inMemory, textLines } from "../integration/workbench.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { createFakeOutput, type FakeOutput } from "../support/fake-output.ts";

let folder: string;
let workplace: Workplace;
let inputs: Inputs;
let clock: FakeClock;
let log: FakeOutput;
/** Records that were stored since the last look at them. */
let stored: number;

beforeEach(async () => {
  folder = mkdtempSync(join(inMemory(), "weir-follow-"));
  clock = createFakeClock();
  log = createFakeOutput();
  stored = 0;
});
afterEach(async () => {
  await inputs.close();
  await workplace.close();
  rmSync(folder, { recursive: true, force: true });
});

async function follow(files: readonly string[], yaml = ""): Promise<void> {
  const config = configOf(join(folder, "data"), { yaml });
  workplace = await openWorkplace(config);
  const { signal } = new AbortController();
  const logger = createLogger({ level: "info", output: log, clock });
  const onBatch = ({ row }: FinishedBatch) => {
    stored += row.records;
  };
  inputs = followFiles({ config, files, clock, signal, logger }, workplace, (source, reading) =>
    openPartition(workplace, { source, reading, signal, logger: null, onBatch }),
  );
}

/** Records that a round stores. */
async function round(): Promise<number> {
  stored = 0;
  await inputs.drain();
  return stored;
}

function warnings(): { code: string; file: string }[] {
  return log.written.map((line) => JSON.parse(line));
}

describe("files of configured sources", { timeout: 60_000 }, () => {
  it("are looked for again every ten seconds, and belong to the first source that names them", async () => {
    const [a, b] = ["a.log", "b.log"].map((name) => join(folder, name));
    writeFileSync(a, textLines(10));
    await follow(
      [],
      JSON.stringify({ sources: ["one", "two"].map((name) => ({ name, files: [`${folder}/*.log*`] })) }),
    );
    expect(await round()).toBe(10);
    writeFileSync(b, textLines(7, 500));
    await clock.advance(9999);
    expect(await round()).toBe(0);
    await clock.advance(1);
    expect(await round()).toBe(7);
    expect(await workplace.store.query("SELECT DISTINCT source FROM events")).toEqual([{ source: "one" }]);
    expect(log.written).toEqual([]);
  });

  it("are stored once when they are rotated, compressed and deleted under a pattern that matches all of that", async () => {
    const file = join(folder, "a.log");
    writeFileSync(file, textLines(10));
    await follow([], JSON.stringify({ sources: [{ name: "one", files: [`${folder}/a.log*`] }] }));
    expect(await round()).toBe(10);
    renameSync(file, `${file}.1`);
    appendFileSync(`${file}.1`, textLines(3, 10));
    writeFileSync(file, textLines(4, 900));
    await clock.advance(10_000);
    expect(await round()).toBe(3);
    expect(await round()).toBe(4);
    writeFileSync(`${file}.1.gz`, gzipSync(textLines(13)));
    unlinkSync(`${file}.1`);
    await clock.advance(10_000);
    expect([await round(), await round()]).toEqual([0, 0]);
    unlinkSync(`${file}.1.gz`);
    await clock.advance(10_000);
    expect([await round(), await round()]).toEqual([0, 0]);
    expect(warnings().map(({ code }) => code)).toEqual([]);
  });
});

describe("a followed file that can't be read", { timeout: 60_000 }, () => {
  it("is told once, tried every ten seconds, and holds no other up", async () => {
    const [bad, good] = ["bad.log", "good.log"].map((name) => join(folder, name));
    mkdirSync(bad);
    writeFileSync(good, textLines(5));
    await follow([bad, good]);
    expect(await round()).toBe(5);
    expect(await round()).toBe(0);
    rmSync(bad, { recursive: true });
    writeFileSync(bad, textLines(8, 300));
    expect(await round()).toBe(0);
    await clock.advance(10_000);
    expect(await round()).toBe(8);
    expect(warnings()).toMatchObject([{ level: "warn", file: bad, code: "SOURCE_UNREADABLE" }]);
  });

  it("is told again when it fails after it was read", async () => {
    const file = join(folder, "a.log");
    await follow([file]);
    for (const lines of [4, 6]) {
      writeFileSync(file, textLines(lines, lines * 100));
      expect(await round()).toBe(lines);
      writeFileSync(file, textLines(1, 1));
      expect(await round()).toBe(0);
      expect(await round()).toBe(1);
    }
    expect(warnings().map(({ code }) => code)).toEqual(["SOURCE_TRUNCATED", "SOURCE_TRUNCATED"]);
  });

  it("is no failure when it is not there yet", async () => {
    const file = join(folder, "a.log");
    await follow([file]);
    expect(await round()).toBe(0);
    writeFileSync(file, textLines(2));
    expect(await round()).toBe(2);
    expect(log.written).toEqual([]);
  });
});
