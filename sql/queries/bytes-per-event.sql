-- For whoever pays for the disks: what an event takes, column by column, compressed and before.
-- Small parts keep all columns in one file and don't tell them apart: the total is right, the columns may show 0.
SELECT
    `column`,
    round(sum(column_data_compressed_bytes) / sum(rows), 2) AS bytes_per_event,
    round(sum(column_data_uncompressed_bytes) / sum(rows), 2) AS uncompressed_bytes_per_event,
    (SELECT round(sum(bytes_on_disk) / sum(rows), 1) FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND active) AS all_columns
FROM system.parts_columns
WHERE database = currentDatabase() AND table = 'events' AND active
GROUP BY `column`
ORDER BY bytes_per_event DESC, `column`
