-- What the same hour of the day (and the one before and after it) was like on the 14 days before, per hour of the clock.
hours AS
(
    SELECT
        series,
        intDiv(window_start, 3600) AS hour,
        any(is_weekend) AS is_weekend_hour,
        arraySort(w -> w.1, groupArray(tuple(i, window_start, block, value, previous, step, is_count, day_type_windows,
            step_mean_6, step_mean_96, value_mean_12, value_sum_12))) AS windows,
        windows.value AS hour_values,
        count() AS n,
        sum(value) AS total,
        if(n > 1, varSamp(value) - avg(value), 0) AS excess,
        if(n > 1, pow(avg(value), 2), 0) AS square,
        countIf(previous = 0) AS after_zero,
        countIf(previous = 0 AND value = 0) AS zero_after_zero,
        countIf(previous != 0 AND value = 0) AS zero_after_other
    FROM stepped
    GROUP BY series, hour
),
neighbours AS
(
    SELECT *,
        groupArrayArray(hour_values) OVER near AS near_values,
        sum(n) OVER near AS near_n,
        sum(total) OVER near AS near_total,
        sum(after_zero) OVER near AS near_after_zero,
        sum(zero_after_zero) OVER near AS near_zero_after_zero,
        sum(zero_after_other) OVER near AS near_zero_after_other,
        sum(n) OVER fortnight AS all_n,
        sum(total) OVER fortnight AS all_total,
        sum(excess) OVER fortnight AS all_excess,
        sum(square) OVER fortnight AS all_square,
        sum(after_zero) OVER fortnight AS all_after_zero,
        sum(zero_after_zero) OVER fortnight AS all_zero_after_zero,
        sum(zero_after_other) OVER fortnight AS all_zero_after_other
    FROM hours
    WINDOW
        near AS (PARTITION BY series ORDER BY hour RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING),
        fortnight AS (PARTITION BY series ORDER BY hour RANGE BETWEEN 336 PRECEDING AND 1 PRECEDING)
),
seasons AS
(
    SELECT
        series, windows, is_weekend_hour,
        all_n, all_total, all_excess, all_square, all_after_zero, all_zero_after_zero, all_zero_after_other,
        count() OVER same_hour AS season_days,
        quantileExactInclusiveArray(0.5)(near_values) OVER same_hour AS season_median,
        sum(near_n) OVER same_hour AS season_n,
        sum(near_total) OVER same_hour AS season_total,
        sumIf(near_n, is_weekend_hour) OVER same_hour AS weekend_n,
        sumIf(near_total, is_weekend_hour) OVER same_hour AS weekend_total,
        sum(near_after_zero) OVER same_hour AS season_after_zero,
        sum(near_zero_after_zero) OVER same_hour AS season_zero_after_zero,
        sum(near_zero_after_other) OVER same_hour AS season_zero_after_other
    FROM neighbours
    WINDOW same_hour AS (PARTITION BY series, hour % 24 ORDER BY intDiv(hour, 24) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING)
),
seasonal AS
(
    SELECT
        series,
        w.i AS i, w.window_start AS window_start, w.block AS block, w.value AS value, w.previous AS previous,
        w.step AS step, w.is_count AS is_count, w.day_type_windows AS day_type_windows, w.step_mean_6 AS step_mean_6,
        w.step_mean_96 AS step_mean_96, w.value_mean_12 AS value_mean_12, w.value_sum_12 AS value_sum_12,
        1 AS is_new, 0. AS residual_before, -1 AS other_before, 0. AS surprise_before,
        is_weekend_hour, season_days, season_median, season_n, season_total, weekend_n, weekend_total,
        season_after_zero, season_zero_after_zero, season_zero_after_other,
        all_n, all_total, all_excess, all_square, all_after_zero, all_zero_after_zero, all_zero_after_other
    FROM seasons
    ARRAY JOIN windows AS w
)
