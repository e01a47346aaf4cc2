import { templateOf } from "../enrich/template.ts";
import type { ClickHouse } from "../model/ports.ts";
import type { Config } from "../runtime/config.ts";
import type { DetectRange } from "./detect-declared.ts";
import { changesOf } from "./detect-explain.ts";
import { templateRuleOf } from "./detect-rules.ts";
import { NEW_TEMPLATES, NOTE_TEMPLATES, UNREAD_TEMPLATES } from "./detect-statements.ts";
import { NOTE_TEMPLATE_HOURS, RARE_TEMPLATES, VANISHED_TEMPLATES } from "./detect-template-statements.ts";
import { type Finding, THRESHOLD } from "./detector.ts";

/** Below what opens an incident. */
const DEPLOYED_SCORE = 2.5;
/** Rows of one insert. */
const ROWS_MAX = 20;

/** Messages that are new, rare, or no longer written. */
export async function templateFindings(store: ClickHouse, config: Config, range: DetectRange): Promise<Finding[]> {
  const rule = templateRuleOf(config);
  if (rule === null) return [];
  const parameters = { ...range, threshold: THRESHOLD, rule: rule.name, tenant: rule.places.tenant };
  const fresh = await store.query<Finding>(NEW_TEMPLATES, parameters);
  const rare = await store.query<Finding>(RARE_TEMPLATES, parameters);
  // They are told at the end of an hour.
  const vanished = range.to.endsWith(":00:00") ? await store.query<Finding>(VANISHED_TEMPLATES, parameters) : [];
  return [...fresh, ...rare, ...(await withDeploys(store, config, vanished))];
}

/** A deploy words messages anew: where there was one when they were last written, that is noted, but nobody is told. */
async function withDeploys(store: ClickHouse, config: Config, findings: readonly Finding[]): Promise<Finding[]> {
  const told: Finding[] = [];
  for (const finding of findings) {
    const changes = await changesOf(store, config, finding);
    told.push(
      changes.length === 0
        ? finding
        : { ...finding, score: Math.min(finding.score, DEPLOYED_SCORE), why: "no longer seen since a deploy" },
    );
  }
  return told;
}

/** Notes which templates there were, and how those read that were not seen before. */
export async function noteTemplates(store: ClickHouse, config: Config, range: DetectRange): Promise<void> {
  const rule = templateRuleOf(config);
  if (rule === null) return;
  const { name, version, places } = rule;
  for (const statement of [NOTE_TEMPLATES, NOTE_TEMPLATE_HOURS])
    await store.command(statement, { ...range, rule: name, version, ...places });
  await readTemplates(store);
}

interface UnreadTemplate {
  readonly tenant: string;
  readonly service_name: string;
  readonly template: string;
  readonly since: string;
  readonly body: string;
}

/** Writes down how templates read that were not seen before. */
async function readTemplates(store: ClickHouse): Promise<void> {
  for (;;) {
    const unread = await store.query<UnreadTemplate>(UNREAD_TEMPLATES);
    if (unread.length === 0) return;
    for (let at = 0; at < unread.length; at += ROWS_MAX) {
      const rows = unread.slice(at, at + ROWS_MAX);
      await store.command(
        `INSERT INTO templates (tenant, service_name, template, first_seen, last_seen, form)
        SELECT r.1, r.2, r.3, toDateTime(r.4, 'UTC'), toDateTime(r.4, 'UTC'), r.5
        FROM (SELECT arrayJoin(arrayZip({tenants:Array(String)}, {services:Array(String)}, {templates:Array(String)}, {times:Array(String)}, {forms:Array(String)})) AS r)`,
        {
          tenants: rows.map(({ tenant }) => tenant),
          services: rows.map(({ service_name }) => service_name),
          templates: rows.map(({ template }) => template),
          times: rows.map(({ since }) => since),
          forms: rows.map(({ body }) => formOf(body)),
        },
      );
    }
  }
}

/** Never empty, so that it is read once. */
function formOf(body: string): string {
  const template = templateOf(Buffer.from(body, "utf8").toString("latin1"));
  return Buffer.from(template, "latin1").toString("utf8") || "<*>";
}
