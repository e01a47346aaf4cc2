-- What was erased on request, for whoever must prove it: a receipt per erased pseudonym, which names nobody. What is read
-- again later is stored without the pseudonym (`<email:withheld>`), by the same hash. `removed` says how many rows went of
-- which partition: events and dead letters of the ledger that the tables don't have any more. A handful of rows.
CREATE TABLE IF NOT EXISTS erasures
(
    id                String,
    erased_at         DateTime64(6, 'UTC') DEFAULT now64(6),
    tenant            String,
    pseudonym_sha256  String,
    events            UInt64,
    dead_letters      UInt64,
    removed           Nested(topic String, `partition` UInt32, events UInt64, dead_letters UInt64),
    transform_version String,
    config_version    String
)
ENGINE = MergeTree
ORDER BY erased_at
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
