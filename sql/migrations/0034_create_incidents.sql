-- What was told of incidents, for on-call engineers: each row is the newest state of one. The highest sequence counts.
CREATE TABLE IF NOT EXISTS incidents
(
    id            FixedString(32),
    sequence      UInt64 CODEC(ZSTD(1)),
    state         LowCardinality(String),
    tenant        LowCardinality(String),
    service_name  LowCardinality(String),
    kind          LowCardinality(String),
    severity      LowCardinality(String),
    opened_at     DateTime('UTC') CODEC(Delta, ZSTD(1)),
    resolved_at   DateTime('UTC') CODEC(Delta, ZSTD(1)),
    score         Float64,
    value         Float64,
    expected      Float64,
    why           LowCardinality(String),
    series        Array(String) CODEC(ZSTD(1)),
    transition_id FixedString(32),
    stored_at     DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(sequence)
ORDER BY id
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1
