-- Windows as they stand now, from every batch that is in the ledger: for analysts before windows are closed, and for
-- checks. One row per rule, window and key.
CREATE OR REPLACE VIEW partials_merged AS
SELECT
    rule,
    rule_version,
    window_start,
    window_seconds,
    key,
    sum(p.events) AS events,
    sum(p.errors) AS errors,
    sum(p.body_size_sum) AS body_size_sum,
    sum(p.duration_count) AS duration_count,
    sum(p.duration_us_sum) AS duration_us_sum,
    minIf(p.duration_us_min, p.duration_count > 0) AS duration_us_min,
    max(p.duration_us_max) AS duration_us_max,
    sumMap(p.duration_histogram) AS duration_histogram,
    uniqCombined64Merge(p.distinct_state) AS distinct_count
FROM partials AS p FINAL
WHERE (topic, `partition`, batch_start, batch_end, run) IN (
    SELECT topic, `partition`, batch_start, batch_end, run FROM ledger
)
GROUP BY rule, rule_version, window_start, window_seconds, key
