import { EventBatch } from "../../processors/model/event-batch.ts";
import { makeRecords } from "../support/make-records.ts";

/** What aggregation looks at of an event; everything else is none. */
export interface MadeEvent {
  readonly us: number;
  readonly service?: string;
  readonly route?: string;
  readonly client?: string;
  readonly body?: string;
  readonly status?: number;
  readonly severity?: number;
  readonly size?: number;
  readonly durationUs?: number;
  readonly template?: readonly [high: number, low: number];
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Fills a batch with these events, without parsing anything. */
export function fillEvents(batch: EventBatch, events: readonly MadeEvent[]): EventBatch {
  batch.begin(makeRecords(events.map(() => "")));
  for (const [row, event] of events.entries()) {
    batch.timestampUs[row] = event.us;
    batch.strings.service_name.set(row, event.service ?? "");
    batch.strings.http_route.set(row, event.route ?? "");
    batch.strings.client_address.set(row, event.client ?? "");
    batch.strings.body.set(row, event.body ?? "");
    batch.http_response_status_code[row] = event.status ?? 0;
    batch.severity_number[row] = event.severity ?? 0;
    batch.http_response_body_size[row] = event.size ?? 0;
    batch.duration_us[row] = event.durationUs ?? 0;
    batch.templateIdHigh[row] = event.template?.[0] ?? 0;
    batch.templateIdLow[row] = event.template?.[1] ?? 0;
    for (const [key, value] of Object.entries(event.attributes ?? {})) {
      batch.attributes.add(batch.attributes.keys.intern(key), value);
    }
    batch.attributeEnds[row] = batch.attributes.count;
    batch.record[row] = row;
  }
  batch.rows = events.length;
  return batch;
}

export function makeEvents(events: readonly MadeEvent[]): EventBatch {
  return fillEvents(new EventBatch(1), events);
}
