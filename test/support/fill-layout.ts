import { type EventBatch, STRING_COLUMNS } from "../../processors/model/event-batch.ts";
import { isoOf } from "./make-records.ts";

/** The line of a row as its columns give it back: the kept line, or the layout with its slots filled. */
export function lineOf(batch: EventBatch, row: number): string {
  const layout = batch.strings.line_layout.get(row);
  if (layout === "") return batch.line_kept.get(row);
  const parts = layout.split("\x01");
  const attributes = attributesOf(batch, row);
  return parts.map((part, i) => (i % 2 === 0 ? part : slotText(part, batch, row, attributes))).join("");
}

function attributesOf(batch: EventBatch, row: number): Map<string, string> {
  const attributes = new Map<string, string>();
  for (let i = row === 0 ? 0 : batch.attributeEnds[row - 1]; i < batch.attributeEnds[row]; i++)
    attributes.set(batch.attributes.key(i), batch.attributes.values.get(i));
  return attributes;
}

function slotText(slot: string, batch: EventBatch, row: number, attributes: ReadonlyMap<string, string>): string {
  if (slot.startsWith("a.")) return attributes.get(slot.slice(2)) ?? missing(slot);
  if (slot.startsWith("t.")) return timeText(slot.slice(2), batch.timestampUs[row]);
  const us = batch.duration_us[row];
  const duration = /^d\.(ns|us|ms|s)(?:\.([1-6]))?$/.exec(slot);
  if (duration !== null) {
    const unitUs = { ns: 0.001, us: 1, ms: 1000, s: 1e6 }[duration[1] as "ns" | "us" | "ms" | "s"];
    return (us / unitUs).toFixed(Number(duration[2] ?? 0));
  }
  switch (slot) {
    case "u.+":
    case "u.%20":
      return batch.strings.user_agent_original.get(row).replaceAll(" ", slot.slice(2));
    case "l.10":
      return String(Math.floor((batch.severity_number[row] - 1) / 4) * 10 + 10);
    case "trace_id":
    case "span_id":
      return batch[slot].get(row);
    case "severity_number":
    case "http_response_status_code":
    case "http_response_body_size":
      return String(batch[slot][row]);
  }
  const column = STRING_COLUMNS.find((name) => name === slot);
  return column === undefined ? missing(slot) : batch.strings[column].get(row);
}

function missing(slot: string): string {
  return `<no ${slot}>`;
}

function timeText(notation: string, us: number): string {
  if (notation === "s") return String(Math.floor(us / 1e6));
  if (notation === "ms") return String(Math.floor(us / 1000));
  if (notation === "us") return String(us);
  if (notation.startsWith("p")) return patternText(notation.slice(6), us + zoneSeconds(notation.slice(1, 6)) * 1e6, us);
  const isIso = notation.startsWith("iso");
  const zone = notation.slice(isIso ? 5 : 3);
  const local = isoOf(us + zoneSeconds(zone) * 1e6);
  if (!isIso) {
    const [year, month, day] = local.slice(0, 10).split("-");
    const name = "JanFebMarAprMayJunJulAugSepOctNovDec".slice(Number(month) * 3 - 3, Number(month) * 3);
    return `${day}/${name}/${year}:${local.slice(11, 19)} ${zone}`;
  }
  const digits = Number(notation[4]);
  const fraction = digits === 0 ? "" : local.slice(19, 20 + digits);
  return local.slice(0, 10) + notation[3] + local.slice(11, 19) + fraction + zone;
}

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

function patternText(pattern: string, localUs: number, us: number): string {
  const iso = isoOf(localUs);
  const day = new Date(localUs / 1000).getUTCDay();
  const month = Number(iso.slice(5, 7)) * 3;
  const texts: Record<string, string> = {
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    D: iso.slice(8, 10),
    e: iso.slice(8, 10).replace(/^0/, " "),
    b: MONTHS.slice(month - 3, month),
    a: "SunMonTueWedThuFriSat".slice(day * 3, day * 3 + 3),
    H: iso.slice(11, 13),
    M: iso.slice(14, 16),
    S: iso.slice(17, 19),
    s: String(Math.floor(us / 1e6)),
  };
  return pattern.replace(/%(.)/g, (_, letter: string) => texts[letter] ?? iso.slice(20, 20 + Number(letter)));
}

function zoneSeconds(zone: string): number {
  if (zone === "" || zone === "Z") return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60;
  return zone.startsWith("-") ? -seconds : seconds;
}
