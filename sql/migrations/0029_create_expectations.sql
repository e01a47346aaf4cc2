-- What is expected of an hour of a series, out of `baselines`: all that scoring its windows needs besides the windows
-- themselves, so that a window costs the same however long the history is.
CREATE TABLE IF NOT EXISTS expectations
(
    rule                    LowCardinality(String),
    signal                  LowCardinality(String),
    key                     Array(LowCardinality(String)) CODEC(ZSTD(1)),
    hour                    DateTime('UTC') CODEC(Delta, ZSTD(1)),
    windows_before          UInt32,
    weekend_before          UInt32,
    is_count_before         UInt8,
    other_before            Int64,
    surprise_before         Float64,
    values_before           Array(Float64) CODEC(ZSTD(1)),
    residuals_before        Array(Float64) CODEC(ZSTD(1)),
    raw_before              Array(Float64) CODEC(ZSTD(1)),
    budget_before           Array(Float64) CODEC(ZSTD(1)),
    season_days             UInt32,
    season_median           Float64,
    season_n                UInt32,
    season_total            Float64,
    weekend_n               UInt32,
    weekend_total           Float64,
    season_after_zero       UInt32,
    season_zero_after_zero  UInt32,
    season_zero_after_other UInt32,
    all_n                   UInt32,
    all_total               Float64,
    all_excess              Float64,
    all_square              Float64,
    all_after_zero          UInt32,
    all_zero_after_zero     UInt32,
    all_zero_after_other    UInt32,
    step_q90                Float64,
    same_step_median        Float64,
    zeros_max               UInt32,
    silence_second          Float64,
    value_min               Float64,
    value_max               Float64,
    residual_min            Float64,
    residual_max            Float64,
    unrest_min              Float64,
    unrest_max              Float64,
    jump_usual              Float64,
    jump_large              Float64,
    incident_blocks         UInt32,
    noise_min               Float64,
    noise_max               Float64,
    stored_at               DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(stored_at)
ORDER BY (hour, rule, signal, key)
TTL toDateTime(stored_at) + INTERVAL 2 DAY
SETTINGS non_replicated_deduplication_window = 20000
