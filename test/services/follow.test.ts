import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
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

describe("files of configured sources", { timeout: 240_000 }, () => {
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
    expect(await round()).toBe(7);
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

describe("a followed file that can't be read", { timeout: 240_000 }, () => {
  it("is told once, tried every ten seconds, and holds no other up", async () => {
    const [bad, good] = ["bad.log", "good.log"].map((name) => join(folder, name));
    writeFileSync(bad, Buffer.of(0x1f, 0x8b, 8, 255, 255, 255));
    writeFileSync(good, textLines(5));
    await follow([bad, good]);
    expect(await round()).toBe(5);
    expect(await round()).toBe(0);
    writeFileSync(bad, textLines(8, 300));
    expect(await round()).toBe(0);
    await clock.advance(10_000);
    expect(await round()).toBe(8);
    expect(warnings()).toMatchObject([{ level: "warn", file: bad, code: "SOURCE_CORRUPT" }]);
  });

  it("is read anew when it was cut, or written anew with more than it had", async () => {
    const file = join(folder, "a.log");
    await follow([file]);
    for (const lines of [4, 6]) {
      writeFileSync(file, textLines(lines, lines * 100));
      expect(await round()).toBe(lines);
      writeFileSync(file, textLines(1, lines));
      expect(await round()).toBe(1);
    }
    expect(log.written.map((line) => JSON.parse(line).message)).toEqual(
      Array(3).fill("File was cut; it is read anew."),
    );
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

describe("rotation of a file that is followed by its path alone", { timeout: 240_000 }, () => {
  const gone = async () => {
    await clock.advance(5000);
    return round();
  };

  it("is read to its end after it was renamed, and its last line counts when nobody writes to it any more", async () => {
    const file = join(folder, "a.log");
    writeFileSync(file, textLines(10));
    await follow([file]);
    expect(await round()).toBe(10);
    renameSync(file, `${file}.1`);
    writeFileSync(file, textLines(4, 900));
    expect(await round()).toBe(4);
    appendFileSync(`${file}.1`, `${textLines(2, 10)}half`);
    expect(await round()).toBe(2);
    expect(await gone()).toBe(1);
    appendFileSync(file, "half");
    unlinkSync(file);
    expect(await round()).toBe(0);
    expect(await gone()).toBe(1);
  });

  it("is found in the copy that was made before it was cut", async () => {
    const file = join(folder, "a.log");
    writeFileSync(file, textLines(10));
    await follow([file]);
    expect(await round()).toBe(10);
    appendFileSync(file, textLines(5, 10));
    copyFileSync(file, `${file}.1`);
    // More than there was: the length alone does not tell.
    writeFileSync(file, textLines(30, 500));
    expect(await round()).toBe(30);
    expect(await round()).toBe(5);
    expect((await workplace.store.query("SELECT uniqExact(line) AS n, count() AS all FROM events"))[0]).toEqual({
      n: "45",
      all: "45",
    });
  });

  it("is gone on with after a restart, wherever rotation has brought it, and so is what came after it", async () => {
    const file = join(folder, "a.log");
    writeFileSync(file, textLines(10));
    await follow([file]);
    expect(await round()).toBe(10);
    await inputs.close();
    await workplace.close();
    writeFileSync(`${file}.2.gz`, gzipSync(textLines(14)));
    writeFileSync(`${file}.1`, textLines(20, 100));
    unlinkSync(file);
    writeFileSync(file, textLines(3, 200));
    utimesSync(`${file}.1`, 4e9, 4e9);
    await follow([file]);
    expect(await round()).toBe(3);
    await clock.advance(3000);
    expect(await round()).toBe(4);
    await clock.advance(3000);
    expect(await round()).toBe(20);
  });
});

describe("a folder that is followed", { timeout: 240_000 }, () => {
  it("is read with what appears in it, each file once whatever its names, and without what is no text", async () => {
    const logs = join(folder, "logs");
    mkdirSync(join(logs, "deep"), { recursive: true });
    writeFileSync(join(logs, "a.log"), textLines(3));
    symlinkSync(join(logs, "a.log"), join(logs, "latest.log"));
    writeFileSync(join(logs, "wtmp"), Buffer.alloc(5000));
    await follow([logs]);
    expect(await round()).toBe(3);
    writeFileSync(join(logs, "deep", "b.log"), textLines(4, 50));
    await clock.advance(10_000);
    expect(await round()).toBe(4);
    expect(log.written.map((line) => JSON.parse(line))).toMatchObject([
      { level: "info", files: 1, message: "Files that hold no text are left out." },
    ]);
  });

  it("has other files behind a link that is set anew", async () => {
    const [a, b, link] = ["a.txt", "b.txt", "current"].map((name) => join(folder, name));
    writeFileSync(a, textLines(3));
    writeFileSync(b, textLines(4, 50));
    symlinkSync(a, link);
    await follow([link]);
    expect(await round()).toBe(3);
    unlinkSync(link);
    symlinkSync(b, link);
    expect(await round()).toBe(4);
  });
});
