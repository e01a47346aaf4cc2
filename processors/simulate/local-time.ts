/** Local time minus UTC, seconds, at a second since the epoch. */
export type OffsetAt = (epochSecond: number) => number;

const QUARTER_SECONDS = 900;

/** @param timezone IANA name; throws RangeError for one that is unknown */
export function createOffsetAt(timezone: string): OffsetAt {
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    era: "short",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  if (clock.resolvedOptions().timeZone === "UTC") return () => 0;
  let latestQuarter = Number.NaN;
  let latest = 0;

  /** Zones change on quarters of an hour, so one answer serves the whole quarter. */
  return function offsetAt(epochSecond) {
    const quarter = Math.floor(epochSecond / QUARTER_SECONDS);
    if (quarter === latestQuarter) return latest;
    const begin = quarter * QUARTER_SECONDS;
    const parts = new Map(clock.formatToParts(begin * 1000).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type)!;
    const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
    latestQuarter = quarter;
    latest = local / 1000 - begin;
    return latest;
  };
}

const WEEK_SECONDS = 7 * 86_400;
/** 1970-01-01 was a Thursday. */
const THURSDAY_SECONDS = 4 * 86_400;

/** Seconds since the week began, on Sunday at 0:00, in local time. */
export function secondOfWeek(epochSecond: number, offsetSeconds: number): number {
  const at = (epochSecond + offsetSeconds + THURSDAY_SECONDS) % WEEK_SECONDS;
  return at < 0 ? at + WEEK_SECONDS : at;
}
