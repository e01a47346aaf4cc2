/** SQL of an audit. `LEDGER` rows of a stretch tell which are batches, and which correct one that came before them. */

const WITHIN =
  "(topic, `partition`, batch_start) >= ({topic:String}, {partition:UInt32}, {start:Int64}) AND ({isLast:UInt8} = 1 OR (topic, `partition`, batch_start) < ({topicTo:String}, {partitionTo:UInt32}, {startTo:Int64}))";

/** Memory that a statement may take before it goes on in files. */
const SETTINGS = "SETTINGS max_bytes_before_external_group_by = 500000000, max_bytes_before_external_sort = 500000000";

/** A correction lies within a batch, and changes what became of records that are counted already. */
const ledgerRows = (where: string) => `
  SELECT *, nth > 1 AND run > 0 AND records = 0 AND batch_end <= covered AS is_correction FROM (
    SELECT topic, \`partition\`, batch_start, batch_end, run, records, dead_letters, events, stored_at,
      row_number() OVER w AS nth,
      max(batch_end) OVER (PARTITION BY topic, \`partition\` ORDER BY batch_start, batch_end DESC, run ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
    FROM ledger FINAL WHERE ${where}
    WINDOW w AS (PARTITION BY topic, \`partition\` ORDER BY batch_start, batch_end DESC, run))`;

export const PARTITIONS = `
  SELECT topic, \`partition\`, any(ledger.source) AS source, count() AS batches, min(batch_start) AS start, max(batch_end) + 1 AS next,
    sum(ledger.records) AS records, sum(ledger.ok) AS ok, sum(ledger.dropped) AS dropped, sum(ledger.dead_letters) AS dead_letters,
    sum(ledger.events) AS events
  FROM ledger FINAL GROUP BY topic, \`partition\` ORDER BY topic, \`partition\``;

export const TILES = `
  SELECT topic, \`partition\`, batch_start, batch_end, covered FROM (${ledgerRows("1")})
  WHERE nth > 1 AND NOT is_correction AND batch_start != covered + 1
  ORDER BY topic, \`partition\`, batch_start LIMIT {limit:UInt32} ${SETTINGS}`;

export const SUMS = `
  SELECT topic, \`partition\`, batch_start, batch_end, records, ok, dropped, dead_letters, arraySum(minutes.records) AS by_minute
  FROM ledger FINAL WHERE records != ok + dropped + dead_letters OR records != arraySum(minutes.records)
  ORDER BY topic, \`partition\`, batch_start LIMIT {limit:UInt32}`;

/** Where stretches of about so many events or batches begin. */
export const STRETCHES = `
  SELECT tupleElement(first, 1) AS topic, tupleElement(first, 2) AS \`partition\`, tupleElement(first, 3) AS start FROM (
    SELECT stretch, min((topic, \`partition\`, batch_start)) AS first FROM (
      SELECT topic, \`partition\`, batch_start,
        intDiv(sum(events) OVER o, {events:UInt64}) + intDiv(row_number() OVER o, {batches:UInt64}) AS stretch
      FROM (${ledgerRows("1")}) WHERE NOT is_correction
      WINDOW o AS (ORDER BY topic, \`partition\`, batch_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
    GROUP BY stretch) ORDER BY topic, \`partition\`, start ${SETTINGS}`;

/**
 * Rows of a table by the batch of the ledger that they belong to, compared with its count. Dead letters that were taken
 * back are counted by the corrections, which lie within the batch.
 */
export const rowsOf = (table: "events" | "dead_letters") => `
  SELECT topic, \`partition\`, sum(n) AS found, sum(differs_less) AS missing, sum(differs_more) AS surplus,
    sum(greatest(0, most - n) - differs_less) AS expired,
    sumIf(n, is_loose) AS uncounted, groupArrayIf(20)(loose_start, is_loose) AS uncounted_batches,
    groupArrayIf(20)((tile, tile_end, least, most, n), differs_less > 0 OR differs_more > 0) AS batches
  FROM (
    SELECT topic, \`partition\`, tile, is_loose, max(covered) AS tile_end, min(batch_start) AS loose_start,
      sum(found) AS n, ${
        table === "events"
          ? "sumIf(counted, stored_at > {cutoff:DateTime('UTC')})"
          : "if(minIf(stored_at, found = 0) > {cutoff:DateTime('UTC')}, sum(counted), 0)"
      } AS least, sum(counted) AS most,
      if(is_loose, 0, greatest(0, least - n)) AS differs_less, if(is_loose, 0, greatest(0, n - most)) AS differs_more
    FROM (
      SELECT *, max(if(is_tile, batch_start, -1)) OVER t AS tile, max(if(is_tile, batch_end, -1)) OVER t AS covered, batch_start > covered AS is_loose
      FROM (
        SELECT topic, \`partition\`, batch_start, batch_end, NOT is_correction AS is_tile, ${table} AS counted, toInt64(0) AS found, stored_at
        FROM (${ledgerRows(WITHIN)})
        UNION ALL
        SELECT topic, \`partition\`, batch_start, batch_start AS batch_end, 0 AS is_tile, toInt64(0) AS counted, toInt64(count()) AS found, toDateTime(0, 'UTC') AS stored_at
        FROM ${table} WHERE ${WITHIN} GROUP BY topic, \`partition\`, batch_start)
      WINDOW t AS (PARTITION BY topic, \`partition\` ORDER BY batch_start, is_tile DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
    GROUP BY topic, \`partition\`, tile, is_loose)
  GROUP BY topic, \`partition\` ORDER BY topic, \`partition\` ${SETTINGS}`;

/** Exact: a bitmap of offset and index takes some two bytes a row, where a set of hashes takes sixteen and more. */
export const distinctOf = (table: "events" | "dead_letters") => `
  SELECT topic, \`partition\`, count() AS n, groupBitmap(bitOr(bitShiftLeft(toUInt64(\`index\`), 44), toUInt64(\`offset\`))) AS distinct_rows
  FROM ${table} WHERE ${WITHIN} GROUP BY topic, \`partition\` HAVING n != distinct_rows ORDER BY topic, \`partition\` LIMIT {limit:UInt32} ${SETTINGS}`;

export const repeatsOf = (table: "events" | "dead_letters") => `
  SELECT \`offset\` FROM ${table} WHERE ${WITHIN} AND topic = {of:String} AND \`partition\` = {ofPartition:UInt32}
  GROUP BY \`offset\`, \`index\` HAVING count() > 1 ORDER BY \`offset\` LIMIT {limit:UInt32} ${SETTINGS}`;

/** Batches whose shares of a rule that counts every event don't add up; those of another configuration may have none. */
export const SHARES = `
  SELECT topic, \`partition\`, batch_start, batch_end, l.n AS events, p.n AS found FROM
    (SELECT topic, \`partition\`, batch_start, batch_end, run, events AS n, config_version FROM ledger FINAL
     WHERE ${WITHIN} AND stored_at > {cutoff:DateTime('UTC')} AND events > 0) AS l
  LEFT JOIN
    (SELECT topic, \`partition\`, batch_start, batch_end, run, toInt64(sum(partials.events)) AS n FROM partials FINAL
     WHERE rule = {rule:String} AND rule_version = {version:UInt32} AND ${WITHIN}
     GROUP BY topic, \`partition\`, batch_start, batch_end, run) AS p USING (topic, \`partition\`, batch_start, batch_end, run)
  WHERE (p.n > 0 OR l.config_version = {config:String}) AND p.n != l.n
  ORDER BY topic, \`partition\`, batch_start LIMIT {limit:UInt32} ${SETTINGS}`;

export const ERASED = `
  SELECT removed.topic AS topic, removed.partition AS \`partition\`, sum(removed.events) AS events, sum(removed.dead_letters) AS dead_letters
  FROM erasures ARRAY JOIN removed WHERE erased_at > {cutoff:DateTime('UTC')} GROUP BY topic, \`partition\``;

export const RETENTION =
  "SELECT name, toUInt32OrZero(extract(create_table_query, 'TTL stored_at \\\\+ toIntervalDay\\\\(([0-9]+)\\\\)')) AS days FROM system.tables WHERE database = currentDatabase() AND name IN ('ledger', 'events', 'dead_letters', 'partials', 'erasures')";

/** How many days of the tables' retention are left for what was stored first. */
export const OLDEST = `
  SELECT toUnixTimestamp(min(min_time)) AS seconds FROM (SELECT min(stored_at) AS min_time FROM ledger WHERE stored_at > {cutoff:DateTime('UTC')})`;

/** Offsets of a batch that have a row. */
export const OFFSETS = `
  SELECT DISTINCT \`offset\` FROM (
    SELECT \`offset\` FROM events WHERE topic = {topic:String} AND \`partition\` = {partition:UInt32} AND \`offset\` BETWEEN {from:Int64} AND {to:Int64}
    UNION ALL
    SELECT \`offset\` FROM dead_letters WHERE topic = {topic:String} AND \`partition\` = {partition:UInt32} AND \`offset\` BETWEEN {from:Int64} AND {to:Int64})
  ORDER BY \`offset\``;

/** Records of a batch and how many of them were dropped. */
export const BATCH = `
  SELECT sumIf(ledger.records, batch_start = {from:Int64} AND batch_end = {to:Int64}) AS records, sum(ledger.dropped) AS dropped FROM ledger FINAL
  WHERE topic = {topic:String} AND \`partition\` = {partition:UInt32} AND batch_start >= {from:Int64} AND batch_end <= {to:Int64}`;
