-- Every window of `observations` scored by what was before it: the end of the statement.
SELECT score, expected, lower, upper, anomaly, why
FROM judged
ORDER BY series, i
SETTINGS enable_named_columns_in_function_tuple = 1
