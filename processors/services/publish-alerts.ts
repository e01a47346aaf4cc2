import { alertRecord } from "../encode/alert-record.ts";
import type { AvroCodec } from "../encode/avro.ts";
import type { Transition } from "../model/incident.ts";
import type { ClickHouse, Publisher } from "../model/ports.ts";

export interface NumberedTransition {
  readonly sequence: number;
  readonly transition: Transition;
}

/** Publishes transitions in their order, each once, whatever is killed when. */
export interface AlertsPublishing {
  publish(transitions: readonly NumberedTransition[]): Promise<void>;
  close(): Promise<void>;
}

export async function openAlertsPublishing(
  publisher: Publisher,
  codec: AvroCodec,
  topic: string,
): Promise<AlertsPublishing> {
  let published = Number((await publisher.begin()) || 0);
  return {
    async publish(transitions) {
      const fresh = transitions.filter(({ sequence }) => sequence > published);
      if (fresh.length === 0) return;
      const last = fresh[fresh.length - 1].sequence;
      const records = fresh.map(({ transition }) => alertRecord(transition, codec));
      await publisher.commit(topic, records, String(last));
      published = last;
    },
    close: () => publisher.close(),
  };
}

const INSERT = `INSERT INTO incidents (id, sequence, state, tenant, service_name, kind, severity, opened_at, resolved_at, score, value, expected,
  why, series, transition_id)
SELECT r.1, r.2, r.3, r.4, r.5, r.6, r.7, r.8, r.9, r.10, r.11, r.12, r.13, r.14, r.15 FROM (
  SELECT arrayJoin(JSONExtract({rows:String}, 'Array(Tuple(String, UInt64, String, String, String, String, String, UInt32, UInt32, Float64,
    Float64, Float64, String, Array(String), String))')) AS r)`;

/** Stores what was told in `incidents`; again stores the same. */
export async function storeTransitions(store: ClickHouse, transitions: readonly NumberedTransition[]): Promise<void> {
  if (transitions.length === 0) return;
  const rows = transitions.map(({ sequence, transition: { id, kind, incident } }) => [
    incident.id,
    sequence,
    kind,
    incident.tenant,
    incident.service,
    incident.kind,
    incident.severity,
    incident.openedAt,
    incident.resolvedAt ?? 0,
    incident.score,
    incident.value,
    incident.expected,
    incident.why,
    incident.series,
    id,
  ]);
  await store.command(INSERT, { rows: JSON.stringify(rows) });
}
