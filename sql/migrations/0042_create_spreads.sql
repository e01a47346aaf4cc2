-- How far the events of each day were from what was expected of them, beyond chance: what anomaly detection measures a
-- series by on the days after it.
CREATE TABLE IF NOT EXISTS spreads
(
    rule      LowCardinality(String),
    key       Array(LowCardinality(String)) CODEC(ZSTD(1)),
    day       DateTime('UTC') CODEC(Delta, ZSTD(1)),
    test      LowCardinality(String),
    spread    Float64,
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(stored_at)
ORDER BY (day, rule, key, test)
TTL toDateTime(stored_at) + INTERVAL 16 DAY
SETTINGS non_replicated_deduplication_window = 20000
