-- One row per closing: which batches count from here on, how far the watermark is, and which windows are due. Everything
-- that closing computes is a function of these rows, so that whoever repeats a closing gets the same windows.
-- added: batches that count since this cut; a share whose window ends by too_late_before stays out of its window for good.
-- removed: batches that counted and are gone from the ledger. partitions: those whose standing was noted in this cut.
CREATE TABLE IF NOT EXISTS cuts
(
    cut_id           UInt64,
    decided_at       DateTime64(6, 'UTC'),
    watermark        DateTime64(6, 'UTC'),
    watermark_before DateTime64(6, 'UTC'),
    is_drained       UInt8,
    drained_after    UInt64,
    is_revising      UInt8,
    revise_before    DateTime64(6, 'UTC'),
    revise_after     UInt64,
    recompute_from   DateTime64(6, 'UTC'),
    recompute_to     DateTime64(6, 'UTC'),
    timestamp_max    DateTime64(6, 'UTC'),
    added            Nested(
        topic LowCardinality(String), `partition` UInt32, batch_start Int64, batch_end Int64, run UInt32,
        timestamp_min DateTime64(6, 'UTC'), timestamp_max DateTime64(6, 'UTC'), too_late_before DateTime64(6, 'UTC')),
    removed          Nested(
        topic LowCardinality(String), `partition` UInt32, batch_start Int64, batch_end Int64, run UInt32),
    partitions       Nested(
        topic LowCardinality(String), `partition` UInt32, source LowCardinality(String), next Int64,
        reached DateTime64(6, 'UTC'), watermark DateTime64(6, 'UTC'), state LowCardinality(String)),
    stored_at        DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
ORDER BY cut_id
SETTINGS
    non_replicated_deduplication_window = 20000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
