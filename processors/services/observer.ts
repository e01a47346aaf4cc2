import { statSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../clickhouse/store.ts";
import { startStatusServer } from "../http/status-server.ts";
import { WeirError } from "../model/errors.ts";
import type { Clock, Partition } from "../model/ports.ts";
import { TRANSFORM_VERSION } from "../pipeline.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/logger.ts";
import { createMetrics, type Metrics } from "../runtime/metrics.ts";
import type { FinishedBatch } from "./process.ts";

export type PartitionState = "running" | "waiting" | "stopped";

/** Turns what services tell of their work into metrics and into whether the process can do it. */
export interface Observer {
  readonly metrics: Metrics;
  /** The same store, its inserts being counted. */
  storeOf(store: Store): Store;
  onBatch(partition: Partition, batch: FinishedBatch): void;
  /** For one partition: told after each stage (ProcessOptions.onStage). */
  stageWatch(): (stage: string) => void;
  /** A partition's state; null: it is somebody else's now. */
  onState(partition: Partition, state: PartitionState | null): void;
  /** Records that a partition has more than were read. */
  onLag(partition: Partition, records: bigint | null): void;
  /** Microseconds since the epoch; 0: there is none yet. */
  onWatermark(us: number): void;
  onAudit(findings: number): void;
  /** What keeps the process from working; null: it is over. */
  obstacle(name: string, reason: string | null): void;
  obstacles(): readonly string[];
}

const STAGES = new Set(["parse", "mask", "enrich", "aggregate", "encode"]);
const STATES = ["running", "waiting", "stopped"] as const;
const STARTING = "start";

/** Not ready until `obstacle("start", null)`. */
export function createObserver(clock: Clock): Observer {
  const metrics = createMetrics();
  const obstacles = new Map([[STARTING, "Starting."]]);
  const states = new Map<string, PartitionState>();
  const newestUs = new Map<string, number>();
  const waiting = new Map<string, { partition: Partition; newestUs: number }>();
  let watermarkUs = 0;
  metrics.set("weir_info", { transform_version: TRANSFORM_VERSION }, 1);
  metrics.set("weir_audit_time_seconds", {}, 0);
  const placeOf = ({ topic, partition }: Partition) => `${topic}/${partition}`;
  const ageSeconds = (us: number): number => Math.max(0, clock.nowUs() - us) / 1e6;

  metrics.onRead(() => {
    for (const [topic, us] of newestUs) metrics.set("weir_event_age_seconds", { topic }, ageSeconds(us));
    for (const { partition, newestUs: us } of waiting.values())
      metrics.set("weir_lag_seconds", labelsOf(partition), us === 0 ? 0 : ageSeconds(us));
    if (watermarkUs > 0) metrics.set("weir_watermark_age_seconds", {}, ageSeconds(watermarkUs));
  });

  function tellPartitions(): void {
    const isStuck = states.size > 0 && [...states.values()].every((state) => state !== "running");
    observer.obstacle("partitions", isStuck ? "No partition is being processed; see weir_partition_state." : null);
  }

  const observer: Observer = {
    metrics,
    storeOf: (store) => countInserts(store, observer, clock),
    onBatch({ topic, partition }, { row }) {
      metrics.add("weir_batches_total", { topic });
      metrics.add("weir_events_total", { topic }, row.events);
      for (const { outcome, records } of row.minutes) {
        const [kind, code] = outcome.split(" ");
        metrics.add("weir_records_total", { topic, outcome: kind }, records);
        if (kind === "dead_letter") metrics.add("weir_dead_letters_total", { topic, code }, records);
        if (kind === "dropped") metrics.add("weir_dropped_total", { topic, code }, records);
      }
      if (row.events === 0) return;
      newestUs.set(topic, Math.max(newestUs.get(topic) ?? 0, row.timestampUsMax));
      const lag = waiting.get(placeOf({ topic, partition }));
      if (lag !== undefined) lag.newestUs = Math.max(lag.newestUs, row.timestampUsMax);
    },
    stageWatch() {
      let sinceMs = clock.monotonicMs();
      return (stage) => {
        const nowMs = clock.monotonicMs();
        if (STAGES.has(stage)) metrics.observe("weir_stage_seconds", { stage }, (nowMs - sinceMs) / 1000);
        sinceMs = nowMs;
      };
    },
    onState(partition, state) {
      const place = placeOf(partition);
      for (const one of STATES) {
        const labels = { ...labelsOf(partition), state: one };
        if (state === null) metrics.remove("weir_partition_state", labels);
        else metrics.set("weir_partition_state", labels, one === state ? 1 : 0);
      }
      if (state === null) {
        states.delete(place);
        waiting.delete(place);
        for (const name of ["weir_lag_records", "weir_lag_seconds"] as const) metrics.remove(name, labelsOf(partition));
      } else states.set(place, state);
      tellPartitions();
    },
    onLag(partition, records) {
      const place = placeOf(partition);
      if (records === null) return;
      metrics.set("weir_lag_records", labelsOf(partition), Number(records));
      if (records > 0n) {
        const known = waiting.get(place)?.newestUs ?? newestUs.get(partition.topic) ?? 0;
        waiting.set(place, { partition, newestUs: known });
      } else {
        waiting.delete(place);
        metrics.set("weir_lag_seconds", labelsOf(partition), 0);
      }
    },
    onWatermark(us) {
      watermarkUs = us;
    },
    onAudit(findings) {
      metrics.set("weir_audit_findings", {}, findings);
      metrics.set("weir_audit_time_seconds", {}, Math.floor(clock.nowUs() / 1e6));
    },
    obstacle(name, reason) {
      if (reason === null) obstacles.delete(name);
      else obstacles.set(name, reason);
    },
    obstacles: () => [...obstacles.values()],
  };
  return observer;
}

/** Not the object of a partition: it may have more fields, which are no labels. */
function labelsOf({ topic, partition }: Partition) {
  return { topic, partition };
}

function countInserts(store: Store, { metrics, obstacle }: Observer, clock: Clock): Store {
  return {
    ...store,
    async insert(block) {
      const { table } = block;
      const startMs = clock.monotonicMs();
      try {
        await store.insert(block);
      } catch (error) {
        const code = error instanceof WeirError ? error.code : "INTERNAL";
        metrics.add("weir_insert_failures_total", { table, code });
        obstacle("store", `The last insert failed [${code}].`);
        throw error;
      }
      obstacle("store", null);
      metrics.observe("weir_insert_seconds", { table }, (clock.monotonicMs() - startMs) / 1000);
      metrics.add("weir_insert_rows_total", { table }, block.rows);
      const bytes = block.native.reduce((sum, part) => sum + part.length, 0);
      metrics.add("weir_insert_bytes_total", { table }, bytes);
    },
  };
}

/** An observer that answers over HTTP where the configuration says so. */
export interface Observing {
  /** null: nobody asks. */
  readonly observer: Observer | null;
  close(): Promise<void>;
}

export async function startObserving(config: Config, clock: Clock, logger: Logger): Promise<Observing> {
  const { listen } = config.metrics;
  if (listen === null) return { observer: null, close: async () => {} };
  const observer = createObserver(clock);
  const { metrics } = observer;
  const journal = join(config.data.directory, "journal", "data.mdb");
  metrics.onRead(() => {
    const file = statSync(journal, { throwIfNoEntry: false });
    if (file !== undefined) metrics.set("weir_journal_bytes", {}, file.size);
  });
  const server = await startStatusServer(listen, {
    metrics: () => metrics.text(),
    contentType: metrics.contentType,
    obstacles: () => observer.obstacles(),
  });
  logger.info({ url: server.url }, "Metrics offered.");
  return { observer, close: () => server.close() };
}
