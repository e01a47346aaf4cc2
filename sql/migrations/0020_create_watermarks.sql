-- How far event time has come, per partition, for whoever operates Weir: the partition with the greatest watermark_age
-- holds all windows back. Complete and loaded partitions hold nothing back.
CREATE OR REPLACE VIEW watermarks AS
SELECT
    topic,
    `partition`,
    newest.1 AS source,
    newest.2 AS state,
    newest.3 AS next,
    newest.4 AS reached,
    newest.5 AS watermark,
    if(state IN ('complete', 'loaded'), 0, greatest(0, dateDiff('second', watermark, now64(6)))) AS watermark_age
FROM
(
    SELECT
        p.1 AS topic,
        p.2 AS `partition`,
        argMax((p.3, p.7, p.4, p.5, p.6), cut_id) AS newest
    FROM cuts
    ARRAY JOIN arrayZip(partitions.topic, partitions.partition, partitions.source, partitions.next, partitions.reached,
        partitions.watermark, partitions.state) AS p
    GROUP BY topic, `partition`
)
ORDER BY topic, `partition`
