import { type EventBatch, TIME_EVENT } from "../model/event-batch.ts";
import { setTime } from "./slot-span.ts";
import { createIsoTime, type IsoTime, zoneUs } from "./timestamp.ts";
import type { Zone } from "./zone.ts";

/*
 * What fields of a line of named values (JSON, logfmt) say together, or inside of another value: a time of which the day and
 * the clock are fields of their own, the stamp in a record of Linux's audit system, a level whose scale other fields tell.
 */

const AUDIT = /^audit\((\d{10})\.(\d{3}):\d{1,20}\)/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const CLOCK = /^\d\d:\d\d:\d\d(?:\.\d{1,6})?$/;
const NEXTCLOUD_BEGIN = '{"reqId":"';
const NEXTCLOUD = /\{"reqId":"[^"]{0,64}","level":([0-4]),"time":/y;
/** Debug, info, warning, error, fatal. */
const NEXTCLOUD_SEVERITIES = [5, 9, 13, 17, 21];

/** Fills what the fields of a row, whose attributes begin at `from`, have left empty. The row is of text[begin, …). */
export type SetsJointFields = (text: string, begin: number, batch: EventBatch, row: number, from: number) => void;

/** Times without a zone are of `zone`. */
export function createJointFields(zone: Zone): SetsJointFields {
  const isoTime = createIsoTime();
  const iso: IsoTime = { us: 0, end: 0, fractionDigits: 0, zone: "", hasZone: false };

  /** Microseconds of the fields `date`, `time` and perhaps `tz`, or NaN. */
  function dayAndClockUs({ attributes }: EventBatch, from: number): number {
    let day = "";
    let clock = "";
    let offset = "";
    for (let entry = from; entry < attributes.count; entry++) {
      const key = attributes.key(entry);
      if (key === "date") day = attributes.values.get(entry);
      else if (key === "time") clock = attributes.values.get(entry);
      else if (key === "tz") offset = attributes.values.get(entry);
    }
    if (!DAY.test(day) || !CLOCK.test(clock)) return Number.NaN;
    const written = `${day}T${clock}`;
    if (!isoTime(written, 0, written.length, iso)) return Number.NaN;
    const eastUs = zoneUs(offset, 0);
    return Number.isNaN(eastUs) ? zone.utcUs(iso.us) : iso.us - eastUs;
  }

  function auditUs(body: string): number {
    const stamp = AUDIT.exec(body);
    return stamp === null ? Number.NaN : Number(stamp[1]) * 1e6 + Number(stamp[2]) * 1e3;
  }

  return function setJointFields(text, begin, batch, row, from) {
    if (batch.time_source[row] !== TIME_EVENT && !setTime(auditUs(batch.strings.body.get(row)), batch, row))
      setTime(dayAndClockUs(batch, from), batch, row);
    if (!text.startsWith(NEXTCLOUD_BEGIN, begin)) return;
    NEXTCLOUD.lastIndex = begin;
    const level = NEXTCLOUD.exec(text)?.[1];
    if (level !== undefined) batch.severity_number[row] = NEXTCLOUD_SEVERITIES[Number(level)];
  };
}
