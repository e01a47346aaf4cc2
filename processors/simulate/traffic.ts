import { hash, STREAM } from "./random.ts";

/** How busy the shop is, as a factor of its mean. */
export interface Traffic {
  /** Of people: by local hour and weekday, with slow swings that all services share. Its mean over weeks is 1. */
  level(epochSecond: number): number;
  /** Of one service: swings of minutes that are its own. Its mean is 1. */
  wobble(stream: number, epochSecond: number): number;
}

const WORKDAY_HOURS = [
  44, 36, 32, 30, 31, 36, 48, 66, 82, 94, 102, 110, 120, 118, 108, 106, 110, 120, 134, 150, 156, 144, 108, 68,
];
const WEEKEND_HOURS = [
  60, 46, 37, 32, 30, 31, 36, 46, 64, 88, 110, 124, 128, 124, 122, 124, 128, 132, 138, 144, 142, 128, 102, 76,
];
/** Sunday first. */
const DAY_FACTORS = [1.12, 1.04, 0.98, 0.96, 0.97, 0.93, 1.0];

const HOUR = 3600;
const SHARED_SWING_SECONDS = 2 * HOUR;
const SHARED_SWING = 0.07;
const OWN_SWING_SECONDS = 420;
const OWN_SWING = 0.04;

/** @param zoneOffsetMinutes local time minus UTC */
export function createTraffic(seed: number, zoneOffsetMinutes: number): Traffic {
  const week = Float64Array.from({ length: 7 * 24 }, (_, index) => {
    const day = Math.floor(index / 24);
    const hours = day === 0 || day === 6 ? WEEKEND_HOURS : WORKDAY_HOURS;
    return hours[index % 24] * DAY_FACTORS[day];
  });
  const mean = week.reduce((sum, level) => sum + level, 0) / week.length;
  for (const index of week.keys()) week[index] /= mean;

  /** A smooth curve in (-1, 1) with a new random value every period. */
  function swing(stream: number, epochSecond: number, periodSeconds: number): number {
    const at = epochSecond / periodSeconds;
    const step = Math.floor(at);
    const x = at - step;
    const before = hash(seed, STREAM.traffic, stream, step) * 2 ** -31 - 1;
    const after = hash(seed, STREAM.traffic, stream, step + 1) * 2 ** -31 - 1;
    return before + (after - before) * x * x * (3 - 2 * x);
  }

  return {
    level(epochSecond) {
      // 1970-01-01 was a Thursday.
      const hours = (epochSecond + zoneOffsetMinutes * 60) / HOUR + 4 * 24;
      const hour = Math.floor(hours);
      const from = week[hour % week.length];
      const to = week[(hour + 1) % week.length];
      return (from + (to - from) * (hours - hour)) * (1 + SHARED_SWING * swing(0, epochSecond, SHARED_SWING_SECONDS));
    },
    wobble(stream, epochSecond) {
      return 1 + OWN_SWING * swing(stream, epochSecond, OWN_SWING_SECONDS);
    },
  };
}
