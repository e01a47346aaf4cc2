-- Messages by their template, for analysts: when each was first and last seen, and how it reads.
CREATE TABLE IF NOT EXISTS templates
(
    tenant       LowCardinality(String),
    service_name LowCardinality(String),
    template     String CODEC(ZSTD(1)),
    first_seen   SimpleAggregateFunction(min, DateTime('UTC')),
    last_seen    SimpleAggregateFunction(max, DateTime('UTC')),
    form         SimpleAggregateFunction(max, String) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, service_name, template)
SETTINGS non_replicated_deduplication_window = 20000
