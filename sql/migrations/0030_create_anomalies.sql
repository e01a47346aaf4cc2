-- Windows of series that were outside of what was expected, for on-call engineers: how far, since when it is known what to
-- expect, what contributed most, masked sample lines, and what changed just before. The newest revision counts.
CREATE TABLE IF NOT EXISTS anomalies
(
    rule             LowCardinality(String),
    signal           LowCardinality(String),
    key              Array(LowCardinality(String)) CODEC(ZSTD(1)),
    window_start     DateTime('UTC') CODEC(Delta, ZSTD(1)),
    window_seconds   UInt32,
    revision         UInt32,
    value            Float64,
    score            Float64,
    expected         Float64,
    lower            Float64,
    upper            Float64,
    why              LowCardinality(String),
    baseline_windows UInt32,
    contributors     Array(Tuple(dimension LowCardinality(String), value String, share Float64)) CODEC(ZSTD(1)),
    samples          Array(String) CODEC(ZSTD(1)),
    changes          Array(String) CODEC(ZSTD(1)),
    stored_at        DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (rule, signal, window_start, key)
SETTINGS
    non_replicated_deduplication_window = 20000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
