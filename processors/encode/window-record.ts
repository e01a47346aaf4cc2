import { createHash } from "node:crypto";
import type { TopicRecord } from "../model/ports.ts";
import type { WindowRevision } from "../model/window.ts";
import type { AvroCodec } from "./avro.ts";

/**
 * A revision as a record of weir.windows. The key names the window, so that a compacted topic keeps its newest revision;
 * emit_id names the revision: 32 hexadecimal digits, the same whoever publishes it.
 */
export function windowRecord(window: WindowRevision, { encode }: AvroCodec): TopicRecord {
  const { rule, rule_version, window_start, key, revision, watermark } = window;
  const name = JSON.stringify([rule, rule_version, window_start / 1000, ...key]);
  const emitId = createHash("sha256").update(`${name} ${revision}`).digest("hex").slice(0, 32);
  return {
    key: name,
    value: encode(window),
    headers: {
      emit_id: emitId,
      revision: String(revision),
      watermark: new Date(Math.floor(watermark / 1000)).toISOString(),
    },
  };
}
