-- For whoever reports figures: which finished windows were revised most, from what to what, and how late the last revision came.
SELECT
    rule,
    window_start,
    key,
    max(revision) AS revisions,
    argMin(events, revision) AS events_at_first,
    argMax(events, revision) AS events_at_last,
    dateDiff('second', min(watermark), max(watermark)) AS seconds_between
FROM windows_history
GROUP BY rule, window_start, window_seconds, key, rule_version
ORDER BY revisions DESC, rule, window_start, key
LIMIT 20
