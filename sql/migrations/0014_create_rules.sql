-- What each version of a rule meant, for whoever reads old windows, and for closing, which goes on with the roll-ups of
-- versions that are no longer configured. A handful of rows per change of the configuration.
CREATE TABLE IF NOT EXISTS rules
(
    name           LowCardinality(String),
    version        UInt32,
    window_seconds UInt32,
    group_by       Array(String),
    `from`         LowCardinality(String),
    from_version   UInt32,
    definition     String,
    stored_at      DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree
ORDER BY (name, version)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
