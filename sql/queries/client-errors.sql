-- For whoever looks after security: clients that are refused or ask for what is not there, with what they asked for last.
SELECT
    client_address,
    any(geo_country_iso_code) AS country,
    countIf(http_response_status_code IN (401, 403)) AS refused,
    countIf(http_response_status_code = 404) AS not_found,
    count() AS errors_4xx,
    uniqExact(url_path) AS paths,
    argMax(url_path, timestamp) AS last_path
FROM events
WHERE http_response_status_code BETWEEN 400 AND 499 AND client_address != ''
GROUP BY client_address
ORDER BY errors_4xx DESC, client_address
LIMIT 20
