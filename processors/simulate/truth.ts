import type { Deploy } from "./deploys.ts";
import type { Incident } from "./incidents.ts";

/**
 * What truly happened, for those who look for it. Incidents as CSV with the header `kind,service,start,end`, one per line, times in ISO 8601 UTC; the end is the first
 * second that is as usual again. No value needs quoting.
 */
export function truthCsv(incidents: readonly Incident[]): string {
  let text = "kind,service,start,end\n";
  for (const { kind, service, start, end } of incidents) {
    text += `${kind},${service},${isoSecond(start)},${isoSecond(end)}\n`;
  }
  return text;
}

/** Deploys as CSV with the header `time,service,version`: changes that are meant, and no incidents. */
export function deploysCsv(deploys: readonly Deploy[]): string {
  let text = "time,service,version\n";
  for (const { service, start, version } of deploys) text += `${isoSecond(start)},${service},${version}\n`;
  return text;
}

function isoSecond(epochSecond: number): string {
  return new Date(epochSecond * 1000).toISOString().slice(0, 19) + "Z";
}
