import type { Transition } from "../model/incident.ts";
import type { TopicRecord } from "../model/ports.ts";
import type { AvroCodec } from "./avro.ts";

/** A transition as a record of weir.alerts. The key names the incident, so that a compacted topic keeps its last state. */
export function alertRecord({ id, kind, at, incident }: Transition, { encode }: AvroCodec): TopicRecord {
  const value = {
    transition_id: id,
    state: kind,
    at: at * 1000,
    incident_id: incident.id,
    tenant: incident.tenant,
    service_name: incident.service,
    kind: incident.kind,
    severity: incident.severity,
    opened_at: incident.openedAt * 1000,
    resolved_at: (incident.resolvedAt ?? 0) * 1000,
    score: incident.score,
    value: incident.value,
    expected: incident.expected,
    why: incident.why,
    series: incident.series,
  };
  return { key: incident.id, value: encode(value), headers: { emit_id: id, state: kind } };
}
