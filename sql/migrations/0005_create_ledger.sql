-- What became of every offset: one row per batch, written last. A batch without its row does not exist for readers.
-- [batch_start, batch_end] tile a partition without gap or overlap (for a file: bytes). Counts are signed, so that a
-- correction (run > 0) can take back what a dead letter counted: records = ok + dropped + dead_letters always holds.
-- Kept for good: without it nobody could tell what is stored. It is one small row per batch.
-- minutes: per append minute and outcome (`ok`, `dropped CODE`, `dead_letter CODE`) the number of records.
CREATE TABLE IF NOT EXISTS ledger
(
    topic             LowCardinality(String),
    `partition`       UInt32,
    batch_start       Int64 CODEC(Delta, ZSTD(1)),
    batch_end         Int64 CODEC(Delta, ZSTD(1)),
    run               UInt32,
    source            LowCardinality(String),
    records           Int64,
    ok                Int64,
    dropped           Int64,
    dead_letters      Int64,
    events            Int64,
    timestamp_min     DateTime64(6, 'UTC'),
    timestamp_max     DateTime64(6, 'UTC'),
    minutes           Nested(minute DateTime('UTC'), outcome LowCardinality(String), records Int64),
    transform_version LowCardinality(String),
    config_version    LowCardinality(String),
    lookup_version    LowCardinality(String),
    stored_at         DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, `partition`, batch_start, batch_end, run)
SETTINGS
    non_replicated_deduplication_window = 20000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
