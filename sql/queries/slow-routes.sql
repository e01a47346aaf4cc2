-- For whoever makes things faster: routes by the time that all their requests take together, with the 95th percentile.
-- Events without a duration (0) say nothing and are left out.
SELECT
    service_name,
    http_route,
    count() AS requests,
    round(quantile(0.5)(duration_us) / 1000, 1) AS p50_ms,
    round(quantile(0.95)(duration_us) / 1000, 1) AS p95_ms,
    round(sum(duration_us) / 1e6, 1) AS total_s
FROM events
WHERE duration_us > 0
GROUP BY service_name, http_route
ORDER BY total_s DESC
LIMIT 20
