-- Each window against its season: the residual, what a count of this mean may be, how surprising a zero is.
expected AS
(
    SELECT
        series, i, window_start, block, value, previous, step, is_count, day_type_windows,
        step_mean_6, step_mean_96, value_mean_12, value_sum_12, is_new, other_before, surprise_before,
        season_days > 0 AS has_season,
        season_median,
        if(is_new, if(has_season, value - season_median, 0), residual_before) AS residual,
        -- Counts: mean and 1/k of a negative binomial; of the same kind of day once there is a day of it.
        day_type_windows > 288 AS knows_day_type,
        if(knows_day_type, if(is_weekend_hour, weekend_n, season_n - weekend_n), season_n) AS mean_n,
        if(knows_day_type, if(is_weekend_hour, weekend_total, season_total - weekend_total), season_total) AS mean_total,
        (mean_total + 0.5) / (mean_n + 0.5 * (all_n + 1) / (all_total + 0.5)) AS count_mean,
        if(all_square > 0, greatest(all_excess / all_square, 0), 0) AS spread,
        1 / (mean_total + 0.5) AS mean_doubt,
        -- Zeros: -log10 of the chance of this one, of the hour, as far as 672 windows of all hours don't outweigh it.
        (all_zero_after_zero + 0.5) / (all_after_zero + 1) AS all_stay,
        (all_zero_after_other + 0.5) / (all_n - all_after_zero + 1) AS all_fall,
        (season_zero_after_zero + 672 * all_stay) / (season_after_zero + 672) AS stay,
        (season_zero_after_other + 672 * all_fall) / (season_n - season_after_zero + 672) AS fall,
        if(value != 0 OR NOT is_new, 0, -log10(if(previous = 0, stay, fall))) AS zero_surprise
    FROM seasonal
),
summed AS
(
    SELECT *,
        avg(abs(residual)) OVER (PARTITION BY series ORDER BY i ROWS BETWEEN 11 PRECEDING AND CURRENT ROW) AS residual_mean_12,
        i - greatest(other_before, max(if(value != 0, i, -1)) OVER so_far) AS zeros,
        surprise_before + sum(zero_surprise) OVER so_far AS surprise_so_far
    FROM expected
    WINDOW so_far AS (PARTITION BY series ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
compared AS
(
    SELECT *,
        surprise_so_far - max(if(value != 0 AND is_new, surprise_so_far, 0)) OVER
            (PARTITION BY series ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS surprise,
        -- Nothing falls silent that never spoke.
        if(zeros > i, 0, if(knows_day_type, 1, 0.5)) * surprise AS silence
    FROM summed
)
