import type { Incident } from "./incidents.ts";

/**
 * Incidents as CSV with the header `kind,service,start,end`, one per line, times in ISO 8601 UTC; the end is the first
 * second that is as usual again. No value needs quoting.
 */
export function truthCsv(incidents: readonly Incident[]): string {
  let text = "kind,service,start,end\n";
  for (const { kind, service, start, end } of incidents) {
    text += `${kind},${service},${isoSecond(start)},${isoSecond(end)}\n`;
  }
  return text;
}

function isoSecond(epochSecond: number): string {
  return new Date(epochSecond * 1000).toISOString().slice(0, 19) + "Z";
}
