/*
 * How many events there were, against the same time of the days before and against the hour before: statements of
 * detection. Parameters of all: rule; from and to, hours or days [from, to), text as `DateTime` reads it.
 */

const DAYS = 14;

/** Spread of counts beyond chance, as a share of the mean, squared, where there is no day to learn it from. */
const SPREAD_FIRST = 0.03;
/** The same where there is no season either: what the time of the day does in a quarter of an hour is in it. */
const SPREAD_UNKNOWN = 0.12;
/** How much less sure an expectation is on the first Saturday or Monday of a series. */
const DOUBT_UNSEEN = 2;
/** Times of the day that spread so many times as much as others have a spread of their own. */
const OWN_SPREAD_MIN = 3;
/** How much the furthest of some days add to their variance, as a rule. */
const TRIMMED_FACTOR = 1.6;
/** As many independent looks are taken at each window. */
const TESTS = 3;
/** Windows that one change may flag in half a day: after these it is how things are. */
const FLAGS_MAX = 12;

/**
 * What each window is expected to hold: the mean of the same time of up to 14 days before, with what is far from their
 * median cut down to twice or half of it. The hours beside it count as well while there are few days. Weekends are compared
 * with weekends where there are two such days. The hour after is noted too: how steep things are shows there.
 */
export const NOTE_SEASONS = `INSERT INTO seasons (rule, key, window_start, expected, doubt, spread)
WITH
counted AS
(
  SELECT CAST(key, 'Array(String)') AS series, toUInt32(intDiv(toUnixTimestamp(window_start), 300)) AS t, value
  FROM signals_5m FINAL
  WHERE rule = {rule:String} AND signal = 'events'
    AND window_start >= {from:DateTime('UTC')} - INTERVAL ${24 * DAYS + 1} HOUR AND window_start < {to:DateTime('UTC')}
),
continued AS
(
  SELECT * FROM counted UNION ALL
  SELECT series, toUInt32(max(t) + arrayJoin(range(1, 13))), 0. FROM counted GROUP BY series
),
timed AS
(
  SELECT *, lagInFrame(value, 12, value) OVER in_order AS earlier, leadInFrame(value, 12, value) OVER in_order AS later,
    toDayOfWeek(toDateTime(t * 300, 'UTC')) >= 6 AS is_weekend
  FROM continued
  WINDOW in_order AS (PARTITION BY series ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
),
recalled AS
(
  SELECT series, t, is_weekend,
    groupArray((value, earlier, later, is_weekend)) OVER
      (PARTITION BY series, t % 288 ORDER BY intDiv(t, 288) RANGE BETWEEN ${DAYS} PRECEDING AND 1 PRECEDING) AS days
  FROM timed
),
compared AS
(
  SELECT series, t, arrayFilter(d -> d.4 = is_weekend, days) AS alike, if(length(alike) >= 2, alike, days) AS used, length(used) AS n,
    arrayMap(d -> d.1, used) AS centre, arrayConcat(arrayMap(d -> d.2, used), arrayMap(d -> d.3, used)) AS sides,
    arrayReduce('quantileExactInclusive(0.5)', if(n >= 3, centre, arrayConcat(centre, centre, sides))) AS middle,
    0.5 / n AS weight,
    greatest(2 * middle, if(n < 2, 0, 3 * arrayReduce('quantileExactInclusive(0.75)', arrayConcat(centre, sides)))) + 3 AS most,
    arrayMap(list -> arraySum(v -> least(greatest(v, middle / 2 - 3), most), list), [centre, sides]) AS totals,
    -- Without the day that is furthest off, of eight or more the two: an incident of days ago does not hide one of today.
    arraySlice(arraySort(v -> abs(v - middle), centre), 1, n - multiIf(n >= 8, 2, n >= 4, 1, 0)) AS near,
    if(n < 3, 0, greatest(0, if(n >= 4, ${TRIMMED_FACTOR}, 1) * arrayReduce('varSamp', near) - arrayAvg(near)) / pow(arrayAvg(near) + 0.1, 2)) AS own_spread
  FROM recalled
  WHERE t >= intDiv(toUnixTimestamp({from:DateTime('UTC')}), 300) AND notEmpty(days)
)
SELECT {rule:String}, series, toDateTime(t * 300, 'UTC'), greatest((totals[1] + weight * totals[2]) / (n * (1 + 2 * weight)), 0.02),
  if(empty(alike), ${DOUBT_UNSEEN}, 1 / (n + 1)), own_spread
FROM compared`;

/** Events and expected ones of the windows from `first` to `last` before the current one. */
function sumsOf(name: string, m: number, first: number, last: number): string {
  const frame = `OVER (PARTITION BY series ORDER BY w.1 ROWS BETWEEN ${first} PRECEDING AND ${last === 0 ? "CURRENT ROW" : `${last} PRECEDING`})`;
  const places = { x: 2, e: 4, high: 6, low: 7 };
  return Object.entries(places)
    .map(([what, place]) => `sum(w.${place}) ${frame} AS ${name}${m}_${what}`)
    .join(", ");
}

/** Windows, with those of the day before, next to what is expected by season (A) and by the hour before (B). */
const COMPARED = `
placed AS
(
  SELECT CAST(key, 'Array(String)') AS series, toUInt32(intDiv(toUnixTimestamp(window_start), 300)) AS t, value AS x
  FROM signals_5m FINAL
  WHERE rule = {rule:String} AND signal = 'events'
    AND window_start >= {from:DateTime('UTC')} - INTERVAL 37 HOUR AND window_start < {to:DateTime('UTC')}
),
expecting AS
(
  SELECT CAST(key, 'Array(String)') AS series, toUInt32(intDiv(toUnixTimestamp(window_start), 300)) AS t, 1 AS has, expected, doubt,
    max(expected) OVER beside AS high, min(expected) OVER beside AS low, avg(spread) OVER beside AS own_spread
  FROM seasons FINAL
  WHERE rule = {rule:String}
    AND window_start >= {from:DateTime('UTC')} - INTERVAL 38 HOUR AND window_start < {to:DateTime('UTC')} + INTERVAL 1 HOUR
  WINDOW beside AS (PARTITION BY key ORDER BY toUnixTimestamp(window_start) RANGE BETWEEN 300 PRECEDING AND 300 FOLLOWING)
),
seasonal AS
(
  SELECT series, t, x, has, if(has, expected, 1) AS e, doubt, high, low, own_spread, intDiv(t, 12) AS hour
  FROM placed LEFT JOIN expecting USING (series, t)
),
hourly AS
(
  SELECT series, hour, groupArray((t, x, has, e, doubt, high, low, own_spread)) AS windows, if(min(has), (sum(x) + 2) / (sum(e) + 2), -1) AS ratio
  FROM seasonal GROUP BY series, hour
),
levelled AS
(
  SELECT series, windows,
    groupArrayIf(ratio, ratio >= 0) OVER (PARTITION BY series ORDER BY hour RANGE BETWEEN 24 PRECEDING AND 1 PRECEDING) AS ratios,
    if(length(ratios) < 12, 1, arrayReduce('quantileExactInclusive(0.5)', ratios)) AS level
  FROM hourly
),
summed AS
(
  SELECT series, w.1 AS t, w.2 AS x, w.4 AS e, w.5 AS doubt, w.6 AS high, w.7 AS low, w.8 AS own_spread, level, count() OVER sixteen AS n, min(w.3) OVER sixteen AS has,
    varPop(w.2) OVER day / pow(avg(w.2) OVER day + 0.5, 2) AS usual_spread,
    ${[2, 3, 4, 12].map((m) => sumsOf("s", m, m - 1, 0)).join(",\n    ")},
    ${[1, 2, 4].map((m) => sumsOf("p", m, m + 11, m)).join(",\n    ")}
  FROM levelled ARRAY JOIN windows AS w
  WINDOW sixteen AS (PARTITION BY series ORDER BY w.1 ROWS BETWEEN 15 PRECEDING AND CURRENT ROW),
    day AS (PARTITION BY series ORDER BY w.1 ROWS BETWEEN 288 PRECEDING AND 5 PRECEDING)
),
tested AS
(
  SELECT series, t, x, has, doubt, level, e * level AS expected, usual_spread, own_spread,
    [x, s3_x, s12_x, x, s2_x, s4_x] AS counts,
    arrayMap(sum -> sum * level, [e, s3_e, s12_e, e, s2_e, s4_e]) AS by_season,
    [high / e, s3_high / s3_e, 1, high / e, s2_high / s2_e, s4_high / s4_e] AS rise,
    [low / e, s3_low / s3_e, 1, low / e, s2_low / s2_e, s4_low / s4_e] AS fall,
    [0, 0, 0, p1_x, p2_x, p4_x] AS hour_counts,
    if(has, [0, 0, 0, e * (p1_x + 0.5) / p1_e, s2_e * (p2_x + 0.5) / p2_e, s4_e * (p4_x + 0.5) / p4_e],
      [0, 0, 0, (p1_x + 0.5) / 12, (p2_x + 0.5) / 6, (p4_x + 0.5) / 3]) AS by_hour
  FROM summed WHERE n = 16
)`;

/** Of whole days: how far counts were from what was expected, beyond chance; by the 90th and (t) the 98th percentile. */
export const NOTE_SPREADS = `INSERT INTO spreads (rule, key, day, test, spread)
WITH ${COMPARED},
days AS
(
  SELECT series, intDiv(t, 288) AS day, place, toString(place) AS test,
    groupArray((counts[place], place <= 3 ? by_season[place] : by_hour[place])) AS pairs
  FROM tested ARRAY JOIN [1, 2, 3, 4, 5, 6] AS place
  WHERE has AND t >= intDiv(toUnixTimestamp({from:DateTime('UTC')}), 300)
  GROUP BY series, day, place
)
SELECT {rule:String}, series, toDateTime(day * 86400, 'UTC'), concat(test, spread.1), spread.2
FROM
(
  SELECT series, day, test, arrayMap(p -> pow(p.1 - p.2, 2) / p.2, busy) AS squares, arrayAvg(p -> p.2, busy) AS mean,
    arrayJoin([
      ('', greatest(0, arrayReduce('quantileExactInclusive(0.9)', squares) / 2.71 - 1) / mean),
      ('t', greatest(0, arrayReduce('quantileExactInclusive(0.98)', squares) / 5.41 - 1) / mean)]) AS spread
  FROM (SELECT *, arrayReduce('quantileExactInclusive(0.5)', arrayMap(p -> p.2, pairs)) AS middle, arrayFilter(p -> p.2 >= middle AND p.2 > 0, pairs) AS busy FROM days)
  WHERE length(busy) >= 72 AND arrayAvg(p -> p.2, busy) >= 1
)`;

/** Windows with more or fewer events than the budget lets chance explain. */
export const VOLUMES = `WITH ${COMPARED},
learned AS
(
  SELECT series, day, groupArray(place) AS places, groupArray(spread) AS spreads
  FROM
  (
    SELECT series, toUInt32(arrayJoin(range(intDiv(toUnixTimestamp({from:DateTime('UTC')}) - 43200, 86400), intDiv(toUnixTimestamp({to:DateTime('UTC')}) - 1, 86400) + 1))) AS day, place,
      arrayFilter(d -> d.1 < day AND d.1 + ${DAYS} >= day, list) AS past, length(past) AS n,
      arrayReduce('quantileExactInclusive(0.7)', past.2) AS body,
      -- A day with an incident has a long tail; where all days spread widely, tails belong to it.
      greatest(body, if(body > 0.25, arrayReduce('quantileExactInclusive(0.7)', past.3), arrayReduce('quantileExactInclusive(0.5)', past.3))) AS usual,
      (n * usual + ${SPREAD_FIRST}) / (n + 1) AS spread
    FROM
    (
      SELECT series, place, groupArray((day, middle, tail)) AS list
      FROM
      (
        SELECT CAST(key, 'Array(String)') AS series, toUInt8(substring(test, 1, 1)) AS place, intDiv(toUnixTimestamp(day), 86400) AS day,
          sumIf(spread, NOT endsWith(test, 't')) AS middle, sumIf(spread, endsWith(test, 't')) AS tail
        FROM spreads AS s FINAL
        WHERE rule = {rule:String} AND test < '7' AND s.day >= {from:DateTime('UTC')} - INTERVAL ${DAYS + 2} DAY AND s.day < {to:DateTime('UTC')}
        GROUP BY series, place, day
      )
      GROUP BY series, place
    )
    WHERE n > 0
  )
  GROUP BY series, day
),
sized AS
(
  SELECT a.*, arrayMap(place -> multiIf(NOT a.has, greatest(${SPREAD_UNKNOWN}, usual_spread), has(places, place), spreads[indexOf(places, place)], ${SPREAD_FIRST}), [1, 2, 3, 4, 5, 6]) AS common,
    arrayMap((s, place) -> place = 3 OR NOT a.has OR own_spread < ${OWN_SPREAD_MIN} * s ? s : own_spread, common, [1, 2, 3, 4, 5, 6]) AS spread,
    arrayMap((s, place) -> s + if(place <= 3, doubt * (s + 1 / greatest(by_season[place], 0.02)), 1 / (hour_counts[place] + 1)), spread, [1, 2, 3, 4, 5, 6]) AS v
  FROM tested AS a LEFT JOIN (SELECT series, day AS d, places, spreads FROM learned) AS l ON a.series = l.series AND intDiv(a.t, 288) = l.d
),
judged AS
(
  SELECT series, t, x, a.has AS has, if(has, a.expected, by_hour[4]) AS expected, v,
    arrayMap((season, hour, up, place) -> multiIf(place <= 3, season * up, NOT a.has, hour, greatest(season, hour) * up), by_season, by_hour, rise, [1, 2, 3, 4, 5, 6]) AS highest,
    arrayMap((season, hour, down, place) -> multiIf(place <= 3, season * down, NOT a.has, hour, least(season, hour) * down), by_season, by_hour, fall, [1, 2, 3, 4, 5, 6]) AS lowest,
    arrayMap((y, above, below) -> multiIf(y > above, above, y < below, below, y), counts, highest, lowest) AS means,
    arrayMap((y, mean, s) -> if(y > mean, (y + 1 / s) / (y + 1) * mean / (mean + 1 / s), y / (y - 1 + 1 / s) * (mean + 1 / s) / mean), counts, means, v) AS ratios,
    arrayMap((y, mean, s, r, place) -> if((place <= 3 AND NOT a.has) OR y = mean OR mean <= 0 OR r >= 1, 0, greatest(0, (log(1 - r) - lgamma(y + 1 / s) + lgamma(1 / s)
      + lgamma(y + 1) - 1 / s * log(1 / (1 + s * mean)) - y * log(mean * s / (1 + s * mean))) / log(10))), counts, means, v, ratios, [1, 2, 3, 4, 5, 6]) AS rarities,
    arrayMap((rarity, n) -> rarity - log10(n), rarities, [2016, 1344, 1008, 2016, 2016, 1008]) AS levels,
    arrayMax(levels) AS top, indexOf(levels, top) AS test, counts[test] > means[test] AS is_high,
    least(100, greatest(0, 3 + top - log10(${TESTS}))) AS level
  FROM sized AS a
),
flagged AS
(
  SELECT *, countIf(level >= {threshold:Float64}) OVER (PARTITION BY series, is_high ORDER BY t RANGE BETWEEN 144 PRECEDING AND 1 PRECEDING) AS flags,
    4 * sqrt(greatest(expected, 0.5) * (1 + v[1] * expected)) AS reach
  FROM judged
)
SELECT {rule:String} AS rule, 'events' AS signal, series AS key, toDateTime(t * 300, 'UTC') AS window_start, x AS value, level AS score,
  expected, greatest(0, expected - reach) AS lower, expected + reach AS upper,
  multiIf(x = 0 AND NOT is_high, 'silence', test = 3 AND levels[1] < 0, if(is_high, 'more than usual for an hour', 'less than usual for an hour'), is_high, 'spike', 'dip') AS why,
  toUInt32(greatest(0, t - began)) AS baseline_windows
FROM flagged
INNER JOIN
(
  SELECT CAST(key, 'Array(String)') AS series, intDiv(toUnixTimestamp(min(window_start)), 300) AS began
  FROM signals_5m WHERE rule = {rule:String} AND signal = 'events' GROUP BY series
) AS beginnings USING (series)
WHERE level >= {threshold:Float64} AND flags < ${FLAGS_MAX} AND t >= intDiv(toUnixTimestamp({from:DateTime('UTC')}), 300)
ORDER BY key, window_start`;
