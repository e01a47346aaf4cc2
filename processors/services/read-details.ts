import type { Incident, IncidentDetails } from "../model/incident.ts";
import type { ClickHouse } from "../model/ports.ts";

interface Row {
  readonly signal: string;
  readonly value: number;
  readonly why: string;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly contributors: readonly (readonly [string, string, number])[];
  readonly samples: readonly string[];
  readonly changes: readonly string[];
}

/** The windows with which an incident began, of its own service, the worst first. */
const DETAILS = `SELECT signal, value, why, if(isFinite(lower), lower, NULL) AS lower, if(isFinite(upper), upper, NULL) AS upper,
  arrayMap(c -> (toString(c.1), c.2, c.3), contributors) AS contributors, samples, changes
FROM anomalies FINAL
WHERE window_start >= toDateTime({from:UInt32}, 'UTC') AND window_start < toDateTime({to:UInt32}, 'UTC') AND score > 0
  AND ({service:String} = '' OR has(key, {service:String}))
ORDER BY score DESC, rule, signal, key LIMIT 100`;

const FORMS = `SELECT template, max(form) AS form FROM templates WHERE template IN {templates:Array(String)}
GROUP BY template HAVING form != ''`;

const CONTRIBUTORS_MAX = 5;

/** What is stored about the window that opened an incident; null: nothing any more. */
export async function readDetails(store: ClickHouse, incident: Incident): Promise<IncidentDetails | null> {
  const { openedAt, firedAt, service, kind, value, why } = incident;
  const rows = await store.query<Row>(DETAILS, { from: openedAt, to: Math.max(firedAt, openedAt + 1), service });
  const row = rows.find((one) => one.signal === kind && one.value === value && one.why === why) ?? rows[0];
  if (row === undefined) return null;
  const contributors = row.contributors.slice(0, CONTRIBUTORS_MAX);
  const templates = contributors.filter(([dimension]) => dimension === "template").map(([, template]) => template);
  const forms =
    templates.length === 0 ? [] : await store.query<{ template: string; form: string }>(FORMS, { templates });
  const formOf = (template: string) => forms.find((one) => one.template === template)?.form ?? template;
  return {
    lower: row.lower,
    upper: row.upper,
    contributors: contributors.map(([dimension, text, share]) => [
      dimension,
      dimension === "template" ? formOf(text) : text,
      share,
    ]),
    samples: row.samples,
    // A change is known once, by whichever of the windows.
    changes: [...new Set(rows.flatMap(({ changes }) => changes))].slice(0, 5),
  };
}
