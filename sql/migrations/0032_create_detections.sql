-- How far anomaly detection has come, a row for each time it went on: windows up to `until` were looked at as that cut left them.
CREATE TABLE IF NOT EXISTS detections
(
    cut_id    UInt64,
    since     DateTime('UTC'),
    until     DateTime('UTC'),
    rules     String,
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY (cut_id, until)
SETTINGS
    non_replicated_deduplication_window = 20000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
