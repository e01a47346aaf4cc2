/*
 * How long things took: the median of each 5 minutes, against the two hours before and against the same time of the day before,
 * by whichever it is nearer to. Statements of detection. Parameters of all: rule; from and to, hours or days [from, to), text as `DateTime`
 * reads it. Medians of few events are less sure: everything is measured in units of 1 / sqrt(events).
 */

const DAYS = 14;

/** How far a logarithm of a median is off, times sqrt(events), where there is no day to learn it from. */
const NOISE_FIRST = 1.5;
/** What is less slower, or less faster, is nothing to be told of. */
const SLOWER_MIN = 1.25;
const FASTER_MIN = 2;
const TESTS = 2;
/** One window, and three, as `spreads` names them; those before are of counts. */
const NAMES = "['7', '7t', '8', '8t']";

const COMPARED = `
placed AS
(
  SELECT CAST(key, 'Array(String)') AS series, toUInt32(intDiv(toUnixTimestamp(window_start), 300)) AS t,
    maxIf(value, signal = 'duration_us_p50') AS median, greatest(1, maxIf(value, signal = 'events')) AS n, log(median) AS y
  FROM signals_5m FINAL
  WHERE rule = {rule:String} AND signal IN ('duration_us_p50', 'events')
    AND window_start >= {from:DateTime('UTC')} - INTERVAL 25 HOUR AND window_start < {to:DateTime('UTC')}
  GROUP BY series, t HAVING median > 0
),
summed AS
(
  SELECT series, t, median, sum(n) OVER day AS day_n, sum(n * y) OVER day / day_n AS day_y,
    [n, sum(n) OVER three] AS weights, [y, sum(n * y) OVER three / weights[2]] AS means,
    [sum(n) OVER two_hours, sum(n) OVER two_hours_before] AS near_n,
    [sum(n * y) OVER two_hours / near_n[1], sum(n * y) OVER two_hours_before / near_n[2]] AS near_y
  FROM placed
  WINDOW three AS (PARTITION BY series ORDER BY t RANGE BETWEEN 2 PRECEDING AND CURRENT ROW),
    two_hours AS (PARTITION BY series ORDER BY t RANGE BETWEEN 24 PRECEDING AND 1 PRECEDING),
    two_hours_before AS (PARTITION BY series ORDER BY t RANGE BETWEEN 26 PRECEDING AND 3 PRECEDING),
    day AS (PARTITION BY series ORDER BY t RANGE BETWEEN 294 PRECEDING AND 282 PRECEDING)
),
tested AS
(
  SELECT series, t, median, weights,
    arrayMap((mean, near) -> if(day_n = 0 OR abs(mean - near) < abs(mean - day_y), near, day_y), means, near_y) AS usual,
    arrayMap((mean, near, n, as_usual) -> if(n = 0 OR (day_n > 0 AND (mean - near) * (mean - day_y) < 0), 0., mean - as_usual),
      means, near_y, near_n, usual) AS differences,
    arrayMap((weight, n) -> sqrt(1 / weight + 1 / greatest(1, if(day_n = 0, n, least(n, day_n)))), weights, near_n) AS units
  FROM summed WHERE t >= intDiv(toUnixTimestamp({from:DateTime('UTC')}), 300)
)`;

/** Of whole days: how far medians were from the usual ones; by the 90th and (t) the 98th percentile. */
export const NOTE_DURATION_SPREADS = `INSERT INTO spreads (rule, key, day, test, spread)
WITH ${COMPARED},
days AS
(
  SELECT series, intDiv(t, 288) AS day, pair.1 AS test, groupArray(abs(pair.2)) AS distances
  FROM tested ARRAY JOIN arrayZip(['7', '8'], arrayMap((d, unit) -> d / unit, differences, units)) AS pair
  GROUP BY series, day, test
)
SELECT {rule:String}, series, toDateTime(day * 86400, 'UTC'), concat(test, s.1), s.2
FROM days ARRAY JOIN [('', arrayReduce('quantileExactInclusive(0.9)', distances) / 1.645),
  ('t', arrayReduce('quantileExactInclusive(0.98)', distances) / 2.326)] AS s
WHERE length(distances) >= 72`;

/** Windows whose median is further from the usual than the budget lets chance explain. */
export const DURATIONS = `WITH ${COMPARED},
learned AS
(
  SELECT CAST(key, 'Array(String)') AS series, toUInt32(intDiv(toUnixTimestamp(day), 86400)) AS noted, test, spread
  FROM spreads AS s FINAL
  WHERE rule = {rule:String} AND test IN ${NAMES}
    AND s.day >= {from:DateTime('UTC')} - INTERVAL ${DAYS + 1} DAY AND s.day < {to:DateTime('UTC')}
),
noises AS
(
  SELECT series, toUInt32(arrayJoin(range(intDiv(toUnixTimestamp({from:DateTime('UTC')}), 86400), intDiv(toUnixTimestamp({to:DateTime('UTC')}) - 1, 86400) + 1))) AS day,
    arrayMap(name -> arrayMap(d -> d.3, arrayFilter(d -> d.2 = name AND d.1 < day AND d.1 + ${DAYS} >= day, list)), ${NAMES}) AS pasts,
    arrayMap(past -> if(empty(past), ${NOISE_FIRST}, (arrayReduce('quantileExactInclusive(0.6)', past) * length(past) + ${NOISE_FIRST}) / (length(past) + 1)), pasts) AS each,
    [greatest(each[1], each[2]), greatest(each[3], each[4])] AS noise
  FROM (SELECT series, groupArray((noted, test, spread)) AS list FROM learned GROUP BY series)
),
judged AS
(
  SELECT series, t, median, usual, if(empty(noise), [${NOISE_FIRST}, ${NOISE_FIRST}], noise) AS known, differences,
    arrayMap((d, unit, s) -> least(25, abs(d) / unit / s), differences, units, known) AS distances,
    arrayMap((d, distance) -> if(d < log(${SLOWER_MIN}) AND d > -log(${FASTER_MIN}), -9., -log10(erfc(distance / sqrt(2)))), differences, distances) AS rarities,
    if(differences[1] * differences[2] > 0 AND rarities[2] > rarities[1], 2, 1) AS test, units[1] * known[1] AS unit,
    least(100, greatest(0, 3 + rarities[test] - log10(2016 * ${TESTS}))) AS level
  FROM tested AS a LEFT JOIN (SELECT series, day, noise FROM noises) AS b ON a.series = b.series AND intDiv(a.t, 288) = b.day
)
SELECT {rule:String} AS rule, 'duration_us_p50' AS signal, series AS key, toDateTime(t * 300, 'UTC') AS window_start, median AS value, level AS score,
  exp(usual[1]) AS expected, expected * exp(-4 * unit) AS lower, expected * exp(4 * unit) AS upper,
  if(differences[1] > 0, 'slower', 'faster') AS why, toUInt32(greatest(0, t - began)) AS baseline_windows
FROM judged
INNER JOIN
(
  SELECT CAST(key, 'Array(String)') AS series, intDiv(toUnixTimestamp(min(window_start)), 300) AS began
  FROM signals_5m WHERE rule = {rule:String} AND signal = 'events' GROUP BY series
) AS beginnings USING (series)
WHERE level >= {threshold:Float64} AND t >= began + 72
ORDER BY key, window_start`;
