-- Records that could not be processed, for whoever repairs them: where they stood, why they were refused, and their
-- masked beginning. PARTITION BY the day of the append time, which all records of a batch share: one insert per batch.
CREATE TABLE IF NOT EXISTS dead_letters
(
    observed_timestamp DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    tenant             LowCardinality(String),
    source             LowCardinality(String),
    stage              LowCardinality(String),
    code               LowCardinality(String),
    reason             String CODEC(ZSTD(3)),
    payload            String CODEC(ZSTD(3)),
    topic              LowCardinality(String),
    `partition`        UInt32,
    `offset`           Int64 CODEC(Delta, ZSTD(1)),
    `index`            UInt32,
    batch_start        Int64 CODEC(Delta, ZSTD(1)),
    stored_at          DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
PARTITION BY toDate(observed_timestamp)
ORDER BY (topic, `partition`, `offset`, `index`)
TTL stored_at + INTERVAL {{dead_letters_days}} DAY
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 20000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
