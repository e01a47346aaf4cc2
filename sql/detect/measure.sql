-- Windows in order, each with what it and at most 95 windows before it say: the step from one to the next, means, sums.
-- Reads `observations`; those before the hour in question (is_new = 0) only serve as predecessors.
measured AS
(
    SELECT *,
        lagInFrame(value, 1, value) OVER so_far AS previous,
        abs(value - previous) AS step,
        counts_before AND min(value = floor(value) AND value >= 0) OVER so_far AS is_count,
        toDayOfWeek(toDateTime(window_start, 'UTC')) >= 6 AS is_weekend,
        toInt64(weekend_before + countIf(is_weekend AND is_new) OVER so_far) AS weekend_windows,
        avg(value) OVER (PARTITION BY series ORDER BY i ROWS BETWEEN 12 PRECEDING AND 1 PRECEDING) AS value_mean_12,
        sum(value) OVER (PARTITION BY series ORDER BY i ROWS BETWEEN 11 PRECEDING AND CURRENT ROW) AS value_sum_12
    FROM observations
    WINDOW so_far AS (PARTITION BY series ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
stepped AS
(
    SELECT *,
        if(is_weekend, weekend_windows, i + 1 - weekend_windows) AS day_type_windows,
        avg(step) OVER (PARTITION BY series ORDER BY i ROWS BETWEEN 6 PRECEDING AND 1 PRECEDING) AS step_mean_6,
        avg(step) OVER (PARTITION BY series ORDER BY i ROWS BETWEEN 95 PRECEDING AND CURRENT ROW) AS step_mean_96
    FROM measured
)
