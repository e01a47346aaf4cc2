import type { ClickHouse } from "../model/ports.ts";
import type { Finding } from "./detector.ts";

/**
 * How long series had been silent by the end of a window, and how far apart windows with events were at the same time of the 14
 * days before: as a rule, and at most. Parameters: rule, keys and starts (seconds), least and most of the starts.
 */
const SILENCES = `WITH
asked AS (SELECT arrayJoin(arrayZip({keys:Array(Array(String))}, {starts:Array(UInt32)})) AS a, a.1 AS series, a.2 AS start),
heard AS
(
  SELECT CAST(key, 'Array(String)') AS series, arraySort(groupArray(toUnixTimestamp(window_start))) AS times
  FROM signals_5m FINAL
  WHERE rule = {rule:String} AND signal = 'events' AND value > 0 AND key IN (SELECT series FROM asked)
    AND window_start >= toDateTime({first:UInt32}, 'UTC') - INTERVAL 35 DAY AND window_start < toDateTime({last:UInt32}, 'UTC')
  GROUP BY series
)
SELECT series AS key, formatDateTime(toDateTime(start, 'UTC'), '%F %T') AS window_start,
  arrayLast(t -> t < start, times) AS heard_at, toFloat64(start - heard_at) AS silent,
  arrayFilter(d -> arrayExists(t -> t <= start - d * 86400, times) AND start - d * 86400 < heard_at, range(1, 15)) AS days,
  arrayMap(d -> arrayFirst(t -> t > start - d * 86400, times) - arrayLast(t -> t <= start - d * 86400, times), days) AS same_time,
  if(notEmpty(same_time), same_time, arrayFilter((gap, t) -> gap > 0 AND t <= heard_at, arrayDifference(times), times)) AS gaps,
  if(empty(gaps), 0., toFloat64(arrayReduce('quantileExact(0.5)', gaps))) AS usual, if(empty(gaps), 0., toFloat64(arrayMax(gaps))) AS longest
FROM asked INNER JOIN heard USING (series)
WHERE heard_at > 0`;

interface Silence {
  readonly key: readonly string[];
  readonly window_start: string;
  readonly silent: number;
  readonly usual: number;
  readonly longest: number;
}

const ASKED_MAX = 500;

/** Silences are a signal of their own: how long, in seconds, against how far apart events usually are. */
export async function asSilences(store: ClickHouse, findings: readonly Finding[]): Promise<Finding[]> {
  const isSilence = ({ signal, why }: Finding) => signal === "events" && why === "silence";
  const others = findings.filter((one) => !isSilence(one));
  const silences = findings.filter(isSilence);
  for (const rule of new Set(silences.map((one) => one.rule))) {
    const ofRule = silences.filter((one) => one.rule === rule);
    for (let at = 0; at < ofRule.length; at += ASKED_MAX)
      others.push(...(await told(store, rule, ofRule.slice(at, at + ASKED_MAX))));
  }
  return others;
}

async function told(store: ClickHouse, rule: string, silences: readonly Finding[]): Promise<Finding[]> {
  const starts = silences.map(({ window_start }) => Date.parse(`${window_start.replace(" ", "T")}Z`) / 1000);
  const first = Math.min(...starts);
  const last = Math.max(...starts);
  const keys = silences.map(({ key }) => key);
  const rows = await store.query<Silence>(SILENCES, { rule, keys, starts, first, last });
  const known = new Map(rows.map((row) => [JSON.stringify([row.key, row.window_start]), row]));
  return silences.map((finding) => {
    const row = known.get(JSON.stringify([finding.key, finding.window_start]));
    if (row === undefined) return finding;
    const { silent, usual, longest } = row;
    return { ...finding, signal: "silence", value: silent, expected: usual, lower: null, upper: longest };
  });
}
