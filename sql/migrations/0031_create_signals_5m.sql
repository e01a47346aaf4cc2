-- What anomaly detection looks at: of each series its value in every 5 minutes, windows without events included, for whoever
-- asks what a score came from. Written anew while its hour changes: the newest row counts.
CREATE TABLE IF NOT EXISTS signals_5m
(
    rule         LowCardinality(String),
    signal       LowCardinality(String),
    key          Array(LowCardinality(String)) CODEC(ZSTD(1)),
    window_start DateTime('UTC') CODEC(Delta, ZSTD(1)),
    value        Float64 CODEC(ZSTD(1)),
    stored_at    DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(stored_at)
ORDER BY (window_start, rule, signal, key)
TTL toDateTime(stored_at) + INTERVAL {{windows_days}} DAY
SETTINGS non_replicated_deduplication_window = 20000
