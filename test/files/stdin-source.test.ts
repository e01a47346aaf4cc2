import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import type { SourceOptions } from "../../processors/files/entry-source.ts";
import { openFileSource } from "../../processors/files/file-source.ts";
import { openLeftovers } from "../../processors/files/leftovers.ts";
import { openStdinSource } from "../../processors/files/stdin-source.ts";
import { type Journal, openJournal } from "../../processors/journal/journal.ts";
import type { Source } from "../../processors/model/ports.ts";

let dir: string;
let journal: Journal;
/** Everything that was stored, in order: what the ledger would hold. */
let stored: string[];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "weir-stdin-"));
  journal = await openJournal(dir);
  stored = [];
});
afterEach(async () => {
  await journal.close();
  rmSync(dir, { recursive: true });
});

function common(again = false): SourceOptions {
  return {
    store: journal,
    topic: "logs",
    frame,
    recordBytesMax: 10_000,
    joins: () => true,
    detect: () => "plain",
    again,
  };
}

async function* pipe(content: string, pieceBytes = 2000) {
  for (let i = 0; i < content.length; i += pieceBytes) yield Buffer.from(content.slice(i, i + pieceBytes));
}

/** A pipe that gives so much and then nothing, as one whose reader is killed. */
async function* stuckPipe(content: string) {
  yield Buffer.from(content);
  await new Promise(() => {});
}

async function drain(source: Source, batches = Number.POSITIVE_INFINITY, recordsMax = 50): Promise<void> {
  let from = (await source.committed())?.offset ?? (await source.range()).begin;
  for (let i = 0; i < batches; i++) {
    const batch = await source.read(from, { recordsMax, bytesMax: 1 << 20 });
    if (batch === null) break;
    for (let i = 0; i < batch.count; i++) stored.push(batch.text.slice(batch.begins[i], batch.ends[i]));
    from = batch.nextOffset;
    await source.commit({ offset: from, metadata: "" });
    await source.release(from);
  }
}

async function finishLeftovers(final: boolean): Promise<number> {
  const sources = await openLeftovers(common(), final);
  for (const source of sources) {
    await drain(source);
    await source.close();
  }
  return sources.length;
}

/** One run of a load from a pipe: leftovers, the pipe, what is left of the leftovers. */
async function load(content: string, again = false): Promise<string | null> {
  await finishLeftovers(false);
  const source = await openStdinSource({ ...common(again), input: pipe(content), nowUs: () => 1e15 });
  await drain(source);
  await source.close();
  await finishLeftovers(true);
  return source.isCopyOf;
}

/** A run that takes some bytes, stores some batches and is killed. */
async function brokenLoad(taken: string, batches: number): Promise<void> {
  await finishLeftovers(false);
  const source = await openStdinSource({ ...common(), input: stuckPipe(taken), nowUs: () => 1e15 });
  await drain(source, batches);
  await source.close();
}

function lines(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => `2024-05-01 INFO line number ${from + i}`);
}
const piped = (lines: string[]) => `${lines.join("\n")}\n`;

describe("standard input", () => {
  it("is stored once, however often it is piped in", async () => {
    expect(await load(piped(lines(900)))).toBeNull();
    expect(await load(piped(lines(900)))).toBe("-");
    expect(await load(piped(lines(920)))).toBe("-");
    expect(stored).toEqual(lines(920));
  });

  it("is stored again when asked", async () => {
    await load(piped(lines(300)));
    await load(piped(lines(300)), true);
    expect(stored).toEqual([...lines(300), ...lines(300)]);
  });

  it.each([0, 1, 3, 5])(
    "loses and repeats nothing when it was killed after %i batches and is piped in again",
    async (batches) => {
      const content = piped(lines(900));
      await brokenLoad(content.slice(0, 9990), batches);
      await load(content);
      expect(stored).toEqual(lines(900));
      expect(journal.view.range(["chunk"])).toEqual([]);
    },
  );

  it("loses and repeats nothing when it was killed while it was compared", async () => {
    const content = piped(lines(900));
    await load(content);
    const comparing = openStdinSource({ ...common(), input: stuckPipe(content.slice(0, 20_000)), nowUs: () => 1e15 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(journal.view.range(["chunk"]).length).toBeGreaterThan(0);
    // The process is gone, and with it its lock.
    await journal.transact((transaction) => {
      for (const { key } of transaction.range(["lock"])) transaction.remove(key);
    });
    await load(content);
    expect(stored).toEqual(lines(900));
    expect(journal.view.range(["chunk"])).toEqual([]);
    void comparing;
  });

  it("loses nothing of a killed run when something else is piped in", async () => {
    await brokenLoad(`${piped(lines(200))}half a li`, 1);
    await load(piped(lines(30, 5000)));
    expect(stored.toSorted()).toEqual([...lines(200), ...lines(30, 5000), "half a li"].toSorted());
    expect(await finishLeftovers(true)).toBe(0);
  });

  it("that only begins like what is known is stored whole", async () => {
    await load(piped(["banner"]));
    await load(piped(["banner", "mine"]));
    await load(piped([...lines(899), "another end"]));
    await load(piped([...lines(899), "the end", "really"]));
    expect(stored).toHaveLength(1 + 2 + 900 + 901);
  });

  it("is recognised as the content of a file, and the file as what was piped in", async () => {
    const path = join(dir, "a.log");
    writeFileSync(path, piped(lines(900)));
    const file = await openFileSource({ ...common(), path, endMeans: "final" });
    await drain(file);
    await file.close();
    expect(await load(piped(lines(950)))).toBe(path);
    expect(stored).toEqual(lines(950));
    writeFileSync(path, piped(lines(960)));
    const again = await openFileSource({ ...common(), path, endMeans: "final" });
    await drain(again);
    await again.close();
    expect(stored).toEqual(lines(960));
  });

  it("refuses what another process is taking in, and keeps nothing of it", async () => {
    const content = piped(lines(900));
    const source = await openStdinSource({ ...common(), input: pipe(content), nowUs: () => 1e15 });
    await drain(source);
    const second = openStdinSource({ ...common(), input: pipe(content), nowUs: () => 1e15 });
    await expect(second).rejects.toMatchObject({ code: "SOURCE_BUSY" });
    await source.close();
    expect(await finishLeftovers(true)).toBe(0);
    expect(stored).toEqual(lines(900));
  });

  it("that stays open and gives nothing lets a read that waits be closed, and the cut line is left for the next run", async () => {
    const source = await openStdinSource({
      ...common(),
      input: stuckPipe(`${piped(lines(200))}half a li`),
      nowUs: () => 1e15,
    });
    await drain(source, 1, 1000);
    const from = (await source.committed())!.offset;
    const waiting = source.read(from, { recordsMax: 1000, bytesMax: 1 << 20 });
    const gaveUp = expect(waiting).rejects.toMatchObject({ code: "INTERNAL" });
    await source.close();
    await gaveUp;
    expect(source.isComplete).toBe(false);
    // The last whole line may go on in what is cut.
    await finishLeftovers(false);
    expect(stored).toEqual(lines(199));
    await finishLeftovers(true);
    expect(stored.toSorted()).toEqual([...lines(200), "half a li"].toSorted());
  });

  it.each([
    ["has given nothing", ""],
    ["has given too little to tell what it is", "a line\n"],
  ])("is left when the signal comes while it %s, and what it gave is kept", async (_, taken) => {
    const controller = new AbortController();
    async function* input() {
      if (taken !== "") yield Buffer.from(taken);
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      await new Promise(() => {});
    }
    const opening = openStdinSource({ ...common(), input: input(), nowUs: () => 1e15, signal: controller.signal });
    await expect(opening).rejects.toMatchObject({ name: "AbortError" });
    await finishLeftovers(true);
    expect(stored).toEqual(taken === "" ? [] : ["a line"]);
  });

  it.each([
    ["gzip", gzipSync, /compressed \(gzip\); pipe it through zcat first/],
    ["zstd", zstdCompressSync, /compressed \(zstd\); pipe it through zstdcat first/],
  ])("that is compressed (%s) is refused, and nothing of it is kept", async (_, compress, reason) => {
    async function* input() {
      const bytes = compress(piped(lines(50)));
      yield bytes.subarray(0, 2);
      yield bytes.subarray(2);
    }
    const refused = expect(openStdinSource({ ...common(), input: input(), nowUs: () => 1e15 })).rejects;
    await refused.toMatchObject({ code: "SOURCE_UNREADABLE", message: expect.stringMatching(reason) });
    expect(await finishLeftovers(true)).toBe(0);
    expect(journal.view.range(["chunk"])).toEqual([]);
  });

  it("is never on the disk in the clear", async () => {
    const source = await openStdinSource({
      ...common(),
      input: pipe("token=tellmenot\n".repeat(2000)),
      nowUs: () => 1e15,
    });
    await drain(source, 1);
    await source.close();
    expect(readFileSync(join(dir, "journal", "data.mdb")).includes("tellmenot")).toBe(false);
  });

  it("passes on what breaks the pipe, after everything that came before", async () => {
    async function* breaking() {
      yield Buffer.from(piped(lines(10)));
      throw new Error("gone");
    }
    const source = await openStdinSource({ ...common(), input: breaking(), nowUs: () => 1e15 }).catch((error) => error);
    expect(source).toBeInstanceOf(Error);
    await finishLeftovers(true);
    expect(stored).toEqual(lines(10));
  });
});
