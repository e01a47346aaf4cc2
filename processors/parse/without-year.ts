import { DAY_US, daysSinceEpoch } from "./timestamp.ts";

/** From one leap day to the next it may be eight years. */
const YEARS_BACK = 8;
const YEAR_US = 365.2425 * DAY_US;

/**
 * The instant of a day without a year and microseconds of its clock: in the year that puts it nearest to the append time, at
 * most a day after it. `instantOf` makes an instant of a wall-clock time. NaN if no year has such a day.
 */
export function withoutYear(
  month: number,
  day: number,
  clockUs: number,
  appendTimeUs: number,
  instantOf: (localUs: number) => number,
): number {
  const latest = 1971 + Math.floor((appendTimeUs + 2 * DAY_US) / YEAR_US);
  for (let candidate = latest; candidate >= latest - YEARS_BACK - 2; candidate--) {
    const us = instantOf(daysSinceEpoch(candidate, month, day) * DAY_US + clockUs);
    if (us <= appendTimeUs + DAY_US) return us;
  }
  return Number.NaN;
}
