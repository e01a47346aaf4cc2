-- For dashboards: each route's finished minutes, with its rate, share of failures and 95th percentile. Reads windows, not events.
SELECT
    window_start,
    service_name,
    http_route,
    sum(events) AS requests,
    round(sum(events_per_second), 2) AS per_second,
    round(100 * sumIf(events, status_class = '5xx') / requests, 2) AS failed_percent,
    round(max(duration_us_p95) / 1000, 1) AS slowest_class_p95_ms
FROM route_1m
WHERE http_route != ''
GROUP BY window_start, service_name, http_route
ORDER BY window_start DESC, requests DESC, http_route
LIMIT 20
