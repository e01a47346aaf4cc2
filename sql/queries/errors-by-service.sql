-- For whoever is on call: which service fails, how often, and since when. Reads windows, not events, so it answers at once.
SELECT
    service_name,
    sum(events) AS events_total,
    sum(errors) AS errors_total,
    round(100 * errors_total / events_total, 2) AS error_percent,
    maxIf(window_start, errors > 0) AS last_error_minute
FROM service_1m
GROUP BY service_name
ORDER BY error_percent DESC, service_name
