-- What later hours must know of each hour: the end of the statement that fills `baselines`.
SELECT
    j.series.1 AS rule, j.series.2 AS signal, j.series.3 AS key, toDateTime(j.block * 3600, 'UTC') AS hour,
    arraySort(w -> w.1, groupArray(tuple(j.i, j.value, j.residual, j.raw, j.budget, j.zeros, j.surprise, j.is_count))) AS list,
    list.2 AS values,
    list.3 AS residuals,
    arraySlice(list.4, -5) AS raw_levels,
    arraySlice(list.5, -5) AS budget_levels,
    max(j.i) + 1 AS windows,
    if(toDayOfWeek(hour) >= 6, max(j.day_type_windows), windows - max(j.day_type_windows)) AS weekend_windows,
    list.8[-1] AS is_count,
    list.6[-1] AS zeros,
    list.7[-1] AS surprise,
    sum(j.value) AS total,
    if(count() > 1, varSamp(j.value) - avg(j.value), 0) AS excess,
    if(count() > 1, pow(avg(j.value), 2), 0) AS square,
    countIf(j.previous = 0) AS after_zero,
    countIf(j.previous = 0 AND j.value = 0) AS zero_after_zero,
    countIf(j.previous != 0 AND j.value = 0) AS zero_after_other,
    max(j.step) AS step_max,
    min(j.value) AS value_min, max(j.value) AS value_max,
    min(j.residual) AS residual_min, max(j.residual) AS residual_max,
    min(if(j.i >= 11, j.residual_mean_12, inf)) AS unrest_min, max(if(j.i >= 11, j.residual_mean_12, -inf)) AS unrest_max,
    max(j.zeros) AS zeros_max,
    max(j.silence) AS silence_max,
    max(j.jump) AS jump_max,
    countIf(j.i >= 72) > 0 AS has_jump,
    min(if(j.i >= 95, j.noise, inf)) AS noise_min, max(if(j.i >= 95, j.noise, -inf)) AS noise_max,
    max(j.jump_s + j.jump_offset) - log10(84) >= 1 AS is_incident
FROM judged AS j
GROUP BY j.series, j.block
SETTINGS enable_named_columns_in_function_tuple = 1
