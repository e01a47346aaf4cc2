import { createHash } from "node:crypto";
import type { AnomalyRevision } from "../model/anomaly.ts";
import type { TopicRecord } from "../model/ports.ts";
import type { AvroCodec } from "./avro.ts";

/**
 * A revision as a record of weir.anomalies. The key names rule, signal, series and window, so that a compacted topic keeps
 * the newest revision; emit_id names the revision: 32 hexadecimal digits, the same whoever publishes it.
 */
export function anomalyRecord(anomaly: AnomalyRevision, untilUs: number, { encode }: AvroCodec): TopicRecord {
  const { rule, signal, key, window_start, revision } = anomaly;
  const name = JSON.stringify([rule, signal, window_start / 1000, ...key]);
  const emitId = createHash("sha256").update(`${name} ${revision}`).digest("hex").slice(0, 32);
  const watermark = new Date(Math.floor(untilUs / 1000)).toISOString();
  return { key: name, value: encode(anomaly), headers: { emit_id: emitId, revision: String(revision), watermark } };
}
