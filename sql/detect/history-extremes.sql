-- Per block of 12 windows: the extremes of the blocks before it, of up to 336 (14 days).
blocks AS
(
    SELECT
        series, block,
        arraySort(w -> w.1, groupArray(tuple(i, window_start, value, previous, step, is_count, day_type_windows, step_mean_6,
            step_mean_96, value_mean_12, value_sum_12, has_season, season_median, residual, residual_mean_12, count_mean,
            spread, mean_doubt, zeros, surprise, silence))) AS windows,
        max(step) AS block_step,
        min(value) AS block_value_min, max(value) AS block_value_max,
        min(residual) AS block_residual_min, max(residual) AS block_residual_max,
        min(if(i >= 11, residual_mean_12, inf)) AS block_unrest_min,
        max(if(i >= 11, residual_mean_12, -inf)) AS block_unrest_max,
        max(zeros) AS block_zeros,
        max(silence) AS block_silence
    FROM compared
    GROUP BY series, block
),
framed AS
(
    SELECT series, block, windows,
        count() OVER fortnight = 0 AS is_first,
        quantileExactInclusive(0.9)(block_step) OVER week AS step_q90,
        arraySort(groupArray(block_step) OVER
            (PARTITION BY series, block % 24 ORDER BY block RANGE BETWEEN 168 PRECEDING AND 1 PRECEDING)) AS same_steps,
        if(is_first, inf, min(block_value_min) OVER fortnight) AS value_min_before,
        if(is_first, -inf, max(block_value_max) OVER fortnight) AS value_max_before,
        if(is_first, inf, min(block_residual_min) OVER fortnight) AS residual_min_before,
        if(is_first, -inf, max(block_residual_max) OVER fortnight) AS residual_max_before,
        if(is_first, inf, min(block_unrest_min) OVER fortnight) AS unrest_min_before,
        if(is_first, -inf, max(block_unrest_max) OVER fortnight) AS unrest_max_before,
        max(block_zeros) OVER fortnight AS zeros_max,
        max(block_silence) OVER (PARTITION BY series ORDER BY block RANGE BETWEEN 24 PRECEDING AND 1 PRECEDING) AS day_silence
    FROM blocks
    WINDOW
        week AS (PARTITION BY series ORDER BY block RANGE BETWEEN 168 PRECEDING AND 1 PRECEDING),
        fortnight AS (PARTITION BY series ORDER BY block RANGE BETWEEN 336 PRECEDING AND 1 PRECEDING)
),
silences AS
(
    SELECT *,
        if(length(same_steps) >= 2, same_steps[intDiv(length(same_steps) + 1, 2)], 0) AS same_step_median,
        arrayReverseSort(groupArray(day_silence) OVER
            (PARTITION BY series, block % 24 ORDER BY block RANGE BETWEEN 313 PRECEDING AND CURRENT ROW))[2] AS silence_second
    FROM framed
),
bounded AS
(
    SELECT
        series, block,
        w.i AS i, w.window_start AS window_start, w.value AS value, w.previous AS previous, w.step AS step,
        w.is_count AS is_count, w.day_type_windows AS day_type_windows, w.step_mean_6 AS step_mean_6,
        w.step_mean_96 AS step_mean_96, w.value_mean_12 AS value_mean_12, w.value_sum_12 AS value_sum_12,
        w.has_season AS has_season, w.season_median AS season_median, w.residual AS residual,
        w.residual_mean_12 AS residual_mean_12, w.count_mean AS count_mean, w.spread AS spread, w.mean_doubt AS mean_doubt,
        w.zeros AS zeros, w.surprise AS surprise, w.silence AS silence, 1 AS is_new,
        step_q90, same_step_median, zeros_max, silence_second, value_min_before, value_max_before, residual_min_before,
        residual_max_before, unrest_min_before, unrest_max_before
    FROM silences
    ARRAY JOIN windows AS w
)
