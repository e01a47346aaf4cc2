import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { IdleProof } from "../../processors/close/watermark.ts";
import { createPipeline } from "../../processors/pipeline.ts";
import type { Config } from "../../processors/runtime/config.ts";
import { noteAttendance } from "../../processors/services/attendance.ts";
import { type Closer, type CloserOptions, openCloser } from "../../processors/services/closer.ts";
import { takeOver } from "../../processors/services/process.ts";
import { openWorkplace, type Workplace } from "../../processors/services/workplace.ts";
import { inMemory } from "../integration/workbench.ts";
import { configOf } from "../support/config-of.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { createMemorySource, type MemorySource } from "../support/memory-source.ts";

/** A store with a journal, sources in memory, and a clock that is set by hand: what closing needs. */
export interface ClosingBench {
  readonly workplace: Workplace;
  readonly clock: FakeClock;
  /** Stores lines as one batch of a topic's partition 0. */
  store(topic: string, lines: readonly string[]): Promise<void>;
  /** What the closer is told of ends. */
  readonly proofs: Map<string, IdleProof>;
  openCloser(over?: Partial<CloserOptions> & { readonly workplace?: Workplace }): Promise<Closer>;
  query<Row>(sql: string): Promise<Row[]>;
  end(): Promise<void>;
}

export async function openClosingBench(yaml: string, nowUs: number): Promise<ClosingBench> {
  const folder = await mkdtemp(join(inMemory(), "weir-closing-"));
  const clock = createFakeClock(nowUs);
  const config: Config = { ...configOf(yaml), data: { directory: folder } };
  const workplace = await openWorkplace(config, clock);
  const sources = new Map<string, MemorySource>();
  const proofs = new Map<string, IdleProof>();
  return {
    workplace,
    clock,
    proofs,
    async store(topic, lines) {
      let source = sources.get(topic);
      if (source === undefined) {
        source = createMemorySource({ topic, format: "json", appendTimeUs: nowUs });
        sources.set(topic, source);
        await noteAttendance(workplace.journal, source, { mode: "follow", proof: null });
      }
      source.append(lines);
      const pipeline = createPipeline({
        parse: { format: "json", isDeclared: true, source: topic, tenant: "default", service: topic },
        rules: config.rules,
        maskOf: null,
        countryOf: (address) => (address.startsWith("198.") ? "NZ" : ""),
        versions: { transform: "1", config: "1", lookup: "1" },
        rowsMax: 1000,
      });
      const limit = { recordsMax: 1000, bytesMax: 1 << 24 };
      const { signal } = new AbortController();
      await (await takeOver({ source, store: workplace.store, pipeline, limit, version: "1", signal })).drain();
    },
    openCloser: (over = {}) => openCloser(over.workplace ?? workplace, { clock, proofs: () => proofs, ...over }),
    query: (sql) => workplace.store.query(sql),
    async end() {
      await workplace.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
