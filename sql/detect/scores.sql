-- Every window with its score: the end of the statement.
SELECT
    series.1 AS rule, series.2 AS signal, series.3 AS key, toDateTime(window_start, 'UTC') AS window_start,
    value, score, expected, lower, upper, anomaly, why, i AS baseline_windows
FROM judged
SETTINGS enable_named_columns_in_function_tuple = 1
