-- Finished windows, every revision, with the states that roll-ups and later revisions add to: for analysts through the
-- views, and for what is published. Never updated: a late event makes the next revision, with the full new value.
-- ReplacingMergeTree, so that a closing that is repeated leaves each revision once even where its token was forgotten.
CREATE TABLE IF NOT EXISTS windows
(
    rule               LowCardinality(String),
    rule_version       UInt32,
    window_start       DateTime('UTC') CODEC(Delta, ZSTD(1)),
    window_seconds     UInt32,
    key                Array(LowCardinality(String)) CODEC(ZSTD(1)),
    revision           UInt32,
    cut_id             UInt64 CODEC(ZSTD(1)),
    watermark          DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    events             UInt64 CODEC(ZSTD(1)),
    errors             UInt64 CODEC(ZSTD(1)),
    body_size_sum      UInt64 CODEC(ZSTD(1)),
    duration_count     UInt64 CODEC(ZSTD(1)),
    duration_us_sum    UInt64 CODEC(ZSTD(1)),
    duration_us_min    UInt64 CODEC(ZSTD(1)),
    duration_us_max    UInt64 CODEC(ZSTD(1)),
    duration_histogram Map(Int16, UInt64) CODEC(ZSTD(1)),
    value_count        UInt64 CODEC(ZSTD(1)),
    value_sum          Int64 CODEC(ZSTD(1)),
    value_min          Int64 CODEC(ZSTD(1)),
    value_max          Int64 CODEC(ZSTD(1)),
    value_histogram    Map(Int16, UInt64) CODEC(ZSTD(1)),
    distinct_state     AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1)),
    stored_at          DateTime('UTC') DEFAULT now(),
    INDEX cut_id_minmax cut_id TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (rule, window_start, key, rule_version, revision)
TTL stored_at + INTERVAL {{windows_days}} DAY
SETTINGS
    non_replicated_deduplication_window = 20000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    auto_statistics_types = ''
