-- The extremes of the 14 days before the hour, as they were remembered; none for a series that is new.
bounded AS
(
    SELECT *,
        if(has_extremes, e_value_min, inf) AS value_min_before, if(has_extremes, e_value_max, -inf) AS value_max_before,
        if(has_extremes, e_residual_min, inf) AS residual_min_before,
        if(has_extremes, e_residual_max, -inf) AS residual_max_before,
        if(has_extremes, e_unrest_min, inf) AS unrest_min_before, if(has_extremes, e_unrest_max, -inf) AS unrest_max_before
    FROM compared
    LEFT JOIN
    (
        SELECT
            (rule, signal, key) AS series, 1 AS has_extremes, step_q90, same_step_median, zeros_max, silence_second,
            value_min AS e_value_min, value_max AS e_value_max, residual_min AS e_residual_min,
            residual_max AS e_residual_max, unrest_min AS e_unrest_min, unrest_max AS e_unrest_max
        FROM expectations FINAL
        WHERE hour = {hour:DateTime('UTC')}
    ) AS remembered_extremes USING (series)
)
