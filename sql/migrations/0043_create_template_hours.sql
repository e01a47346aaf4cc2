-- In which hours a service wrote a message, for anomaly detection: what is rare, and what is no longer written. Written anew while its hour
-- changes: the newest row counts.
CREATE TABLE IF NOT EXISTS template_hours
(
    tenant       LowCardinality(String),
    service_name LowCardinality(String),
    template     String CODEC(ZSTD(1)),
    hour         DateTime('UTC') CODEC(Delta, ZSTD(1)),
    first_window DateTime('UTC') CODEC(Delta, ZSTD(1)),
    events       UInt64 CODEC(ZSTD(1)),
    stored_at    DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(stored_at)
ORDER BY (tenant, service_name, template, hour)
TTL toDateTime(stored_at) + INTERVAL 40 DAY
SETTINGS non_replicated_deduplication_window = 20000
