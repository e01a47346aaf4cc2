-- For whoever repairs a source: why records were refused, how many, and the newest of each kind.
SELECT
    source,
    code,
    count() AS records,
    argMax(reason, observed_timestamp) AS reason_of_newest,
    argMax(payload, observed_timestamp) AS newest
FROM dead_letters
GROUP BY source, code
ORDER BY records DESC, source, code
