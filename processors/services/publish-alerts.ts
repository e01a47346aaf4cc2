import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { alertRecord } from "../encode/alert-record.ts";
import { type AvroCodec, createAvroCodec } from "../encode/avro.ts";
import { createPublisher } from "../journal/topic.ts";
import type { Transition } from "../model/incident.ts";
import type { ClickHouse, Clock, Publisher } from "../model/ports.ts";
import type { Workplace } from "./workplace.ts";

export const ALERTS_TOPIC = "weir.alerts";

const SCHEMA = new URL("../../schemas/alert.v1.avsc", import.meta.url);
const TOPIC_BYTES_MAX = 64 << 20;
const DAY_US = 86_400_000_000;

/** The codec of the records of weir.alerts. */
export async function openAlertCodec(): Promise<AvroCodec> {
  return createAvroCodec(await readFile(fileURLToPath(SCHEMA), "utf8"));
}

/** The publisher of transitions into the journal. */
export function alertPublisher({ journal, config }: Pick<Workplace, "journal" | "config">, clock: Clock): Publisher {
  const retention = { ageUsMax: config.retention.topicsDays * DAY_US, bytesMax: TOPIC_BYTES_MAX };
  return createPublisher(journal, ALERTS_TOPIC, retention, clock.nowUs);
}

export interface NumberedTransition {
  readonly sequence: number;
  readonly transition: Transition;
}

/** Publishes transitions in their order, each once, whatever is killed when. */
export interface AlertsPublishing {
  publish(transitions: readonly NumberedTransition[]): Promise<void>;
}

export async function openAlertsPublishing(publisher: Publisher, codec: AvroCodec): Promise<AlertsPublishing> {
  let published = Number((await publisher.begin()) || 0);
  return {
    async publish(transitions) {
      const fresh = transitions.filter(({ sequence }) => sequence > published);
      if (fresh.length === 0) return;
      const last = fresh[fresh.length - 1].sequence;
      const records = fresh.map(({ transition }) => alertRecord(transition, codec));
      await publisher.commit(ALERTS_TOPIC, records, String(last));
      published = last;
    },
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
