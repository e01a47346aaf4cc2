-- One batch's share of every window: order-independent states, merged by readers (view `partials_merged`) and by closing.
-- ReplacingMergeTree by the batch's identity: a batch that is inserted again replaces itself, however often.
-- A row counts only if the ledger has its batch: readers join on all five batch columns.
-- duration_histogram: bucket -> count, see processors/aggregate/histogram.ts. distinct_values feeds distinct_state.
CREATE TABLE IF NOT EXISTS partials
(
    rule               LowCardinality(String),
    rule_version       UInt32,
    window_start       DateTime('UTC') CODEC(Delta, ZSTD(1)),
    window_seconds     UInt32,
    key                Array(LowCardinality(String)) CODEC(ZSTD(1)),
    topic              LowCardinality(String),
    `partition`        UInt32,
    batch_start        Int64 CODEC(Delta, ZSTD(1)),
    batch_end          Int64 CODEC(Delta, ZSTD(1)),
    run                UInt32,
    events             UInt64 CODEC(ZSTD(1)),
    errors             UInt64 CODEC(ZSTD(1)),
    body_size_sum      UInt64 CODEC(ZSTD(1)),
    duration_count     UInt64 CODEC(ZSTD(1)),
    duration_us_sum    UInt64 CODEC(ZSTD(1)),
    duration_us_min    UInt64 CODEC(ZSTD(1)),
    duration_us_max    UInt64 CODEC(ZSTD(1)),
    duration_histogram Map(Int16, UInt64) CODEC(ZSTD(1)),
    distinct_values    Array(String) EPHEMERAL,
    distinct_state     AggregateFunction(uniqCombined64, String)
                       DEFAULT arrayReduce('uniqCombined64State', distinct_values) CODEC(ZSTD(1)),
    stored_at          DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree
ORDER BY (rule, window_start, key, topic, `partition`, batch_start, batch_end, run)
TTL stored_at + INTERVAL {{partials_days}} DAY
SETTINGS
    non_replicated_deduplication_window = 20000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    auto_statistics_types = ''
