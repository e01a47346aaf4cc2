import { hash } from "node:crypto";
import type { TopicRecord } from "../model/ports.ts";
import type { WindowColumns } from "../model/window.ts";
import type { AvroCodec } from "./avro.ts";
import { AvroWriter } from "./avro-writer.ts";

/**
 * Revisions as records of weir.windows. The key names the window, so that a compacted topic keeps its newest revision;
 * emit_id names the revision: 32 hexadecimal digits, the same whoever publishes it.
 */
export function windowRecords(windows: WindowColumns, { head }: Pick<AvroCodec, "head">): TopicRecord[] {
  const { rule, rule_version, window_start, key, revision, watermark } = windows;
  const writer = new AvroWriter();
  const ends = rule.map((_, row) => {
    writer.raw(head);
    writeWindow(writer, windows, row);
    return writer.length;
  });
  const bytes = writer.finish();
  let shownUs = Number.NaN;
  let shown = "";
  return rule.map((name, row) => {
    const window = JSON.stringify([name, rule_version[row], window_start[row] / 1000, ...key[row]]);
    // All windows of a cut have one watermark.
    if (watermark[row] !== shownUs) {
      shownUs = watermark[row];
      shown = new Date(Math.floor(shownUs / 1000)).toISOString();
    }
    return {
      key: window,
      value: bytes.subarray(row === 0 ? 0 : ends[row - 1], ends[row]),
      headers: {
        emit_id: hash("sha256", `${window} ${revision[row]}`).slice(0, 32),
        revision: String(revision[row]),
        watermark: shown,
      },
    };
  });
}

/** In the order of schemas/window.v1.avsc. */
function writeWindow(writer: AvroWriter, windows: WindowColumns, row: number): void {
  writer.string(windows.rule[row]);
  writer.long(windows.rule_version[row]);
  writer.long(windows.window_start[row]);
  writer.long(windows.window_seconds[row]);
  writer.strings(windows.key[row]);
  writer.long(windows.revision[row]);
  writer.long(windows.cut_id[row]);
  writer.long(windows.watermark[row]);
  writer.long(windows.events[row]);
  writer.long(windows.errors[row]);
  writer.long(windows.body_size_sum[row]);
  writer.long(windows.duration_count[row]);
  writer.long(windows.duration_us_sum[row]);
  writer.long(windows.duration_us_min[row]);
  writer.long(windows.duration_us_max[row]);
  writer.doubles(windows.duration_us_quantiles[row]);
  writer.long(windows.value_count[row]);
  writer.long(windows.value_sum[row]);
  writer.long(windows.value_min[row]);
  writer.long(windows.value_max[row]);
  writer.doubles(windows.value_quantiles[row]);
  writer.long(windows.distinct_count[row]);
}
