-- For whoever operates Weir: how far each partition's time has come; the oldest that is active or idle holds all windows back.
SELECT
    source,
    topic,
    `partition`,
    state,
    reached,
    watermark,
    formatReadableTimeDelta(watermark_age) AS age
FROM watermarks
ORDER BY state IN ('complete', 'loaded'), watermark, topic, `partition`
LIMIT 20
