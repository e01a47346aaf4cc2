-- Which journal writes into this store, for Weir itself: a journal numbers the files, and under the numbers of another one
-- new lines would pass for stored. The newest row counts. A handful of rows in the life of a store.
CREATE TABLE IF NOT EXISTS journals
(
    id         String,
    adopted_at DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY adopted_at
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
