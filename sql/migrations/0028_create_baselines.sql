-- What anomaly detection remembers of each finished hour of a series: extremes, sums and the values themselves, for whoever
-- scores the hours after it. 14 days of them are read, once an hour, into `expectations`. Computed anew when late events
-- change an hour: the newest row counts.
CREATE TABLE IF NOT EXISTS baselines
(
    rule             LowCardinality(String),
    signal           LowCardinality(String),
    key              Array(LowCardinality(String)) CODEC(ZSTD(1)),
    hour             DateTime('UTC') CODEC(Delta, ZSTD(1)),
    windows          UInt32,
    weekend_windows  UInt32,
    is_count         UInt8,
    zeros            UInt32,
    surprise         Float64,
    values           Array(Float64) CODEC(ZSTD(1)),
    residuals        Array(Float64) CODEC(ZSTD(1)),
    raw_levels       Array(Float64) CODEC(ZSTD(1)),
    budget_levels    Array(Float64) CODEC(ZSTD(1)),
    total            Float64,
    excess           Float64,
    square           Float64,
    after_zero       UInt32,
    zero_after_zero  UInt32,
    zero_after_other UInt32,
    step_max         Float64,
    value_min        Float64,
    value_max        Float64,
    residual_min     Float64,
    residual_max     Float64,
    unrest_min       Float64,
    unrest_max       Float64,
    zeros_max        UInt32,
    silence_max      Float64,
    jump_max         Float64,
    has_jump         UInt8,
    noise_min        Float64,
    noise_max        Float64,
    is_incident      UInt8,
    stored_at        DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(stored_at)
ORDER BY (rule, signal, key, hour)
TTL toDateTime(stored_at) + INTERVAL 16 DAY
SETTINGS non_replicated_deduplication_window = 20000
