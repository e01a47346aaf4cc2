/* What made lines are put together of, out of a seed. */

/** A small random generator with an even spread (mulberry32, Tommy Ettinger, public domain). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export type Random = () => number;

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)];
}

export const integer = (random: Random, below: number) => Math.floor(random() * below);
export const two = (n: number) => String(n).padStart(2, "0");

/** Few days, because a store keeps days apart. */
export const ISO_DAYS = ["2024-02-29", "2024-03-01"];
export const EPOCH = Date.UTC(2024, 1, 29) / 1000;
export const ISO_ZONES = ["Z", "", "+05:30", "-0800", "+00:00", "-00:30"];

export const clock = (random: Random) =>
  [integer(random, 24), integer(random, 60), integer(random, 60)].map(two).join(":");

export function isoTime(random: Random, fractions: readonly number[]): string {
  const digits = pick(random, fractions);
  const fraction = digits === 0 ? "" : "." + String(integer(random, 10 ** digits)).padStart(digits, "0");
  const clock = [integer(random, 24), integer(random, 60), integer(random, 60)].map(two).join(":");
  return pick(random, ISO_DAYS) + pick(random, ["T", " "]) + clock + fraction + pick(random, ISO_ZONES);
}
