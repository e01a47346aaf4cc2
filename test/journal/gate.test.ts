import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGate } from "../../processors/journal/gate.ts";
import { type Journal, openJournal } from "../../processors/journal/journal.ts";

let dir: string;
let journal: Journal;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "weir-gate-"));
  journal = await openJournal(dir);
});
afterEach(async () => {
  await journal.close();
  rmSync(dir, { recursive: true });
});

/** Something under way that ends when it is told to. */
function open(): { readonly work: () => Promise<void>; readonly begun: Promise<void>; readonly end: () => void } {
  let end = (): void => {};
  let begin = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const work = (): Promise<void> => {
    begin();
    return ended;
  };
  return { work, begun, end: () => end() };
}

describe("the gate", () => {
  it("lets writers of several processes pass at once", async () => {
    const [a, b] = [createGate(journal), createGate(journal)];
    const first = open();
    const writing = a.pass(first.work);
    await first.begun;
    expect(await b.pass(async () => "written")).toBe("written");
    expect(await a.pass(async () => "too")).toBe("too");
    first.end();
    await writing;
    await a.close();
    await b.close();
  });

  it("keeps who wants to be alone waiting until every write is done, and writers until it has left", async () => {
    const [a, b, alone] = [createGate(journal), createGate(journal), createGate(journal)];
    const log: string[] = [];
    const slow = open();
    const long = open();
    await b.pass(async () => {});
    const writing = a.pass(async () => {
      await slow.work();
      log.push("a wrote");
    });
    await slow.begun;
    const exchanging = alone.passAlone(async () => {
      log.push("alone");
      await long.work();
      log.push("left");
    });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    while (journal.view.get(["gate", "alone"]) === undefined) await turn();
    for (let i = 0; i < 20; i++) await turn();
    expect(log).toEqual([]);
    const late = b.pass(async () => log.push("b wrote"));
    slow.end();
    await writing;
    await long.begun;
    expect(log).toEqual(["a wrote", "alone"]);
    long.end();
    await exchanging;
    await late;
    expect(log).toEqual(["a wrote", "alone", "left", "b wrote"]);
    await a.close();
    await b.close();
  });

  it("lets an idle writer make room by itself", async () => {
    const [idle, alone] = [createGate(journal), createGate(journal)];
    await idle.pass(async () => {});
    expect(await alone.passAlone(async () => "alone")).toBe("alone");
    await idle.close();
  });

  it("counts nothing of what a dead process held", async () => {
    const dead = Buffer.from(JSON.stringify({ pid: 2 ** 30, started: "never", id: "x" }));
    await journal.transact((transaction) => {
      transaction.put(["gate", "alone"], dead);
      transaction.put(["gate", "writer", "x"], dead);
    });
    const gate = createGate(journal);
    expect(await gate.pass(async () => "written")).toBe("written");
    expect(await gate.passAlone(async () => "alone")).toBe("alone");
    await gate.close();
  });
});
