-- The measured value of a rule (`value` in weir.yaml), beside the duration that every rule measures; for closing.
-- Whole numbers only, so that sums are exact in any order; value_histogram is as duration_histogram, negative values in
-- buckets of their own (see processors/aggregate/histogram.ts).
ALTER TABLE partials
    ADD COLUMN IF NOT EXISTS value_count UInt64 CODEC(ZSTD(1)) AFTER duration_histogram,
    ADD COLUMN IF NOT EXISTS value_sum Int64 CODEC(ZSTD(1)) AFTER value_count,
    ADD COLUMN IF NOT EXISTS value_min Int64 CODEC(ZSTD(1)) AFTER value_sum,
    ADD COLUMN IF NOT EXISTS value_max Int64 CODEC(ZSTD(1)) AFTER value_min,
    ADD COLUMN IF NOT EXISTS value_histogram Map(Int16, UInt64) CODEC(ZSTD(1)) AFTER value_max
