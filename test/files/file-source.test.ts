import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import { type FileSource, type FileSourceOptions, openFileSource } from "../../processors/files/file-source.ts";
import { type Journal, openJournal } from "../../processors/journal/journal.ts";
import type { Source } from "../../processors/model/ports.ts";

let dir: string;
let journal: Journal;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "weir-files-"));
  journal = await openJournal(join(dir, "data"));
});
afterEach(async () => {
  await journal.close();
  rmSync(dir, { recursive: true });
});

function open(name: string, options: Partial<FileSourceOptions> = {}): Promise<FileSource> {
  return openFileSource({
    store: journal,
    topic: "logs",
    frame,
    recordBytesMax: 10_000,
    joins: () => false,
    detect: (sample) => (sample.startsWith("{") ? "json" : "plain"),
    path: join(dir, name),
    endMeans: "final",
    ...options,
  });
}

/** Reads on from the commit, committing each batch; the lines. */
async function drain(source: Source, batches = Number.POSITIVE_INFINITY): Promise<string[]> {
  const lines: string[] = [];
  let from = (await source.committed())?.offset ?? 0n;
  for (let i = 0; i < batches; i++) {
    const batch = await source.read(from, { recordsMax: 100, bytesMax: 1 << 20 });
    if (batch === null) break;
    for (let i = 0; i < batch.count; i++) lines.push(batch.text.slice(batch.begins[i], batch.ends[i]));
    from = batch.nextOffset;
    await source.commit({ offset: from, metadata: "" });
  }
  return lines;
}

/** Append times of the batches from the commit on, which is moved. */
async function appendTimes(source: Source): Promise<number[]> {
  const times: number[] = [];
  for (let from = (await source.committed())?.offset ?? 0n; ; ) {
    const batch = await source.read(from, { recordsMax: 100, bytesMax: 1 << 20 });
    if (batch === null) return times;
    times.push(batch.appendTimeUs);
    from = batch.nextOffset;
    await source.commit({ offset: from, metadata: "" });
  }
}

/** What a load of a file takes in, and where it went. */
async function load(name: string, options: Partial<FileSourceOptions> = {}) {
  const source = await open(name, options);
  const lines = await drain(source);
  const { partition, isCopyOf, isComplete } = source;
  await source.close();
  return { lines: lines.length, partition, isCopyOf, isComplete };
}

function lines(count: number, from = 0): string {
  return Array.from({ length: count }, (_, i) => `2024-05-01 INFO line number ${from + i}\n`).join("");
}

function write(name: string, content: string | Buffer): void {
  writeFileSync(join(dir, name), content);
}

describe("a file", () => {
  it("is loaded once, however often it is named", async () => {
    write("a.log", lines(500));
    expect(await load("a.log")).toEqual({ lines: 500, partition: 0, isCopyOf: null, isComplete: true });
    expect(await load("a.log")).toEqual({ lines: 0, partition: 0, isCopyOf: null, isComplete: true });
  });

  it("goes on in its partition when it has grown, under any name", async () => {
    write("a.log", lines(500));
    await load("a.log");
    appendFileSync(join(dir, "a.log"), lines(20, 500));
    expect(await load("a.log")).toMatchObject({ lines: 20, partition: 0 });
    renameSync(join(dir, "a.log"), join(dir, "a.log.1"));
    appendFileSync(join(dir, "a.log.1"), lines(5, 520));
    expect(await load("a.log.1")).toMatchObject({ lines: 5, partition: 0, isCopyOf: null });
  });

  it("grows from less than a head to more, and stays itself", async () => {
    write("a.log", lines(3));
    await load("a.log");
    appendFileSync(join(dir, "a.log"), lines(600, 3));
    expect(await load("a.log")).toMatchObject({ lines: 600, partition: 0 });
    copyFileSync(join(dir, "a.log"), join(dir, "b.log"));
    expect(await load("b.log")).toMatchObject({ lines: 0, partition: 0 });
  });

  it("is looked for by beginnings of few lengths, whatever lengths files have", async () => {
    for (let i = 1; i <= 40; i++) {
      write(`${i}.log`, lines(i, i * 1000));
      await load(`${i}.log`);
    }
    expect(journal.view.range(["head_length"]).length).toBeLessThan(10);
    for (let i = 1; i <= 40; i++) {
      renameSync(join(dir, `${i}.log`), join(dir, `${i}.log.1`));
      appendFileSync(join(dir, `${i}.log.1`), lines(2, i));
      expect(await load(`${i}.log.1`)).toMatchObject({ lines: 2, partition: i - 1 });
    }
  });

  it.each([
    ["plain", (content: Buffer) => content],
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("is recognised as a copy (%s), short or long, and what the copy has more is loaded", async (_, compress) => {
    for (const [name, count] of [
      ["short", 5],
      ["long", 900],
    ] as const) {
      write(`${name}.log`, lines(count));
      await load(`${name}.log`);
      write(`${name}.copy`, compress(Buffer.from(lines(count))));
      expect(await load(`${name}.copy`)).toMatchObject({ lines: 0, isCopyOf: join(dir, `${name}.log`) });
    }
    write("longer.copy", compress(Buffer.from(lines(950))));
    expect(await load("longer.copy")).toMatchObject({ lines: 50, partition: 1, isCopyOf: join(dir, "long.log") });
    expect(await load("long.log")).toMatchObject({ lines: 0, partition: 1 });
  });

  it("is recognised when only its archive was loaded before", async () => {
    write("a.gz", gzipSync(lines(900)));
    await load("a.gz");
    expect(await load("a.gz")).toMatchObject({ lines: 0, isCopyOf: null });
    write("a.log", lines(910));
    expect(await load("a.log")).toMatchObject({ lines: 10, partition: 0, isCopyOf: join(dir, "a.gz") });
  });

  it("that is the beginning of a known one is not loaded as long as that can be seen", async () => {
    write("a.log", lines(900));
    await load("a.log");
    write("b.log", lines(400));
    expect(await load("b.log")).toMatchObject({ lines: 0, isCopyOf: join(dir, "a.log") });
    rmSync(join(dir, "a.log"));
    expect(await load("b.log")).toMatchObject({ lines: 400, partition: 1, isCopyOf: null });
  });

  it("that only begins like a known one loses no line", async () => {
    write("a.log", "banner\n");
    await load("a.log");
    write("b.log", "banner\nmine\n");
    expect(await load("b.log")).toMatchObject({ lines: 2, partition: 1 });
    write("c.log", lines(900));
    await load("c.log");
    write("d.log", lines(899) + lines(100, 5000));
    expect(await load("d.log")).toMatchObject({ lines: 999, partition: 3 });
    write("e.log", lines(900).replace("line number 450", "LINE NUMBER 450"));
    expect(await load("e.log")).toMatchObject({ lines: 900, partition: 4 });
  });

  it("is a new one when it was rewritten in place", async () => {
    write("a.log", lines(900));
    await load("a.log");
    truncateSync(join(dir, "a.log"));
    appendFileSync(join(dir, "a.log"), lines(30, 2000));
    expect(await load("a.log")).toMatchObject({ lines: 30, partition: 1 });
    write("a.log", lines(200) + lines(800, 7000));
    expect(await load("a.log")).toMatchObject({ lines: 1000, partition: 2 });
    write("a.log", lines(100));
    expect(await load("a.log")).toMatchObject({ lines: 100, partition: 3 });
  });

  it("is loaded again when asked, once, even if that was broken off", async () => {
    write("a.log", lines(500));
    await load("a.log");
    const source = await open("a.log", { again: true });
    expect(await drain(source, 2)).toHaveLength(200);
    await source.close();
    expect(await load("a.log", { again: true })).toMatchObject({ lines: 300, partition: 1 });
    expect(await load("a.log", { again: true })).toMatchObject({ lines: 500, partition: 2 });
    expect(await load("a.log")).toMatchObject({ lines: 0, partition: 2 });
  });

  it("goes on at the commit after it was broken off", async () => {
    write("a.gz", gzipSync(lines(500)));
    const source = await open("a.gz");
    expect(await drain(source, 3)).toHaveLength(300);
    await source.close();
    expect(await load("a.gz")).toMatchObject({ lines: 200, partition: 0, isComplete: true });
  });

  it("keeps the format that was decided when it was first seen, and its append time", async () => {
    write("a.log", `{"a":1}\n${lines(3)}`);
    const first = await open("a.log", { mtimeUs: 5_000_000 });
    expect(first.format).toBe("json");
    await first.close();
    const again = await open("a.log", { detect: () => "other", mtimeUs: 9_000_000 });
    expect(again.format).toBe("json");
    expect((await again.read(0n, { recordsMax: 1, bytesMax: 1 }))!.appendTimeUs).toBe(5_000_000);
    await again.close();
  });

  it("has no format while it is empty, and a declared one is not detected", async () => {
    write("a.log", "");
    const source = await open("a.log", { endMeans: "open", declaredFormat: "combined" });
    expect([source.format, await drain(source)]).toEqual(["", []]);
    appendFileSync(join(dir, "a.log"), "one\ntw");
    expect(await drain(source)).toEqual(["one"]);
    expect(source.format).toBe("combined");
    await source.close();
  });

  it("that is followed gives whole lines, and an entry once the next line came or nothing will", async () => {
    write("a.log", "one\n  more\ntw");
    const source = await open("a.log", { endMeans: "open", joins: () => true });
    expect(await drain(source)).toEqual([]);
    appendFileSync(join(dir, "a.log"), "o\n  less\nthr");
    expect(await drain(source)).toEqual(["one\n  more"]);
    source.setEnd("line");
    expect(await drain(source)).toEqual(["two\n  less"]);
    source.setEnd("final");
    expect(await drain(source)).toEqual(["thr"]);
    expect(source.isComplete).toBe(true);
    expect(await source.isMoved()).toBe(false);
    renameSync(source.path, join(dir, "a.log.1"));
    expect(await source.isMoved()).toBe(true);
    await source.close();
  });

  it("that shrinks while it is read is not silently read on", async () => {
    write("a.log", lines(500));
    const source = await open("a.log", { endMeans: "open" });
    await drain(source);
    truncateSync(join(dir, "a.log"), 10);
    await expect(drain(source)).rejects.toMatchObject({ code: "SOURCE_TRUNCATED" });
    await source.close();
  });

  it("is read up to a position in one piece when there is no limit", async () => {
    write("a.log", lines(5000));
    const source = await open("a.log");
    const limit = { recordsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY };
    const half = BigInt(lines(2500).length);
    expect(await source.read(0n, limit, half)).toMatchObject({ count: 2500, nextOffset: half });
    expect(await source.read(half, limit)).toMatchObject({ count: 2500, nextOffset: BigInt(lines(5000).length) });
    await source.close();
  });

  it("gives what it has grown by the time of the look that found it", async () => {
    write("a.log", lines(3));
    utimesSync(join(dir, "a.log"), 1000, 1000);
    const first = await open("a.log");
    expect(await appendTimes(first)).toEqual([1e9]);
    await first.close();
    appendFileSync(join(dir, "a.log"), lines(2, 3));
    utimesSync(join(dir, "a.log"), 5000, 5000);
    const second = await open("a.log");
    const next = (await second.committed())!.offset;
    const all = { recordsMax: 100, bytesMax: 1 << 20 };
    expect(await second.read(next, all)).toMatchObject({ count: 2, appendTimeUs: 5e9 });
    await second.close();
    // What was seen and not stored is the same for whoever reads it later; what came after it is another batch.
    appendFileSync(join(dir, "a.log"), lines(4, 5));
    utimesSync(join(dir, "a.log"), 9000, 9000);
    const third = await open("a.log");
    expect(await third.read(next, all)).toMatchObject({ count: 2, appendTimeUs: 5e9 });
    expect(await appendTimes(third)).toEqual([5e9, 9e9]);
    await third.close();
  });

  it("that is an archive is complete at its end, followed or not", async () => {
    write("a.log", lines(5));
    await load("a.log");
    write("a.log.gz", gzipSync(lines(5)));
    expect(await load("a.log.gz", { endMeans: "line" })).toMatchObject({ lines: 0, isCopyOf: join(dir, "a.log") });
    write("b.gz", gzipSync(`${lines(2)}no line end`));
    expect(await load("b.gz", { endMeans: "line" })).toMatchObject({ lines: 3, isComplete: true });
  });

  it("belongs to one process at a time", async () => {
    write("a.log", lines(5));
    const source = await open("a.log");
    await expect(open("a.log")).rejects.toMatchObject({ code: "SOURCE_BUSY" });
    await source.close();
    await (await open("a.log")).close();
  });

  it("that is none is refused with the reason", async () => {
    await expect(open("none.log")).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
    mkdirSync(join(dir, "folder"));
    await expect(open("folder")).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
    await expect(open("null", { path: "/dev/null" })).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
  });

  it("tells how far it was read", async () => {
    write("a.gz", gzipSync(lines(500)));
    const source = await open("a.gz");
    await drain(source);
    expect(source.readBytes).toBeGreaterThan(source.sizeBytes / 2);
    expect(source.readBytes).toBeLessThanOrEqual(source.sizeBytes);
    await source.close();
  });
});
