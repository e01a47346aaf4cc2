-- Events and errors per service and minute, from the shipped rule route_10s, which counts every event.
CREATE OR REPLACE VIEW service_1m AS
SELECT
    toStartOfMinute(window_start) AS window_start,
    key[1] AS tenant,
    key[2] AS service_name,
    sum(m.events) AS events,
    sum(m.errors) AS errors,
    sum(m.body_size_sum) AS body_size_sum,
    sum(m.duration_count) AS duration_count,
    sum(m.duration_us_sum) AS duration_us_sum
FROM partials_merged AS m
WHERE rule = 'route_10s'
GROUP BY window_start, tenant, service_name
