/*
 * Statements about messages that a service has always, rarely or no longer written. Messages are told apart by their first three
 * words that don't vary. Parameters: from and to, windows that begin in [from, to), text as `DateTime` reads it.
 */

/** Hours of the service in which a message was seen before it counts as known, and how long ago that must have begun. */
const HOURS_MIN = 24;
const LEARNING_HOURS = 168;
const MONTH_HOURS = 672;
/** Seen in so many hours of a month at most, and not in the last day, it is rare. */
const RARE_HOURS_MAX = 3;
/** A message is missed after so many hours at least in which its service wrote others. */
const MISSED_HOURS_MIN = 3;

/** Of a rule with the columns tenant, service_name and template, at these places of its key (0: none): in which hours there were which. */
export const NOTE_TEMPLATE_HOURS = `INSERT INTO template_hours (tenant, service_name, template, hour, first_window, events)
SELECT if({tenant:UInt8} = 0, '', key[{tenant:UInt8}]), key[{service:UInt8}], key[{template:UInt8}], toStartOfHour(w.window_start) AS hour,
  toStartOfInterval(min(w.window_start), INTERVAL 300 SECOND), sum(events)
FROM
(
  SELECT window_start, key, events FROM windows
  WHERE rule = {rule:String} AND rule_version = {version:UInt32} AND key[{template:UInt8}] NOT IN ('', '0000000000000000', '<other>')
    AND window_start >= {from:DateTime('UTC')} AND window_start < {to:DateTime('UTC')}
  ORDER BY revision DESC LIMIT 1 BY window_start, key
) AS w
WHERE events > 0
GROUP BY 1, 2, 3, 4`;

const SEEN = `
forms AS
(
  SELECT tenant, service_name, template,
    arraySlice(arrayFilter(word -> position(word, '<*>') = 0, splitByChar(' ', max(form))), 1, 3) AS words, if(empty(words), [template], words) AS family
  FROM templates GROUP BY tenant, service_name, template
),
seen AS
(
  SELECT tenant, service_name, family, h, min(first) AS first, groupUniqArray(20)(template) AS templates
  FROM
  (
    SELECT tenant, service_name, template, intDiv(toUnixTimestamp(hour), 3600) AS h, toUnixTimestamp(first_window) AS first
    FROM template_hours FINAL WHERE hour < {to:DateTime('UTC')}
  ) AS t INNER JOIN forms USING (tenant, service_name, template)
  GROUP BY tenant, service_name, family, h
)`;

/** How unusual a window with such messages is follows from how often there were any in the month before, and one more: one in two weeks is put up with. */
const JUDGED = (signal: string, why: string, from: string) => `
windows_with AS
(
  SELECT tenant, service_name, at, any(began) AS began, count() AS n, arraySlice(arrayFlatten(groupArray(templates)), 1, 100) AS templates, min(since) AS since
  FROM ${from} GROUP BY tenant, service_name, at
),
judged AS
(
  SELECT *, count() OVER (PARTITION BY tenant, service_name ORDER BY at RANGE BETWEEN ${MONTH_HOURS * 3600} PRECEDING AND 1 PRECEDING) AS windows_before,
    (windows_before + 1) / greatest(1, least(4, (at / 3600 - began - ${LEARNING_HOURS}) / 168)) AS per_week
  FROM windows_with
)
SELECT {rule:String} AS rule, '${signal}' AS signal, if({tenant:UInt8} = 0, [service_name], [tenant, service_name]) AS key,
  formatDateTime(toDateTime(at, 'UTC'), '%F %T') AS window_start, toFloat64(n) AS value, 3 - log10(2 * per_week) AS score, per_week / 2016 AS expected, 0. AS lower, 0. AS upper,
  '${why}' AS why, toUInt32(12 * (at / 3600 - began)) AS baseline_windows, arraySort(templates) AS templates, toUInt32(since) AS since
FROM judged
WHERE score >= {threshold:Float64} AND at >= toUnixTimestamp({from:DateTime('UTC')}) AND at < toUnixTimestamp({to:DateTime('UTC')})
ORDER BY key, window_start`;

/** Windows with a message that was seen before, but rarely. Parameters besides: rule, tenant (its place), threshold. */
export const RARE_TEMPLATES = `WITH ${SEEN},
counted AS
(
  SELECT *, count() OVER (PARTITION BY tenant, service_name, family ORDER BY h RANGE BETWEEN ${MONTH_HOURS} PRECEDING AND 1 PRECEDING) AS hours_before,
    count() OVER (PARTITION BY tenant, service_name, family ORDER BY h RANGE BETWEEN 24 PRECEDING AND 1 PRECEDING) AS day_before,
    min(h) OVER (PARTITION BY tenant, service_name) AS began
  FROM seen
),
rare AS
(
  SELECT *, first AS at, first AS since FROM counted
  WHERE hours_before BETWEEN 1 AND ${RARE_HOURS_MAX} AND day_before = 0 AND h - began >= ${LEARNING_HOURS}
),
${JUDGED("rare_templates", "rarely seen", "rare")}`;

/**
 * Hours at whose end a message had been missing for more than twice as long as ever in the month before, counting hours in which its service
 * wrote others. Told in the last window of the hour. Parameters as above.
 */
export const VANISHED_TEMPLATES = `WITH ${SEEN},
active AS
(
  SELECT tenant, service_name, h, row_number() OVER (PARTITION BY tenant, service_name ORDER BY h) AS i, count() OVER (PARTITION BY tenant, service_name) AS last_i,
    min(h) OVER (PARTITION BY tenant, service_name) AS began
  FROM (SELECT DISTINCT tenant, service_name, h FROM seen)
),
placed AS
(
  SELECT tenant, service_name, family, h, templates, toInt64(i) AS i, toInt64(last_i) AS last_i, began
  FROM seen INNER JOIN active USING (tenant, service_name, h)
),
gaps AS
(
  SELECT *, i - lagInFrame(i, 1, i) OVER whole AS gap, leadInFrame(i, 1, last_i + 1) OVER whole AS next_i, min(h) OVER whole AS first_h,
    count() OVER (PARTITION BY tenant, service_name, family ORDER BY h RANGE BETWEEN ${MONTH_HOURS} PRECEDING AND CURRENT ROW) AS hours_before
  FROM placed
  WINDOW whole AS (PARTITION BY tenant, service_name, family ORDER BY h ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
),
missing AS
(
  SELECT *, i + greatest(${MISSED_HOURS_MIN}, 2 * max(gap) OVER (PARTITION BY tenant, service_name, family ORDER BY h RANGE BETWEEN ${MONTH_HOURS} PRECEDING AND CURRENT ROW) + 1) AS missed_i
  FROM gaps
),
vanished AS
(
  SELECT m.tenant AS tenant, m.service_name AS service_name, m.templates AS templates, m.began AS began, m.h * 3600 AS since, a.h * 3600 + 3300 AS at
  FROM (SELECT * FROM missing WHERE missed_i < next_i AND missed_i <= last_i AND hours_before >= ${HOURS_MIN} AND h - first_h >= ${LEARNING_HOURS}) AS m
  INNER JOIN (SELECT tenant, service_name, h, toInt64(i) AS i FROM active) AS a ON m.tenant = a.tenant AND m.service_name = a.service_name AND m.missed_i = a.i
  WHERE at + 300 <= toUnixTimestamp({to:DateTime('UTC')})
),
${JUDGED("vanished_templates", "no longer seen", "vanished")}`;
