-- For whoever must prove that nothing is missing: what became of every record, per source, by the ledger.
-- missing is 0 always; anything else is a bug in Weir.
SELECT
    source,
    sum(records) AS records_total,
    sum(ok) AS ok_total,
    sum(dropped) AS dropped_total,
    sum(dead_letters) AS dead_letters_total,
    records_total - ok_total - dropped_total - dead_letters_total AS missing
FROM completeness
GROUP BY source
ORDER BY source
