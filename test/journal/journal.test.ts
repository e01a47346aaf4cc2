import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { frame } from "../../processors/decode/frame.ts";
import { type Journal, openJournal } from "../../processors/journal/journal.ts";
import { openJournalSource } from "../../processors/journal/journal-source.ts";

let dir: string;
let journal: Journal;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "weir-journal-"));
  journal = await openJournal(dir);
});
afterEach(async () => {
  await journal.close();
  rmSync(dir, { recursive: true });
});

async function reopen(): Promise<void> {
  await journal.close();
  journal = await openJournal(dir);
}

function openSource(partition = 0) {
  return openJournalSource({
    journal,
    topic: "http",
    partition,
    format: "plain",
    frame,
    join: false,
    recordBytesMax: 1000,
  });
}

const BIG = { recordsMax: 1000, bytesMax: 1 << 20 };

describe("the journal", () => {
  it("keeps nothing that other users of the machine can read", () => {
    for (const folder of ["journal", "keys"]) {
      expect(statSync(join(dir, folder)).mode & 0o777).toBe(0o700);
      for (const file of readdirSync(join(dir, folder))) {
        expect(statSync(join(dir, folder, file)).mode & 0o777).toBe(0o600);
      }
    }
  });

  it("keeps the id that it was made with, and another journal has another one", async () => {
    const { id } = journal;
    await reopen();
    expect(journal.id).toBe(id);
    const other = await openJournal(join(dir, "other"));
    expect(other.id).not.toBe(id);
    await other.close();
  });

  it("keeps commits by partition, and small values by name, over a restart", async () => {
    const offset = 2n ** 60n + 1n;
    await journal.commit("logs", 1, { offset, metadata: "plan" });
    await journal.commit("logs", 2, { offset: 5n, metadata: "" });
    await journal.putMeta("seen", "yes");
    await reopen();
    expect(journal.committed("logs", 1)).toEqual({ offset, metadata: "plan" });
    expect(journal.committed("logs", 2)).toEqual({ offset: 5n, metadata: "" });
    expect(journal.committed("logs", 10)).toBeNull();
    expect(journal.getMeta("seen")).toBe("yes");
    expect(journal.getMeta("unseen")).toBeNull();
  });

  it("writes all of a transaction or, when the work fails, nothing", async () => {
    await journal.putMeta("a", "before");
    const failing = journal.commit("logs", 1, { offset: 1n, metadata: "" }, (transaction) => {
      transaction.put(["meta", "a"], Buffer.from("after"));
      throw new RangeError("no");
    });
    await expect(failing).rejects.toThrow();
    expect(journal.getMeta("a")).toBe("before");
    expect(journal.committed("logs", 1)).toBeNull();
  });

  it("writes what is asked for at the same time, each seeing what came before it, and without what fails", async () => {
    const add = (more: string) =>
      journal.transact(({ get, put }) => {
        put(["meta", "a"], Buffer.from(`${get(["meta", "a"]) ?? ""}${more}`));
        if (more === "!") throw new RangeError("no");
        return more;
      });
    const settled = await Promise.allSettled(["1", "!", "2", "3"].map(add));
    expect(settled.map((one) => (one.status === "fulfilled" ? one.value : "failed"))).toEqual([
      "1",
      "failed",
      "2",
      "3",
    ]);
    expect(journal.getMeta("a")).toBe("123");
    // What is asked for last is written before it is closed.
    const last = add("4");
    await reopen();
    await last;
    expect(journal.getMeta("a")).toBe("1234");
  });

  it("finds keys by their first parts only, and numbers by their value", async () => {
    await journal.transact(({ put }) => {
      for (const key of [["a", 2], ["a", 10], ["a", "b"], ["ab", 1], ["b"]]) put(key, Buffer.from(String(key)));
    });
    expect(journal.view.range(["a"]).map(({ key }) => key)).toEqual([
      ["a", 2],
      ["a", 10],
      ["a", "b"],
    ]);
    expect(journal.view.lastUpTo(["a"], 9)?.key).toEqual(["a", 2]);
    expect(journal.view.lastUpTo(["a"], 10)?.key).toEqual(["a", 10]);
    expect(journal.view.lastUpTo(["a"], 1)).toBeUndefined();
  });

  it("gives a partition to one owner at a time", async () => {
    const unlock = await journal.lock("logs", 1);
    await expect(journal.lock("logs", 1)).rejects.toMatchObject({ code: "SOURCE_BUSY", retriable: true });
    await (await journal.lock("logs", 2))();
    await unlock();
    await (await journal.lock("logs", 1))();
  });

  it("takes a partition over from an owner that was killed, not from one that lives", async () => {
    const program = `
      import { openJournal } from ${JSON.stringify(new URL("../../processors/journal/journal.ts", import.meta.url).href)};
      const journal = await openJournal(process.argv[1]);
      await journal.lock("logs", 1);
      await journal.commit("logs", 1, { offset: 7n, metadata: "by the other" });
      console.log("locked");
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, dir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await expect(journal.lock("logs", 1)).rejects.toMatchObject({ code: "SOURCE_BUSY" });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
    await (await journal.lock("logs", 1))();
    expect(journal.committed("logs", 1)?.offset).toBe(7n);
  });

  it("says so when its key is missing a part, or is another one", async () => {
    await journal.spool("logs", 0).append(Buffer.from("secret\n"), 1);
    const key = join(dir, "keys", "journal.key");
    writeFileSync(key, Buffer.alloc(32));
    await reopen();
    expect(() => journal.spool("logs", 0).read(0)).toThrow(expect.objectContaining({ code: "JOURNAL_UNREADABLE" }));
    writeFileSync(key, Buffer.alloc(31));
    await expect(openJournal(dir)).rejects.toMatchObject({ code: "JOURNAL_UNREADABLE" });
  });

  it("says so when its folder is a file", async () => {
    const path = join(dir, "file");
    writeFileSync(path, "");
    await expect(openJournal(path)).rejects.toMatchObject({ code: "JOURNAL_UNREADABLE" });
  });
});

describe("a source of the journal", () => {
  it("never mixes appends in one batch, and gives each its own append time", async () => {
    const source = await openSource();
    await source.append(Buffer.from("one\ntwo\n"), 100);
    await source.append(Buffer.from("three\n"), 200);
    const first = await source.read(0n, BIG);
    expect([first!.count, first!.appendTimeUs, first!.nextOffset]).toEqual([2, 100, 8n]);
    const second = await source.read(8n, BIG);
    expect([second!.count, second!.appendTimeUs, second!.nextOffset]).toEqual([1, 200, 14n]);
    expect(await source.read(14n, BIG)).toBeNull();
    await source.append(Buffer.from("four\n"), 300);
    expect((await source.read(14n, BIG))!.text).toBe("four\n");
    await source.close();
  });

  it("frees appends that lie wholly before a released offset, and says what can't be read any more", async () => {
    const source = await openSource();
    for (let i = 0; i < 300; i++) await source.append(Buffer.from(`line ${i % 10}\n`), i);
    await source.release(1750n);
    expect(await source.range()).toEqual({ begin: 1750n, end: 2100n });
    await source.release(1760n);
    expect(await source.range()).toEqual({ begin: 1757n, end: 2100n });
    expect((await source.read(1757n, BIG))!.text).toBe("line 1\n");
    await expect(source.read(1749n, BIG)).rejects.toMatchObject({ code: "SOURCE_TRUNCATED" });
    await source.release(99_999n);
    expect(await source.range()).toEqual({ begin: 2100n, end: 2100n });
    expect(journal.view.range(["chunk", "http"])).toEqual([]);
    await source.append(Buffer.from("more\n"), 1);
    expect((await source.read(2100n, BIG))!.count).toBe(1);
    await source.close();
  });

  it("keeps raw records encrypted on the disk", async () => {
    const source = await openSource();
    await source.append(Buffer.from("token=tellmenot\n".repeat(1000)), 1);
    await source.close();
    await reopen();
    expect(readFileSync(join(dir, "journal", "data.mdb")).includes("tellmenot")).toBe(false);
    expect((await (await openSource()).read(0n, BIG))!.text).toContain("tellmenot");
  });

  it("finds out when a chunk was put in another's place", async () => {
    const spool = journal.spool("http", 0);
    await spool.append(Buffer.from("one\n"), 1);
    await spool.append(Buffer.from("two\n"), 1);
    const stolen = journal.view.get(["chunk", "http", 0, 4])!;
    await journal.transact(({ put }) => put(["chunk", "http", 0, 0], stolen));
    expect(() => spool.read(0)).toThrow(expect.objectContaining({ code: "JOURNAL_UNREADABLE" }));
  });
});
