/** A random number in [0, 1), the same for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export const WINDOW_SECONDS = 300;
export const WINDOWS_A_DAY = 288;
/** Monday, 2026-03-02T00:00:00Z. */
export const MONDAY = 1_772_409_600;

/** How busy the time of a window is: 0.4 in the early morning, 1.6 in the afternoon. */
export function seasonAt(k: number): number {
  return 1 + 0.6 * Math.sin((2 * Math.PI * (k - 120)) / WINDOWS_A_DAY);
}

/** A level with a daily season and noise of a few percent. */
export function makeGauge(seed: number, count: number, level = 100): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, k) => level * seasonAt(k) + 0.03 * level * normal(random));
}

/** Counts with a daily season: Poisson, of a mean that itself varies by `variation` (a share) from window to window. */
export function makeCounts(seed: number, count: number, mean: number, variation = 0): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, k) =>
    poisson(random, mean * seasonAt(k) * (variation === 0 ? 1 : gamma(random, 1 / variation ** 2) * variation ** 2)),
  );
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function poisson(random: () => number, mean: number): number {
  if (mean > 200) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let count = 0;
  for (let product = random(), end = Math.exp(-mean); product > end; product *= random()) count++;
  return count;
}

/** Marsaglia and Tsang; below 1 by the gamma of the shape + 1. */
function gamma(random: () => number, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * random() ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const x = normal(random);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** The series as CSV, one after the other, every 5 minutes from Monday on; null leaves a window out. */
export function seriesCsv(series: Readonly<Record<string, readonly (number | null)[]>>): string {
  const lines = ["series,timestamp,value"];
  for (const [name, values] of Object.entries(series))
    for (const [k, value] of values.entries())
      if (value !== null) lines.push(`${name},${MONDAY + k * WINDOW_SECONDS},${value}`);
  return `${lines.join("\n")}\n`;
}
