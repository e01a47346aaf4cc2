-- Windows of 5 minutes as observations, numbered from the first one on.
observations AS
(
    SELECT
        (rule, signal, key) AS series,
        toInt64(row_number() OVER (PARTITION BY rule, signal, key ORDER BY window_start)) - 1 AS i,
        toInt64(toUnixTimestamp(window_start)) AS window_start,
        intDiv(window_start, 3600) AS block,
        value,
        1 AS is_new, 1 AS counts_before, 0 AS weekend_before
    FROM new_windows
)
