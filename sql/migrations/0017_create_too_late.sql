-- Events that came later than the lateness limit of their source: they are stored, but not in the windows of the rule. For
-- `completeness`, and for whoever wonders why a window and `events` differ.
CREATE TABLE IF NOT EXISTS too_late
(
    cut_id       UInt64,
    rule         LowCardinality(String),
    rule_version UInt32,
    window_start DateTime('UTC'),
    source       LowCardinality(String),
    topic        LowCardinality(String),
    `partition`  UInt32,
    minute       DateTime('UTC'),
    events       UInt64,
    stored_at    DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree
ORDER BY (rule, window_start, rule_version, topic, `partition`, minute, cut_id)
TTL stored_at + INTERVAL {{windows_days}} DAY
SETTINGS
    non_replicated_deduplication_window = 20000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
