-- Both scores, their cause and their band. s is -log10 of the false alarms per week at this level.
noised AS
(
    SELECT *,
        count() OVER in_block = 0 AS begins_noise,
        least(noise_min_before, if(begins_noise, inf, min(if(i >= 95, noise, inf)) OVER in_block)) AS noise_min,
        greatest(noise_max_before, if(begins_noise, -inf, max(if(i >= 95, noise, -inf)) OVER in_block)) AS noise_max
    FROM tailed
    WINDOW in_block AS (PARTITION BY series, block ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
parts AS
(
    SELECT *,
        greatest(value_max - value_min, tiny) AS value_unit,
        greatest(residual_max - residual_min, tiny) AS residual_unit,
        greatest(value - value_max, value_min - value, 0) / value_unit AS value_record,
        greatest(residual - residual_max, residual_min - residual, 0) / residual_unit AS residual_record,
        if(i >= 30, 300 * sqrt(value_record * residual_record), 0) AS joint,
        if(i >= 30, 80 * residual_record, 0) AS level,
        if(i >= 42, 80 * greatest(residual_mean_12 - unrest_max, unrest_min - residual_mean_12, 0)
            / greatest(unrest_max - unrest_min, tiny), 0) AS unrest,
        if(i >= 126, 58 * greatest(noise - noise_max, noise_min - noise, 0) / greatest(noise_max - noise_min, 1e-9), 0) AS unsteady,
        if(is_count AND i >= 288 AND zeros >= 2 * zeros_max + 3, 6, 0) AS silent,
        least(greatest(jump, joint, level, unrest, unsteady, silent), 1e6) AS raw
    FROM noised
),
calibrated AS
(
    SELECT *,
        log10(84) - log10(1 + greatest(incident_blocks - 1., 0)) AS jump_offset,
        10 * log10(1 + 0.1746 * greatest(jump - jump_usual, 0) / (jump_large - jump_usual)) - jump_offset AS jump_s,
        log10(least(greatest(i - 288., 1), 4032) / 4032) AS record_offset,
        80 * log(10) * 0.05 * greatest(1, pow((jump_large - jump_usual) / 0.8, 2)) AS record_unit,
        if(joint > 0 AND i >= 576, record_offset + joint / record_unit, -9) AS joint_s,
        if(unrest > 0 AND day_type_windows >= 576, record_offset + unrest / record_unit, -9) AS unrest_s,
        if(unsteady > 0 AND day_type_windows >= 576, record_offset + unsteady / record_unit, -9) AS unsteady_s,
        -- A count can't be rarer than its distribution allows: the better of this window and the sum of 12. The tail of a
        -- negative binomial is its first term / (1 - ratio of the next term to it).
        [value, value_sum_12] AS counts,
        [count_mean, 12 * count_mean] AS means,
        [1 / (spread + mean_doubt), 1 / (spread / 12 + mean_doubt)] AS shapes,
        arrayMap((y, mean, k) -> if(y > mean, (y + k) / (y + 1) * mean / (mean + k), y / (y - 1 + k) * (mean + k) / mean),
            counts, means, shapes) AS ratios,
        arrayMap((y, mean, k, ratio) -> if(y = mean OR ratio >= 1, 0, greatest(0, (log(1 - ratio) - lgamma(y + k) + lgamma(k)
            + lgamma(y + 1) - k * log(k / (k + mean)) - y * log(mean / (k + mean))) / log(10))),
            counts, means, shapes, ratios) AS rarities,
        if(is_count, greatest(rarities[1] - log10(2016), rarities[2] - log10(1008)), inf) AS count_limit,
        if(is_count AND i >= 288 AND zeros > 0
            AND least(silence - log10(2016), silence - silence_second + record_offset) >= 1, 1, -9) AS silent_s,
        least(greatest(jump_s, joint_s, unrest_s, unsteady_s), count_limit) AS bounded_s,
        greatest(bounded_s, silent_s) - log10(2.5) AS s
    FROM parts
),
banded AS
(
    SELECT *,
        least(greatest(3 + s, 0), 100) AS budget,
        -- Where the score would reach the budget: by a jump from the window before, by leaving both ranges at once.
        (pow(10, ({threshold:Float64} - 3 + log10(2.5) + jump_offset) / 10) - 1) / 0.1746 * (jump_large - jump_usual) + jump_usual AS jump_at,
        if(i >= 72, jump_at * scale, inf) AS jump_reach,
        pow(greatest(({threshold:Float64} - 3 + log10(2.5) - record_offset) * record_unit, 0) / 300, 2) * value_unit * residual_unit AS joint_area,
        value - residual AS season,
        if(i < 576, inf, (value_max + season + residual_max) / 2
            + sqrt(pow((value_max - season - residual_max) / 2, 2) + joint_area)) AS joint_upper,
        if(i < 576, -inf, (value_min + season + residual_min) / 2
            - sqrt(pow((value_min - season - residual_min) / 2, 2) + joint_area)) AS joint_lower,
        greatest(previous - jump_reach, joint_lower, if(is_count, 0, -inf)) AS lower,
        least(previous + jump_reach, joint_upper) AS upper
    FROM calibrated
),
chosen AS
(
    SELECT *,
        if({score:String} = 'raw', raw, budget) AS level_now,
        if({score:String} = 'raw', raw_before, budget_before) AS levels_before,
        count() OVER five AS known_levels,
        greatest(max(level_now) OVER five,
            if(known_levels = 5 OR empty(levels_before), 0, arrayMax(arraySlice(levels_before, known_levels - 5)))) AS level_before
    FROM banded
    WINDOW five AS (PARTITION BY series ORDER BY i ROWS BETWEEN 5 PRECEDING AND 1 PRECEDING)
),
judged AS
(
    SELECT *,
        if(level_now > level_before, level_now, 0) AS score,
        score >= {threshold:Float64} AS anomaly,
        multiIf(
            NOT anomaly, '',
            {score:String} = 'raw', ['jump', 'joint', 'level', 'unrest', 'unsteady', 'silent'][
                indexOf([jump, joint, level, unrest, unsteady, silent], greatest(jump, joint, level, unrest, unsteady, silent))],
            silent_s >= bounded_s, 'silent',
            -- The plainest of those that would do alone.
            ['jump', 'joint', 'unrest', 'unsteady'][arrayFirstIndex(part_s -> 3 + part_s - log10(2.5) >= {threshold:Float64},
                [jump_s, joint_s, unrest_s, unsteady_s])]) AS part,
        multiIf(
            part = '', '',
            part = 'silent', 'silence',
            part = 'unrest', 'unlike these hours',
            part = 'unsteady', if(noise > noise_max, 'noisier than ever', 'steadier than ever'),
            part = 'jump', if(value > previous, 'spike', 'dip'),
            if(residual > residual_max, 'record high', 'record low')) AS why,
        least(greatest(if(has_season, season_median, previous), lower), upper) AS expected
    FROM chosen
)
