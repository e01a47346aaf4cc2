import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { foldIncidents, NO_INCIDENTS } from "../../processors/incident/fold.ts";
import type { Incident as Alert } from "../../processors/model/incident.ts";
import { systemClock } from "../../processors/runtime/clock.ts";
import { type Config, readConfig } from "../../processors/runtime/config.ts";
import { table } from "../../processors/runtime/table.ts";
import { detectOnce } from "../../processors/services/detect.ts";
import { load } from "../../processors/services/load.ts";
import { namesOf, readAnomalies, readHeard, readWatermark } from "../../processors/services/read-anomalies.ts";
import { simulate } from "../../processors/services/simulate.ts";
import { openWorkplace } from "../../processors/services/workplace.ts";
import { INCIDENT_KINDS } from "../../processors/simulate/incidents.ts";
import { createShop } from "../../processors/simulate/shop.ts";
import { type Judged, judge, type Verdict } from "./judge-alerts.ts";

/*
 * Lets the simulated shop run for days, loads its lines, looks for anomalies, makes incidents of them, and compares those with what truly
 * happened:
 *
 *   npm run soak:shop -- --days 30 --seeds 1,2,3 --rate 2 --incidents 1 [--keep DIR] [--verbose]
 *
 * With --keep the stores stay in DIR, and the next run only looks for anomalies anew. The last line is one JSON object. Windows are counted by
 * rules of five minutes, which are what detection adds the usual ones up to, so that closing takes seconds; --usual-rules leaves them as
 * they are.
 */

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "30" },
    seeds: { type: "string", default: "1,2,3" },
    rate: { type: "string", default: "2" },
    incidents: { type: "string", default: "1" },
    keep: { type: "string" },
    "usual-rules": { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});
const FROM = Date.UTC(2026, 0, 1) / 1000;
const days = Number(values.days);
const toSecond = FROM + days * 86_400;
const ratePerSecond = Number(values.rate);
const incidentsPerDay = Number(values.incidents);

const RULES = `rules:
  - {name: route_5m, window: 5m, group_by: [tenant, service_name, http_route, status_class]}
  - {name: template_5m, window: 5m, group_by: [tenant, service_name, template], where: body}
  - {name: country_5m, window: 5m, group_by: [tenant, geo_country_iso_code], where: http}
  - {name: service_5m, window: 5m, group_by: [tenant, service_name], from: route_5m}
`;

async function store(seed: number, folder: string, config: Config): Promise<void> {
  const { signal } = new AbortController();
  const directory = join(folder, "lines");
  const common = { directory, seed, ratePerSecond, incidentsPerDay, signal };
  await simulate({ ...common, timezone: "UTC", fromSecond: FROM, toSecond, isCompressed: true });
  const files = (await readdir(directory)).filter((name) => name.endsWith(".zst")).map((name) => join(directory, name));
  await load({
    config,
    files,
    source: null,
    format: "auto",
    again: false,
    stdin: process.stdin,
    clock: systemClock,
    signal,
  });
  await rm(directory, { recursive: true });
}

async function alertsOf(config: Config): Promise<readonly Alert[]> {
  const workplace = await openWorkplace(config, systemClock);
  for (const table of ["anomalies", "detections"]) await workplace.store.command(`TRUNCATE TABLE ${table}`);
  await workplace.close();
  await detectOnce(config, systemClock);
  const { store, close } = await openWorkplace(config, systemClock);
  try {
    const { marks } = await readAnomalies(store, 0, namesOf(config));
    const { watermark } = await readWatermark(store);
    const rules = { ...config.alerts, revisedSeconds: 3600 };
    const all = [...marks, ...(await readHeard(store, marks, NO_INCIDENTS))];
    const { transitions } = foldIncidents(NO_INCIDENTS, { marks: all, watermark, now: watermark }, rules, []);
    const latest = new Map<string, Alert>();
    for (const { incident } of transitions) latest.set(incident.id, incident);
    return [...latest.values()];
  } finally {
    await close();
  }
}

async function verdictOf(seed: number): Promise<Verdict> {
  const folder = values.keep === undefined ? await mkdtemp(join(tmpdir(), "weir-soak-")) : join(values.keep, `${seed}`);
  try {
    await mkdir(folder, { recursive: true });
    const data = join(folder, "data");
    const path = join(folder, "weir.yaml");
    await writeFile(path, values["usual-rules"] ? "" : RULES);
    const config = readConfig({ path, env: {}, flags: { data } });
    if (!(await readdir(folder)).includes("data")) await store(seed, folder, config);
    const shop = createShop({ seed, ratePerSecond, incidentsPerDay, startUs: 0 });
    return judge(await alertsOf(config), shop.incidents(FROM, toSecond), toSecond - FROM);
  } finally {
    if (values.keep === undefined) await rm(folder, { recursive: true });
  }
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(5, 16);
}

function tell(seed: number, { judged, false: wrong }: Verdict): void {
  for (const { incident, alert, isElsewhere, isCauseRight, delaySeconds } of judged) {
    const { kind, service, start, end, magnitude } = incident;
    const what =
      alert === null ? (isElsewhere ? "elsewhere" : "MISSED") : isCauseRight ? "found" : "found, other cause";
    const series = alert?.series.slice(0, 4).join(", ") ?? "";
    console.log(
      `${seed} ${timeOf(start)} ${kind} ${service} x${magnitude.toFixed(2)} ${Math.round((end - start) / 60)} min: ${what} ${delaySeconds ?? ""} ${series}`,
    );
  }
  for (const { service, openedAt, series, why, score, value, expected } of wrong)
    console.log(
      `${seed} FALSE ${timeOf(openedAt)} ${service} ${why} ${score.toFixed(2)}: ${value} for ${expected.toFixed(3)}, ${series.slice(0, 4).join(", ")}`,
    );
}

const verdicts: Verdict[] = [];
for (const seed of values.seeds.split(",").map(Number)) {
  const verdict = await verdictOf(seed);
  if (values.verbose) tell(seed, verdict);
  verdicts.push(verdict);
  const found = verdict.judged.filter(({ alert }) => alert !== null).length;
  console.log(
    `seed ${seed}: ${found} of ${verdict.judged.length} found, ${verdict.falsePerServiceWeek.toFixed(2)} false per service and week`,
  );
}

const all = verdicts.flatMap(({ judged }) => judged);
const kinds = [...INCIDENT_KINDS, "all"].map((kind) => {
  const of = all.filter(({ incident }) => kind === "all" || incident.kind === kind);
  const count = (holds: (one: Judged) => boolean) => of.filter(holds).length;
  const delays = of.flatMap(({ delaySeconds }) => delaySeconds ?? []).sort((a, b) => a - b);
  return {
    kind,
    incidents: of.length,
    found: count(({ alert }) => alert !== null),
    elsewhere: count(({ isElsewhere }) => isElsewhere),
    cause: count(({ isCauseRight }) => isCauseRight),
    delaySeconds: delays[delays.length >> 1] ?? null,
    delaySecondsMax: delays.at(-1) ?? null,
  };
});
console.log(
  table(kinds, [
    { title: "kind", value: ({ kind }) => kind },
    { title: "incidents", value: ({ incidents }) => incidents },
    { title: "found", value: ({ found }) => found },
    { title: "cause right", value: ({ cause }) => cause },
    { title: "only elsewhere", value: ({ elsewhere }) => elsewhere },
    { title: "median delay s", value: ({ delaySeconds }) => delaySeconds ?? "" },
    { title: "longest delay s", value: ({ delaySecondsMax }) => delaySecondsMax ?? "" },
  ]),
);
const falsePerServiceWeek = verdicts.reduce((sum, one) => sum + one.falsePerServiceWeek, 0) / verdicts.length;
const recall = all.filter(({ alert }) => alert !== null).length / all.length;
const worst = Math.max(...verdicts.map((one) => one.falsePerServiceWeek));
console.log(JSON.stringify({ days, seeds: values.seeds, ratePerSecond, recall, falsePerServiceWeek, worst, kinds }));
