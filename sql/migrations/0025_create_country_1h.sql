-- For whoever asks where requests come from: finished hours of each country; '' is unknown or private.
CREATE OR REPLACE VIEW country_1h AS
SELECT
    window_start,
    toString(key[1]) AS tenant,
    toString(key[2]) AS geo_country_iso_code,
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
WHERE rule = 'country_1h'
