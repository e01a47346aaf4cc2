import { type OffsetAt, secondOfWeek } from "./local-time.ts";
import { hash, STREAM } from "./random.ts";

/** How busy the shop is, as a factor of its mean, by local hour and weekday. */
export interface Traffic {
  /** People who look around: most in the evening, on workdays also at lunch. With slow swings; its mean over weeks is 1. */
  browsing(epochSecond: number): number;
  /** People who order and pay: as in offices there is a lunch dip. The same swings; its mean over weeks is 1. */
  buying(epochSecond: number): number;
  /** Those who run the shop: in office hours. Its mean over weeks is 1. */
  office(epochSecond: number): number;
  /** Of one service: swings of minutes that are its own. Its mean is 1. */
  wobble(stream: number, epochSecond: number): number;
}

interface Week {
  /** By hour of the day. */
  readonly workday: readonly number[];
  readonly weekend: readonly number[];
  /** Sunday first. */
  readonly days: readonly number[];
}

const BROWSING: Week = {
  workday: [
    44, 36, 32, 30, 31, 36, 48, 66, 82, 94, 102, 110, 124, 120, 108, 106, 110, 120, 134, 150, 156, 144, 108, 68,
  ],
  weekend: [
    60, 46, 37, 32, 30, 31, 36, 46, 64, 88, 110, 124, 128, 124, 122, 124, 128, 132, 138, 144, 142, 128, 102, 76,
  ],
  days: [1.12, 1.04, 0.98, 0.96, 0.97, 0.93, 1.0],
};
const BUYING: Week = {
  workday: [30, 22, 17, 15, 15, 20, 36, 62, 88, 108, 118, 116, 82, 90, 116, 120, 118, 122, 136, 158, 160, 138, 96, 54],
  weekend: [44, 32, 24, 20, 18, 20, 28, 42, 66, 96, 120, 134, 136, 132, 130, 132, 136, 140, 148, 152, 146, 124, 92, 64],
  days: [1.06, 1.06, 1.0, 0.98, 0.99, 0.97, 0.94],
};
const OFFICE: Week = {
  workday: [1, 1, 1, 1, 1, 1, 3, 20, 70, 110, 120, 110, 45, 80, 115, 110, 100, 60, 20, 6, 3, 2, 1, 1],
  weekend: [1, 1, 1, 1, 1, 1, 1, 1, 3, 5, 6, 5, 3, 3, 4, 4, 3, 2, 2, 1, 1, 1, 1, 1],
  days: [1, 1.1, 1.05, 1, 1, 0.85, 1],
};

const HOUR = 3600;
const SHARED_SWING_SECONDS = 2 * HOUR;
const SHARED_SWING = 0.07;
const OWN_SWING_SECONDS = 420;
const OWN_SWING = 0.04;

export function createTraffic(seed: number, offsetAt: OffsetAt): Traffic {
  const browsing = weekOf(BROWSING);
  const buying = weekOf(BUYING);
  const office = weekOf(OFFICE);

  /** Between the values of the full hours before and after. */
  function at(week: Float64Array, epochSecond: number): number {
    const hours = secondOfWeek(epochSecond, offsetAt(epochSecond)) / HOUR;
    const hour = Math.floor(hours);
    const from = week[hour];
    return from + (week[(hour + 1) % week.length] - from) * (hours - hour);
  }

  /** A smooth curve in (-1, 1) with a new random value every period. */
  function swing(stream: number, epochSecond: number, periodSeconds: number): number {
    const position = epochSecond / periodSeconds;
    const step = Math.floor(position);
    const x = position - step;
    const before = hash(seed, STREAM.traffic, stream, step) * 2 ** -31 - 1;
    const after = hash(seed, STREAM.traffic, stream, step + 1) * 2 ** -31 - 1;
    return before + (after - before) * x * x * (3 - 2 * x);
  }

  const shared = (epochSecond: number) => 1 + SHARED_SWING * swing(0, epochSecond, SHARED_SWING_SECONDS);
  return {
    browsing: (epochSecond) => at(browsing, epochSecond) * shared(epochSecond),
    buying: (epochSecond) => at(buying, epochSecond) * shared(epochSecond),
    office: (epochSecond) => at(office, epochSecond),
    wobble: (stream, epochSecond) => 1 + OWN_SWING * swing(stream, epochSecond, OWN_SWING_SECONDS),
  };
}

/** The 168 hours of a week, Sunday first, with mean 1. */
function weekOf({ workday, weekend, days }: Week): Float64Array {
  const week = Float64Array.from({ length: 7 * 24 }, (_, index) => {
    const day = Math.floor(index / 24);
    return (day === 0 || day === 6 ? weekend : workday)[index % 24] * days[day];
  });
  const mean = week.reduce((sum, level) => sum + level, 0) / week.length;
  return week.map((level) => level / mean);
}
