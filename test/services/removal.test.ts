import { expect, it } from "vitest";
import { encodeRewind } from "../../processors/plan/plan.ts";
import { takeOver } from "../../processors/services/process.ts";
import { makePipeline } from "../support/make-pipeline.ts";
import { createMemoryClickHouse } from "../support/memory-clickhouse.ts";
import { createMemorySource } from "../support/memory-source.ts";

it("removes nothing while the store still carries out what an earlier owner sent for the partition", async () => {
  const source = createMemorySource({ topic: "orders", format: "text", appendTimeUs: Date.UTC(2026, 2, 2) * 1000 });
  source.append(["one", "two"]);
  await source.commit({ offset: 0n, metadata: encodeRewind(1) });
  const memory = createMemoryClickHouse();
  let underway = 1;
  const asked: unknown[] = [];
  const store = {
    ...memory,
    async query<Row>(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<Row[]> {
      if (!sql.includes("FROM system.processes")) return memory.query<Row>(sql, parameters);
      asked.push(parameters);
      return [{ found: String(underway) }] as Row[];
    },
  };
  const signal = new AbortController().signal;
  const limit = { recordsMax: 10, bytesMax: 1000 };
  const take = () => takeOver({ source, store, pipeline: makePipeline("text"), limit, version: "1", signal });
  await expect(take()).rejects.toMatchObject({ code: "STORE_BUSY", retriable: true });
  expect(asked).toEqual([{ inToken: "|orders/0|", quoted: "'orders'" }]);
  expect(memory.log).toEqual([]);

  underway = 0;
  await (await take()).drain();
  expect(memory.log.filter((step) => step.startsWith("delete"))).toHaveLength(4);
  expect(memory.rowsOf("events")).toBe(2);
});
