-- How many events anomaly detection expects of each 5 minutes of a series by the days before, for whoever asks what a score
-- came from. Written anew while its hour changes: the newest row counts.
CREATE TABLE IF NOT EXISTS seasons
(
    rule         LowCardinality(String),
    key          Array(LowCardinality(String)) CODEC(ZSTD(1)),
    window_start DateTime('UTC') CODEC(Delta, ZSTD(1)),
    expected     Float64 CODEC(ZSTD(1)),
    doubt        Float64 CODEC(ZSTD(1)),
    spread       Float64 CODEC(ZSTD(1)),
    stored_at    DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(stored_at)
ORDER BY (window_start, rule, key)
TTL toDateTime(stored_at) + INTERVAL 16 DAY
SETTINGS non_replicated_deduplication_window = 20000
