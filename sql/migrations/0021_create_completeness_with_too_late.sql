-- What became of every record, per source and minute of its append time: records = ok + dropped + dead_letters.
-- For files the append time is the file's modification time, so a loaded file shows as one minute.
-- An outcome that corrections have taken back to nothing is left out.
-- too_late: events (among ok) that are stored but came too late for their windows; of the rule that misses most of them.
CREATE OR REPLACE VIEW completeness AS
SELECT
    source,
    minute,
    sum(n) AS records,
    sumIf(n, outcome = 'ok') AS ok,
    sumIf(n, startsWith(outcome, 'dropped')) AS dropped,
    sumIf(n, startsWith(outcome, 'dead_letter')) AS dead_letters,
    sumMapIf(map(toString(outcome), n), late = 0) AS outcomes,
    sum(late) AS too_late
FROM
(
    SELECT source, minutes.minute AS minute, minutes.outcome AS outcome, sum(minutes.records) AS n, toInt64(0) AS late
    FROM ledger FINAL
    ARRAY JOIN minutes
    GROUP BY source, minute, outcome
    HAVING n != 0
    UNION ALL
    SELECT source, minute, '' AS outcome, 0 AS n, max(missed) AS late
    FROM (SELECT source, minute, rule, rule_version, toInt64(sum(events)) AS missed FROM too_late FINAL GROUP BY ALL)
    GROUP BY source, minute
)
GROUP BY source, minute
ORDER BY source, minute
