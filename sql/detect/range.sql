-- Ranges up to the window before, the scale that a step is measured by, and how noisy the last 96 windows were.
ranged AS
(
    SELECT *,
        count() OVER in_block = 0 AS begins,
        least(value_min_before, if(begins, inf, min(value) OVER in_block)) AS value_min,
        greatest(value_max_before, if(begins, -inf, max(value) OVER in_block)) AS value_max,
        least(residual_min_before, if(begins, inf, min(residual) OVER in_block)) AS residual_min,
        greatest(residual_max_before, if(begins, -inf, max(residual) OVER in_block)) AS residual_max,
        least(unrest_min_before, if(begins, inf, min(if(i >= 11, residual_mean_12, inf)) OVER in_block)) AS unrest_min,
        greatest(unrest_max_before, if(begins, -inf, max(if(i >= 11, residual_mean_12, -inf)) OVER in_block)) AS unrest_max,
        if(i = 0, 0, value_max - value_min) AS value_range,
        1e-9 + 1e-6 * abs(value) AS tiny,
        greatest(step_q90 / 1.75, same_step_median / 2, 0.03 * value_range, 0.7 * step_mean_6,
            if(is_count, sqrt(1 + value_mean_12), 0), tiny) AS scale,
        if(i >= 72, step / scale, 0) AS jump,
        log(step_mean_96 + 0.001 * value_range + 1e-12) AS noise
    FROM bounded
    WHERE is_new
    WINDOW in_block AS (PARTITION BY series, block ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
