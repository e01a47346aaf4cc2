-- What became of every record, per source and minute of its append time: records = ok + dropped + dead_letters.
-- For files the append time is the file's modification time, so a loaded file shows as one minute.
-- An outcome that corrections have taken back to nothing is left out.
CREATE OR REPLACE VIEW completeness AS
SELECT
    source,
    minute,
    sum(n) AS records,
    sumIf(n, outcome = 'ok') AS ok,
    sumIf(n, startsWith(outcome, 'dropped')) AS dropped,
    sumIf(n, startsWith(outcome, 'dead_letter')) AS dead_letters,
    sumMap(map(toString(outcome), n)) AS outcomes
FROM
(
    SELECT source, minutes.minute AS minute, minutes.outcome AS outcome, sum(minutes.records) AS n
    FROM ledger FINAL
    ARRAY JOIN minutes
    GROUP BY source, minute, outcome
    HAVING n != 0
)
GROUP BY source, minute
ORDER BY source, minute
