import { expect, it } from "vitest";
import type { InsertBlock } from "../../processors/model/ports.ts";
import { takeOver } from "../../processors/services/process.ts";
import { makePipeline } from "../support/make-pipeline.ts";
import { createMemoryClickHouse } from "../support/memory-clickhouse.ts";
import { createMemorySource } from "../support/memory-source.ts";

/** Six records in three batches, stored; `take` takes the partition over and stores what is missing. */
async function stored() {
  const source = createMemorySource({ topic: "orders", format: "text", appendTimeUs: Date.UTC(2026, 2, 2) * 1000 });
  source.append(["one", "two", "three", "four", "five", "six"]);
  const memory = createMemoryClickHouse();
  const tokens: string[] = [];
  let refusesRemovals = false;
  const store = {
    ...memory,
    insert(block: InsertBlock) {
      tokens.push(block.token);
      return memory.insert(block);
    },
    command(sql: string, parameters?: Readonly<Record<string, unknown>>) {
      if (refusesRemovals) throw new Error("killed");
      return memory.command(sql, parameters);
    },
  };
  const signal = new AbortController().signal;
  const limit = { recordsMax: 2, bytesMax: 1000 };
  const options = { source, store, pipeline: makePipeline("text"), limit, version: "1", batchesPerPlan: 1, signal };
  const take = async () => (await takeOver(options)).drain();
  await take();
  /** As a restored backup would, that has nothing from an offset on. */
  const setBack = async (from: number) => {
    for (const table of ["ledger", "partials", "dead_letters", "events"])
      await memory.command(`ALTER TABLE ${table} DELETE WHERE batch_start >= {from:Int64}`, { from });
  };
  return { memory, tokens, take, setBack, refuseRemovals: (refuses: boolean) => (refusesRemovals = refuses) };
}

it("uses no token twice in a store that was set back again, behind all that a rewind had stored", async () => {
  const { memory, tokens, take, setBack } = await stored();
  await setBack(4);
  await take();
  await setBack(2);
  await take();
  expect(memory.rowsOf("events")).toBe(6);
  expect(memory.rowsOf("ledger")).toBe(3);
  expect(new Set(tokens).size).toBe(tokens.length);
});

it("goes back further where the store was set back again before a rewind was done", async () => {
  const { memory, tokens, take, setBack, refuseRemovals } = await stored();
  await setBack(4);
  refuseRemovals(true);
  await expect(take()).rejects.toThrow("killed");
  refuseRemovals(false);
  await setBack(0);
  await take();
  expect(memory.rowsOf("events")).toBe(6);
  expect(memory.rowsOf("ledger")).toBe(3);
  expect(new Set(tokens).size).toBe(tokens.length);
});
