-- Events and errors per service and minute: finished windows of the rule service_1m, and the minutes that are not closed yet
-- out of the shares of the rule route_10s, which counts every event. finished tells the two apart.
CREATE OR REPLACE VIEW service_1m AS
SELECT
    window_start,
    tenant,
    service_name,
    sum(m.events) AS events,
    sum(m.errors) AS errors,
    sum(m.body_size_sum) AS body_size_sum,
    sum(m.duration_count) AS duration_count,
    sum(m.duration_us_sum) AS duration_us_sum,
    min(m.finished) AS finished
FROM
(
    SELECT window_start, toString(key[1]) AS tenant, toString(key[2]) AS service_name, events, errors, body_size_sum, duration_count, duration_us_sum,
        1 AS finished
    FROM (SELECT * FROM windows WHERE rule = 'service_1m' ORDER BY revision DESC LIMIT 1 BY window_start, key, rule_version)
    UNION ALL
    SELECT toStartOfMinute(window_start) AS window_start, toString(key[1]) AS tenant, toString(key[2]) AS service_name, events, errors, body_size_sum,
        duration_count, duration_us_sum, 0 AS finished
    FROM partials_merged
    WHERE rule = 'route_10s' AND toStartOfMinute(window_start) NOT IN (SELECT window_start FROM windows WHERE rule = 'service_1m')
) AS m
GROUP BY window_start, tenant, service_name
