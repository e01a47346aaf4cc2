/** One second, as the log formats write it. */
export interface SecondText {
  /** `02/Mar/2026:09:30:00 +0100`, in local time. */
  readonly common: string;
  /** `2026-03-02T08:30:00`, UTC, without fraction and zone. */
  readonly iso: string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** @param offsetSeconds local time minus UTC; parts of a minute are left out of the zone that is written */
export function secondText(epochSecond: number, offsetSeconds: number): SecondText {
  const local = new Date((epochSecond + offsetSeconds) * 1000).toISOString();
  const month = MONTHS[Number(local.slice(5, 7)) - 1];
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60);
  const zone = (offsetSeconds < 0 ? "-" : "+") + twoDigits(Math.floor(minutes / 60)) + twoDigits(minutes % 60);
  return {
    common: `${local.slice(8, 10)}/${month}/${local.slice(0, 4)}:${local.slice(11, 19)} ${zone}`,
    iso: new Date(epochSecond * 1000).toISOString().slice(0, 19),
  };
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
