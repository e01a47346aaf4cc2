-- The windows of one hour, and before them, out of what is expected of the hour, up to 96 of the windows before it.
states AS
(
    SELECT (rule, signal, key) AS series, count() AS new_n,
        arraySort(groupArray((toInt64(toUnixTimestamp(window_start)), value))) AS new_list
    FROM new_windows
    WHERE toStartOfHour(window_start) = {hour:DateTime('UTC')}
    GROUP BY rule, signal, key
),
numbered AS
(
    SELECT
        s.series AS series,
        e.windows_before AS windows_before,
        if(e.known, e.is_count_before, 1) AS counts_before,
        e.weekend_before AS weekend_before,
        if(e.known, e.other_before, -1) AS other_before,
        e.surprise_before AS surprise_before,
        arrayConcat(
            arrayMap((value, residual, k) -> (toInt64(windows_before) - length(e.values_before) + k - 1, toInt64(0), value, 0, residual),
                e.values_before, e.residuals_before, arrayEnumerate(e.values_before)),
            arrayMap((w, k) -> (toInt64(windows_before) + k - 1, w.1, w.2, 1, 0.), s.new_list, arrayEnumerate(s.new_list))) AS list
    FROM states AS s
    LEFT JOIN (SELECT (rule, signal, key) AS series, 1 AS known, * FROM expectations FINAL WHERE hour = {hour:DateTime('UTC')}) AS e
        ON s.series = e.series
),
observations AS
(
    SELECT series, w.1 AS i, w.2 AS window_start, intDiv(w.2, 3600) AS block, w.3 AS value, w.4 AS is_new, w.5 AS residual_before,
        counts_before, weekend_before, other_before, surprise_before
    FROM numbered
    ARRAY JOIN list AS w
)
