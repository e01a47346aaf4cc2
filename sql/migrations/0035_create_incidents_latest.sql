-- Incidents as they stand, for on-call engineers. While the pipeline is behind (kind late), what is open is unknown.
CREATE OR REPLACE VIEW incidents_latest AS
WITH (SELECT count() FROM incidents FINAL WHERE kind = 'late' AND state = 'opened') AS late
SELECT
    toString(id) AS id,
    if(state = 'opened' AND kind != 'late' AND late > 0, 'unknown', state) AS state,
    tenant,
    service_name,
    kind,
    severity,
    opened_at,
    resolved_at,
    score,
    value,
    expected,
    why,
    length(series) AS series_count,
    series
FROM incidents FINAL
