-- What is expected of an hour, out of the hours of the 14 days before it: fills `expectations`.
WITH
past AS
(
    SELECT *,
        intDiv(toUnixTimestamp({hour:DateTime('UTC')}) - toUnixTimestamp(hour), 3600) AS age,
        toUInt32(round(age / 24)) AS day,
        age = 24 * day AS is_centre,
        toDayOfWeek({hour:DateTime('UTC')} - toIntervalDay(day)) >= 6 AS is_weekend_day,
        -- Hours beside one that has no windows itself don't count.
        day BETWEEN 1 AND 14 AND abs(age - toInt64(24 * day)) <= 1
            AND max(is_centre) OVER (PARTITION BY rule, signal, key, day) AS is_near,
        length(values) AS n
    FROM baselines FINAL
    WHERE hour < {hour:DateTime('UTC')} AND hour >= {hour:DateTime('UTC')} - toIntervalHour(337)
)
SELECT
    rule, signal, key, {hour:DateTime('UTC')} AS hour,
    max(windows) AS windows_before,
    argMax(is_count, age * -1.) AS is_count_before,
    max(weekend_windows) AS weekend_before,
    toInt64(windows_before) - 1 - argMax(zeros, age * -1.) AS other_before,
    argMax(surprise, age * -1.) AS surprise_before,
    arraySort(h -> -h.1, groupArray((age, values, residuals))) AS hours,
    arraySlice(arrayFlatten(hours.2), -96) AS values_before,
    arraySlice(arrayFlatten(hours.3), -96) AS residuals_before,
    arraySlice(arrayFlatten(arraySort(h -> -h.1, groupArray((age, raw_levels))).2), -5) AS raw_before,
    arraySlice(arrayFlatten(arraySort(h -> -h.1, groupArray((age, budget_levels))).2), -5) AS budget_before,
    countIf(is_near AND is_centre) AS season_days,
    if(season_days = 0, 0, quantileExactInclusiveArrayIf(0.5)(values, is_near)) AS season_median,
    sumIf(n, is_near) AS season_n, sumIf(total, is_near) AS season_total,
    sumIf(n, is_near AND is_weekend_day) AS weekend_n, sumIf(total, is_near AND is_weekend_day) AS weekend_total,
    sumIf(after_zero, is_near) AS season_after_zero,
    sumIf(zero_after_zero, is_near) AS season_zero_after_zero,
    sumIf(zero_after_other, is_near) AS season_zero_after_other,
    sumIf(n, age <= 336) AS all_n, sumIf(total, age <= 336) AS all_total,
    sumIf(excess, age <= 336) AS all_excess, sumIf(square, age <= 336) AS all_square,
    sumIf(after_zero, age <= 336) AS all_after_zero,
    sumIf(zero_after_zero, age <= 336) AS all_zero_after_zero,
    sumIf(zero_after_other, age <= 336) AS all_zero_after_other,
    if(countIf(age <= 168) = 0, 0, quantileExactInclusiveIf(0.9)(step_max, age <= 168)) AS step_q90,
    arraySort(groupArrayIf(step_max, is_centre AND age <= 168)) AS same_steps,
    if(length(same_steps) >= 2, same_steps[intDiv(length(same_steps) + 1, 2)], 0) AS same_step_median,
    maxIf(p.zeros_max, age <= 336) AS zeros_max,
    -- The greatest of each stretch of 24 hours, as far as the hour that it ends before has windows.
    maxMapIf([intDiv(age - 1, 24)], [silence_max], age <= 336) AS day_silences,
    groupArrayIf(day, is_centre) AS centres,
    arrayReverseSort(arrayFilter((silence, before) -> before = 0 OR has(centres, before), day_silences.2, day_silences.1))[2] AS silence_second,
    minIf(p.value_min, age <= 336) AS value_min, maxIf(p.value_max, age <= 336) AS value_max,
    minIf(p.residual_min, age <= 336) AS residual_min, maxIf(p.residual_max, age <= 336) AS residual_max,
    minIf(p.unrest_min, age <= 336) AS unrest_min, maxIf(p.unrest_max, age <= 336) AS unrest_max,
    arraySort(groupArrayIf(jump_max, has_jump AND age <= 336)) AS jump_list,
    length(jump_list) AS jump_n,
    (jump_n * if(jump_n = 0, 0, arrayReduce('quantileExactInclusive(0.5)', jump_list)) + 672 * 0.95) / (jump_n + 672) AS jump_usual,
    (jump_n * if(jump_n = 0, 0, arrayReduce('quantileExactInclusive(0.9)', jump_list)) + 672 * 1.75) / (jump_n + 672) AS jump_large,
    countIf(is_incident AND age <= 336) AS incident_blocks,
    minIf(p.noise_min, age <= 336) AS noise_min, maxIf(p.noise_max, age <= 336) AS noise_max
FROM past AS p
GROUP BY rule, signal, key
HAVING countIf(age <= 336) > 0
