-- Per block: what the largest jumps of the blocks before it were like, and the extremes of the noise.
jumps AS
(
    SELECT
        series, block,
        groupArray(tuple(i, window_start, value, previous, step, is_count, day_type_windows, has_season, season_median, residual,
            residual_mean_12, value_sum_12, count_mean, spread, mean_doubt, zeros, zeros_max, surprise, silence, silence_second,
            value_min, value_max, residual_min, residual_max, unrest_min, unrest_max, tiny, scale, jump, noise)) AS windows,
        max(jump) AS block_jump,
        countIf(i >= 72) > 0 AS has_jump,
        min(if(i >= 95, noise, inf)) AS block_noise_min,
        max(if(i >= 95, noise, -inf)) AS block_noise_max
    FROM ranged
    GROUP BY series, block
),
tails AS
(
    SELECT *,
        arraySort(groupArrayIf(block_jump, has_jump) OVER fortnight) AS jump_list,
        length(jump_list) AS jump_n,
        (jump_n * if(jump_n = 0, 0, arrayReduce('quantileExactInclusive(0.5)', jump_list)) + 672 * 0.95) / (jump_n + 672) AS jump_usual,
        (jump_n * if(jump_n = 0, 0, arrayReduce('quantileExactInclusive(0.9)', jump_list)) + 672 * 1.75) / (jump_n + 672) AS jump_large,
        10 * log10(1 + 0.1746 * greatest(block_jump - jump_usual, 0) / (jump_large - jump_usual)) - log10(84) >= 1 AS is_incident,
        count() OVER fortnight = 0 AS is_first,
        if(is_first, inf, min(block_noise_min) OVER fortnight) AS noise_min_before,
        if(is_first, -inf, max(block_noise_max) OVER fortnight) AS noise_max_before
    FROM jumps
    WINDOW fortnight AS (PARTITION BY series ORDER BY block RANGE BETWEEN 336 PRECEDING AND 1 PRECEDING)
),
incidents AS
(
    SELECT *,
        countIf(is_incident) OVER (PARTITION BY series ORDER BY block RANGE BETWEEN 336 PRECEDING AND 1 PRECEDING) AS incident_blocks
    FROM tails
),
tailed AS
(
    SELECT
        series, block,
        w.i AS i, w.window_start AS window_start, w.value AS value, w.previous AS previous, w.step AS step, w.is_count AS is_count,
        w.day_type_windows AS day_type_windows, w.has_season AS has_season, w.season_median AS season_median,
        w.residual AS residual, w.residual_mean_12 AS residual_mean_12, w.value_sum_12 AS value_sum_12,
        w.count_mean AS count_mean, w.spread AS spread, w.mean_doubt AS mean_doubt, w.zeros AS zeros,
        w.zeros_max AS zeros_max, w.surprise AS surprise, w.silence AS silence, w.silence_second AS silence_second, w.value_min AS value_min,
        w.value_max AS value_max, w.residual_min AS residual_min, w.residual_max AS residual_max,
        w.unrest_min AS unrest_min, w.unrest_max AS unrest_max, w.tiny AS tiny, w.scale AS scale, w.jump AS jump,
        w.noise AS noise, 1 AS is_new, emptyArrayFloat64() AS raw_before, emptyArrayFloat64() AS budget_before,
        jump_usual, jump_large, incident_blocks, noise_min_before, noise_max_before
    FROM incidents
    ARRAY JOIN windows AS w
)
