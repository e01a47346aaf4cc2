/** What a metric says. README.md has this list as its table. */
export interface MetricDefinition {
  readonly type: "counter" | "gauge" | "histogram";
  readonly unit: string;
  readonly labels: readonly string[];
  readonly meaning: string;
  readonly remedy: string;
}

/** Every metric, with its meaning and what to do when it looks wrong. */
export const METRICS = {
  weir_records_total: {
    ...{ type: "counter", unit: "records", labels: ["topic", "outcome"] },
    meaning: "Records whose batch is in the ledger, by outcome: `ok`, `dropped`, `dead_letter`.",
    remedy: "Stands still: see `weir_partition_state` and the log.",
  },
  weir_events_total: {
    ...{ type: "counter", unit: "events", labels: ["topic"] },
    meaning: "Events that were stored.",
    remedy: "As above.",
  },
  weir_batches_total: {
    ...{ type: "counter", unit: "batches", labels: ["topic"] },
    meaning: "Batches that were stored.",
    remedy: "Many small ones: fewer partitions, or a higher `batch.records`.",
  },
  weir_dead_letters_total: {
    ...{ type: "counter", unit: "records", labels: ["topic", "code"] },
    meaning: "Records that could not be processed, by code.",
    remedy: "`weir dead-letters list --code CODE`, then correct the format and replay.",
  },
  weir_dropped_total: {
    ...{ type: "counter", unit: "records", labels: ["topic", "code"] },
    meaning: "Records left out on purpose, by code.",
    remedy: "None, while it is what the source is like.",
  },
  weir_stage_seconds: {
    ...{ type: "histogram", unit: "seconds", labels: ["stage"] },
    meaning: "Time that a batch took in a stage: `parse`, `mask`, `enrich`, `aggregate`, `encode`.",
    remedy: "Slow: smaller batches, fewer rules, or another processor in the group.",
  },
  weir_insert_seconds: {
    ...{ type: "histogram", unit: "seconds", labels: ["table"] },
    meaning: "Time until the store acknowledged an insert.",
    remedy: "Slow: the store's disk and its merges.",
  },
  weir_insert_rows_total: {
    ...{ type: "counter", unit: "rows", labels: ["table"] },
    meaning: "Rows of acknowledged inserts.",
    remedy: "–",
  },
  weir_insert_bytes_total: {
    ...{ type: "counter", unit: "bytes", labels: ["table"] },
    meaning: "Bytes of acknowledged inserts, uncompressed.",
    remedy: "–",
  },
  weir_insert_failures_total: {
    ...{ type: "counter", unit: "inserts", labels: ["table", "code"] },
    meaning: "Inserts that failed, by code.",
    remedy: "As the code says (Errors).",
  },
  weir_event_age_seconds: {
    ...{ type: "gauge", unit: "seconds", labels: ["topic"] },
    meaning: "From the newest stored event's time to now.",
    remedy: "Grows while the source writes: see `weir_lag_records`; else the source is silent.",
  },
  weir_lag_records: {
    ...{ type: "gauge", unit: "offsets", labels: ["topic", "partition"] },
    meaning: "Offsets of the topic's partition that were not read yet.",
    remedy: "Grows: start another processor, or see `weir_insert_seconds`.",
  },
  weir_lag_seconds: {
    ...{ type: "gauge", unit: "seconds", labels: ["topic", "partition"] },
    meaning: "From the newest stored event's time to now, while records wait to be read; 0 when none does.",
    remedy: "As above. Must stay well below the topic's retention.",
  },
  weir_partition_state: {
    ...{ type: "gauge", unit: "1", labels: ["topic", "partition", "state"] },
    meaning:
      "1 for the state that a partition is in: `running`, `waiting` (for something to be well again), `stopped`.",
    remedy: "The log says why; a stopped one needs a person.",
  },
  weir_group_epochs_total: {
    ...{ type: "counter", unit: "assignments", labels: [] },
    meaning: "How often the group gave this process partitions.",
    remedy: "Rises all the time: processes come and go, or `kafka.session` is too short.",
  },
  weir_watermark_age_seconds: {
    ...{ type: "gauge", unit: "seconds", labels: [] },
    meaning: "From the watermark, up to which windows are closed, to now.",
    remedy: "Grows: the view `watermarks` names the partition that holds it.",
  },
  weir_journal_bytes: {
    ...{ type: "gauge", unit: "bytes", labels: [] },
    meaning: "Size of the journal's file, which does not shrink.",
    remedy: "Grows: the store does not take what was piped in.",
  },
  weir_audit_findings: {
    ...{ type: "gauge", unit: "findings", labels: [] },
    meaning: "What the last audit found to be wrong.",
    remedy: "Above 0: `weir audit`.",
  },
  weir_audit_time_seconds: {
    ...{ type: "gauge", unit: "seconds", labels: [] },
    meaning: "When the last audit ended, since 1970; 0 before the first.",
    remedy: "More than 2 hours ago: the log says why it failed.",
  },
  weir_info: {
    ...{ type: "gauge", unit: "1", labels: ["transform_version"] },
    meaning: "Always 1; the version of Weir's own rules.",
    remedy: "–",
  },
  process_cpu_seconds_total: {
    ...{ type: "counter", unit: "seconds", labels: [] },
    meaning: "CPU time of this process, the engine's threads included.",
    remedy: "–",
  },
  process_resident_memory_bytes: {
    ...{ type: "gauge", unit: "bytes", labels: [] },
    meaning: "Memory of this process.",
    remedy: "Above 1.5 GB: a lower `batch.bytes`.",
  },
  process_start_time_seconds: {
    ...{ type: "gauge", unit: "seconds", labels: [] },
    meaning: "When this process started, since 1970.",
    remedy: "–",
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;
