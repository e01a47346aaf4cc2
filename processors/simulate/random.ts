/**
 * Which stream of random numbers a draw belongs to: two streams of one seed are independent of each other, so adding
 * draws to one leaves the others as they were.
 */
export const STREAM = {
  lines: 1,
  order: 2,
  visit: 3,
  customer: 4,
  product: 5,
  traffic: 6,
  incidentPhase: 7,
  incidentKinds: 8,
  incident: 9,
  novelty: 10,
  wave: 11,
  deploy: 12,
  job: 13,
} as const;

/** 32 well-mixed bits of up to four integers, as uint32. Steps and constants of MurmurHash3 (Austin Appleby). */
export function hash(a: number, b: number, c = 0, d = 0): number {
  let h = mixIn(mixIn(mixIn(mixIn(0x9e3779b9, a), b), c), d) ^ 16;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function mixIn(h: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  h ^= k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Any seed, whatever its size or sign, as uint32. */
export function foldSeed(seed: number): number {
  return hash(seed, Math.floor(seed / 2 ** 32));
}

/**
 * A seeded generator: xoshiro128** (Blackman and Vigna, prng.di.unimi.it), its state filled by SplitMix32.
 * The same seed gives the same numbers; `reseed` starts it anew without making an object.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  constructor(seed: number) {
    this.reseed(seed);
  }

  /** @param more 32 further bits, where so many generators are made that two seeds of 32 bits may be the same */
  reseed(seed: number, more = seed): void {
    this.#a = splitMix(seed + 0x9e3779b9);
    this.#b = splitMix(seed + 0x3c6ef372);
    this.#c = splitMix(more + 0xdaa66d2b);
    this.#d = splitMix(more + 0x78dde6e4) | 1;
  }

  /** A whole number in [0, 2^32). */
  next(): number {
    const b = this.#b;
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const c = this.#c ^ this.#a;
    const d = this.#d ^ b;
    this.#b = b ^ c;
    this.#a ^= d;
    this.#c = c ^ (b << 9);
    this.#d = (d << 11) | (d >>> 21);
    return result >>> 0;
  }

  /** A number in [0, 1). */
  float(): number {
    return this.next() * 2 ** -32;
  }

  /** A whole number in [0, limit), limit <= 2^32. */
  below(limit: number): number {
    return Math.floor(this.next() * 2 ** -32 * limit);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() * 2 ** -32 < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}

function splitMix(seed: number): number {
  let z = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

/** A draw of the standard normal distribution (Box and Muller, 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
}

/** A draw whose logarithm is normal: half of the draws are below the median, two thirds within a factor e^sigma. */
export function logNormal(random: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * normal(random));
}

/**
 * How many of many independent things happen, given how many do on average. Exact up to a mean of 30 (Knuth's
 * product of uniforms), beyond that the rounded normal distribution of the same mean and variance.
 */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.float(); product > limit; product *= random.float()) count++;
  return count;
}

/** A function that draws an index with a probability proportional to its weight, in constant time (Vose's alias method). */
export function createChoice(weights: readonly number[]): (random: Random) => number {
  const count = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const keep = Float64Array.from(weights, (weight) => (weight * count) / total);
  const alias = Uint32Array.from(weights, (_, index) => index);
  const small = [...keep.keys()].filter((index) => keep[index] < 1);
  const large = [...keep.keys()].filter((index) => keep[index] >= 1);
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop()!;
    const rich = large[large.length - 1];
    alias[poor] = rich;
    keep[rich] -= 1 - keep[poor];
    if (keep[rich] < 1) small.push(large.pop()!);
  }
  for (const index of [...small, ...large]) keep[index] = 1;
  return function choose(random) {
    const at = random.float() * count;
    const index = Math.floor(at);
    return at - index < keep[index] ? index : alias[index];
  };
}

/** Weights of a Zipf distribution: the k-th most popular of `count` things has weight 1 / k^exponent. */
export function zipfWeights(count: number, exponent: number): number[] {
  return Array.from({ length: count }, (_, index) => (index + 1) ** -exponent);
}
