import { anomalyRecord } from "../encode/anomaly-record.ts";
import type { AnomalyRevision } from "../model/anomaly.ts";
import type { ClickHouse, Clock } from "../model/ports.ts";
import { openCodec, openPublisher, topicOf } from "./output-topics.ts";
import { namesOf } from "./read-anomalies.ts";
import type { Workplace } from "./workplace.ts";

/** Publishes anomalies, detection by detection in their order, each revision once. */
export interface AnomaliesPublishing {
  /** What detections have stored that are done. A revision that a later one has replaced meanwhile is left out. */
  publish(store: ClickHouse): Promise<void>;
  close(): Promise<void>;
}

const DETECTIONS = `SELECT number, toUnixTimestamp(max(until)) AS until FROM detections
WHERE number > {after:UInt32} AND number IN (SELECT detection FROM anomalies) GROUP BY number ORDER BY number`;

const ANOMALIES = `SELECT rule, signal, key, toFloat64(toUnixTimestamp(a.window_start)) * 1000 AS window_start, window_seconds, revision, value, score, expected,
  if(isInfinite(a.lower), NULL, a.lower) AS lower, if(isInfinite(a.upper), NULL, a.upper) AS upper, why, baseline_windows, contributors, samples, changes
FROM anomalies AS a FINAL WHERE a.detection = {number:UInt32} ORDER BY rule, signal, a.window_start, key`;

/** Takes publishing over from whoever did it before. For the process that detects. */
export async function openAnomaliesPublishing(
  workplace: Pick<Workplace, "journal" | "config">,
  clock: Clock,
): Promise<AnomaliesPublishing> {
  const { config } = workplace;
  const topic = topicOf(config, "anomalies");
  const names = namesOf(config);
  const publisher = openPublisher(workplace, "anomalies", clock);
  try {
    const codec = await openCodec(config, "anomalies");
    let published = Number((await publisher.begin()) || 0);
    return {
      async publish(store) {
        const detections = await store.query<{ number: number; until: number }>(DETECTIONS, { after: published });
        for (const { number, until } of detections) {
          const rows = await store.query<Omit<AnomalyRevision, "key_columns">>(ANOMALIES, { number });
          const records = rows.map((row) =>
            anomalyRecord({ ...row, key_columns: names.get(row.rule) ?? [] }, until * 1_000_000, codec),
          );
          if (records.length > 0) await publisher.commit(topic, records, String(number));
          published = number;
        }
      },
      close: () => publisher.close(),
    };
  } catch (error) {
    await publisher.close();
    throw error;
  }
}

/** Publishes what is there, once. */
export async function publishAnomalies(
  workplace: Pick<Workplace, "journal" | "config"> & { readonly store: ClickHouse },
  clock: Clock,
): Promise<void> {
  const publishing = await openAnomaliesPublishing(workplace, clock);
  try {
    await publishing.publish(workplace.store);
  } finally {
    await publishing.close();
  }
}
