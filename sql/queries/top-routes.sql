-- For whoever plans capacity: what is asked for most, what it sends, and how much of it is robots.
SELECT
    service_name,
    http_route,
    count() AS requests,
    round(100 * requests / sum(count()) OVER (), 1) AS share_percent,
    formatReadableSize(sum(http_response_body_size)) AS sent,
    round(100 * countIf(user_agent_synthetic_type != '') / requests, 1) AS robots_percent
FROM events
WHERE http_response_status_code > 0
GROUP BY service_name, http_route
ORDER BY requests DESC
LIMIT 20
