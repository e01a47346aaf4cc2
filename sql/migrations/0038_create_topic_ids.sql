-- Which topic of Kafka the offsets of a topic's name belong to, for process: one that was deleted and made anew under the same
-- name has another id, and its offsets mean other records. The newest row counts.
CREATE TABLE IF NOT EXISTS topic_ids
(
    topic     LowCardinality(String),
    topic_id  String,
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(stored_at)
ORDER BY (topic)
