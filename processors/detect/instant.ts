const NUMBER = /^-?\d+(?:\.\d+)?$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/;
const MILLISECONDS_MIN = 1e11;
const MICROSECONDS_MIN = 1e14;
const NANOSECONDS_MIN = 1e17;

/**
 * Whole seconds since the Unix epoch of a time as tables have it: a number (seconds, or by its size milli-, micro- or
 * nanoseconds), or a date with or without time and zone, UTC where none is written. NaN: not a time.
 */
export function secondsOf(text: string): number {
  if (NUMBER.test(text)) return Math.floor(toSeconds(Number(text)));
  const match = DATE.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour = "0", minute = "0", second = "0", zone = "Z"] = match;
  const ms = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second);
  const isReal = new Date(ms).getUTCDate() === +day || +hour >= 24;
  if (!isReal || +month > 12 || +hour > 23 || +minute > 59 || +second > 60) return Number.NaN;
  return ms / 1000 - zoneSeconds(zone);
}

function toSeconds(value: number): number {
  const size = Math.abs(value);
  if (size >= NANOSECONDS_MIN) return value / 1e9;
  if (size >= MICROSECONDS_MIN) return value / 1e6;
  return size >= MILLISECONDS_MIN ? value / 1e3 : value;
}

function zoneSeconds(zone: string): number {
  if (zone === "Z" || zone === "UTC") return 0;
  const digits = zone.slice(1).replace(":", "");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2) || "0") * 60;
  return zone[0] === "-" ? -seconds : seconds;
}
