import type { ClickHouse } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import { columnsOf } from "./detect-rules.ts";
import { timeText } from "./detect-statements.ts";

export interface Explained {
  readonly window_start: string;
  readonly rule: string;
  readonly signal: string;
  readonly key: readonly string[];
  readonly score: number;
  readonly why: string;
  /** Absent: 300. */
  readonly window_seconds?: number;
  readonly templates?: readonly string[];
  readonly since?: number;
}

export interface Explanation {
  /** Dimension, value, and its share of the difference. */
  readonly contributors: readonly (readonly [string, string, number])[];
  readonly samples: readonly string[];
  readonly changes: readonly string[];
}

const NOTHING: Explanation = { contributors: [], samples: [], changes: [] };

/** What of an event counts towards a signal. */
const WEIGHTS: Readonly<Record<string, string>> = {
  events: "1",
  silence: "1",
  duration_us_p50: "duration_us",
  error_ratio: "(severity_number >= 17 OR http_response_status_code >= 500)",
  new_templates: "1",
};

const SERVICE =
  "({tenant:String} = '' OR tenant = {tenant:String}) AND ({service:String} = '' OR service_name = {service:String})";
const WINDOW =
  "timestamp >= {start:DateTime('UTC')} AND timestamp < {start:DateTime('UTC')} + toIntervalSecond({seconds:UInt32})";
const HOUR_BEFORE = "timestamp >= {start:DateTime('UTC')} - INTERVAL 1 HOUR AND timestamp < {start:DateTime('UTC')}";
const FIRST_SEEN = `lower(leftPad(hex(template_id), 16, '0')) IN (SELECT template FROM templates
  WHERE service_name = {service:String} AND first_seen >= {start:DateTime('UTC')} AND first_seen < {start:DateTime('UTC')} + toIntervalSecond({seconds:UInt32}))`;

/** Values that grew, or fell, most against the hour before: their share of the whole difference. */
function contributorsStatement(weight: string, filter: string): string {
  return `WITH {seconds:UInt32} / 3600 AS part SELECT d.1 AS dimension, d.2 AS value, (now - before * part) / greatest(abs(all_now - all_before * part), 1e-9) * sign(all_now - all_before * part) AS share
  FROM
  (
    SELECT d, sumIf(weight, is_now) AS now, sumIf(weight, NOT is_now) AS before, sum(sumIf(weight, is_now)) OVER (PARTITION BY d.1) AS all_now,
      sum(sumIf(weight, NOT is_now)) OVER (PARTITION BY d.1) AS all_before
    FROM
    (
      SELECT toFloat64(${weight}) AS weight, timestamp >= {start:DateTime('UTC')} AS is_now,
        arrayJoin([('http_route', toString(http_route)), ('status', toString(http_response_status_code)), ('country', toString(geo_country_iso_code)),
          ('template', lower(leftPad(hex(template_id), 16, '0')))]) AS d
      FROM events WHERE ${SERVICE} AND (${WINDOW} OR ${HOUR_BEFORE}) AND ${filter}
    )
    WHERE d.2 NOT IN ('', '0', '0000000000000000')
    GROUP BY d
  )
  WHERE share >= 0.1 ORDER BY share DESC, dimension, value LIMIT 5`;
}

const CHANGES = `SELECT concat(formatDateTime(timestamp, '%FT%TZ'), ' ', if(attributes['deploy.service'] = '', service_name, attributes['deploy.service']), ' ',
    coalesce(nullIf(attributes['deploy.version'], ''), nullIf(attributes['service.version'], ''), attributes['version'])) AS change
  FROM events
  WHERE ({tenant:String} = '' OR tenant = {tenant:String}) AND attributes['event.name'] = 'deploy'
    AND timestamp >= {start:DateTime('UTC')} - INTERVAL 1 HOUR AND timestamp < {start:DateTime('UTC')} + toIntervalSecond({seconds:UInt32})
  ORDER BY timestamp DESC, change LIMIT 5`;

/** Deploys of the service itself around the time at which messages were last written. */
const OWN_CHANGES = CHANGES.replace(
  "AND timestamp >=",
  "AND if(attributes['deploy.service'] = '', service_name, attributes['deploy.service']) = {service:String} AND timestamp >=",
);
const DEPLOY_SECONDS = 7200;

const SAMPLES_OF = `SELECT substringUTF8(line, 1, 500) AS line FROM events
  WHERE ${SERVICE} AND template_id IN (SELECT reinterpretAsUInt64(reverse(unhex(arrayJoin({templates:Array(String)})))))
    AND timestamp >= toDateTime({since:UInt32}, 'UTC') AND timestamp < toDateTime({since:UInt32}, 'UTC') + INTERVAL 1 HOUR
  ORDER BY timestamp DESC, topic, \`partition\`, \`offset\`, \`index\` LIMIT 3`;

/** Deploys of the service of messages that it no longer writes, when it wrote them last. */
export async function changesOf(
  store: ClickHouse,
  config: Config,
  { since = 0, ...anomaly }: Explained,
): Promise<string[]> {
  const { tenant, service } = placeOf(config, anomaly);
  const start = timeText(since);
  const rows = await store.query<{ change: string }>(OWN_CHANGES, { tenant, service, start, seconds: DEPLOY_SECONDS });
  return rows.map(({ change }) => change);
}

async function explainTemplates(
  store: ClickHouse,
  config: Config,
  anomaly: Explained,
  templates: readonly string[],
): Promise<Explanation> {
  const samples = await store.query<{ line: string }>(SAMPLES_OF, {
    ...placeOf(config, anomaly),
    templates,
    since: anomaly.since ?? 0,
  });
  return {
    contributors: templates.slice(0, 5).map((template) => ["template", template, 1 / templates.length]),
    samples: samples.map(({ line }) => line),
    changes: await changesOf(store, config, anomaly),
  };
}

/** What contributed most to an anomaly, lines of its window, and deploys in the hour before. Nothing for what is none any more. */
export async function explain(store: ClickHouse, config: Config, anomaly: Explained): Promise<Explanation> {
  const weight = weightOf(anomaly);
  if (anomaly.score === 0) return NOTHING;
  if (anomaly.templates !== undefined) return explainTemplates(store, config, anomaly, anomaly.templates);
  if (weight === undefined) return NOTHING;
  const isTemplates = anomaly.signal === "new_templates";
  const parameters = {
    ...placeOf(config, anomaly),
    start: anomaly.window_start,
    seconds: anomaly.window_seconds ?? 300,
  };
  const filter = isTemplates ? FIRST_SEEN : "1";
  const contributors = await store.query<{ dimension: string; value: string; share: number }>(
    contributorsStatement(weight, filter),
    parameters,
  );
  const samples = await store.query<{ line: string }>(
    `SELECT substringUTF8(line, 1, 500) AS line FROM events WHERE ${SERVICE} AND ${WINDOW} AND ${filter}
    ORDER BY toFloat64(${weight}) DESC, timestamp, topic, \`partition\`, \`offset\`, \`index\` LIMIT 3`,
    parameters,
  );
  const changes = await store.query<{ change: string }>(CHANGES, parameters);
  return {
    contributors: contributors.map(({ dimension, value, share }) => [dimension, value, share]),
    samples: samples.map(({ line }) => line),
    changes: changes.map(({ change }) => change),
  };
}

function placeOf(config: Config, anomaly: Explained): { readonly tenant: string; readonly service: string } {
  const columns = columnsOf(config, anomaly);
  const of = (column: string) => anomaly.key[columns.indexOf(column)] ?? "";
  return { tenant: of("tenant"), service: of("service_name") };
}

function weightOf({ signal, why }: Explained): string | undefined {
  if (signal.startsWith("objective:")) return WEIGHTS["error_ratio"];
  if (!signal.startsWith("threshold:")) return WEIGHTS[signal];
  if (why.startsWith("error")) return WEIGHTS["error_ratio"];
  return why.startsWith("duration_us") ? WEIGHTS["duration_us_p50"] : WEIGHTS["events"];
}
