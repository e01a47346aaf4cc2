-- For whoever looks for new or frequent messages: finished hours of each message template, in hexadecimal.
CREATE OR REPLACE VIEW template_1h AS
SELECT
    window_start,
    toString(key[1]) AS tenant,
    toString(key[2]) AS service_name,
    toString(key[3]) AS template,
    events,
    errors,
    events_per_second,
    body_size_sum,
    duration_count,
    duration_us_sum,
    duration_us_min,
    duration_us_max,
    duration_us_quantiles[1] AS duration_us_p50,
    duration_us_quantiles[2] AS duration_us_p95,
    duration_us_quantiles[3] AS duration_us_p99,
    revision
FROM windows_latest
WHERE rule = 'template_1h'
