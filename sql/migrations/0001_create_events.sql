-- Every parsed log entry, for analysts.
-- ORDER BY serves "one service, a stretch of time"; rows arrive almost in that order, so inserts and merges sort little.
-- One partition a day, so that retention drops whole parts. Columns that most rows leave empty are stored sparse.
-- LowCardinality also for addresses, paths and referrers: 26 bytes per event on real access logs instead of 40, and the
-- rows arrive as dictionaries anyway. `line` gives the original line back from the columns (see processors/parse/layout.ts).
-- Retention counts from the day a row was stored, so that loading old logs does not delete them at once.
-- A higher merge_selector_base merges a row 0.9 times instead of 2.2 while loading, for some more parts meanwhile.
-- Each insert is one block with its own token; the window of remembered tokens makes its retries harmless.
CREATE TABLE IF NOT EXISTS events
(
    timestamp                 DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    observed_timestamp        DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    time_source               Enum8('event' = 1, 'append' = 2) CODEC(ZSTD(1)),
    tenant                    LowCardinality(String) CODEC(ZSTD(1)),
    service_name              LowCardinality(String) CODEC(ZSTD(1)),
    host_name                 LowCardinality(String) CODEC(ZSTD(1)),
    severity_number           UInt8 CODEC(ZSTD(1)),
    severity_text             LowCardinality(String) CODEC(ZSTD(1)),
    body                      String CODEC(ZSTD(3)),
    template_id               UInt64 CODEC(ZSTD(1)),
    http_request_method       LowCardinality(String) CODEC(ZSTD(1)),
    http_route                LowCardinality(String) CODEC(ZSTD(3)),
    url_path                  LowCardinality(String) CODEC(ZSTD(3)),
    url_query                 String CODEC(ZSTD(3)),
    network_protocol_version  LowCardinality(String) CODEC(ZSTD(1)),
    http_response_status_code UInt16 CODEC(ZSTD(1)),
    http_response_body_size   UInt64 CODEC(ZSTD(3)),
    duration_us               UInt64 CODEC(ZSTD(1)),
    http_request_referrer     LowCardinality(String) CODEC(ZSTD(3)),
    client_address            LowCardinality(String) CODEC(ZSTD(3)),
    geo_country_iso_code      LowCardinality(String) CODEC(ZSTD(1)),
    user_id                   String CODEC(ZSTD(1)),
    user_agent_original       LowCardinality(String) CODEC(ZSTD(3)),
    user_agent_name           LowCardinality(String) CODEC(ZSTD(1)),
    user_agent_os_name        LowCardinality(String) CODEC(ZSTD(1)),
    user_agent_synthetic_type LowCardinality(String) CODEC(ZSTD(1)),
    trace_id                  String CODEC(ZSTD(1)),
    span_id                   String CODEC(ZSTD(1)),
    attributes                Map(LowCardinality(String), String) CODEC(ZSTD(3)),
    line_layout               LowCardinality(String) CODEC(ZSTD(1)),
    line_kept                 String CODEC(ZSTD(3)),
    source                    LowCardinality(String) CODEC(ZSTD(1)),
    format                    LowCardinality(String) CODEC(ZSTD(1)),
    topic                     LowCardinality(String) CODEC(ZSTD(1)),
    `partition`               UInt32 CODEC(ZSTD(1)),
    `offset`                  Int64 CODEC(Delta, ZSTD(1)),
    `index`                   UInt32 CODEC(ZSTD(1)),
    batch_start               Int64 CODEC(Delta, ZSTD(1)),
    stored_at                 DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX client_address_bloom client_address TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX body_tokens body TYPE tokenbf_v1(8192, 3, 0) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (tenant, service_name, timestamp)
TTL stored_at + INTERVAL {{events_days}} DAY
SETTINGS
    ttl_only_drop_parts = 1,
    non_replicated_deduplication_window = 20000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_bytes_for_wide_part = 134217728,
    auto_statistics_types = '',
    merge_selector_base = 10
