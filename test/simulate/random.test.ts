import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createChoice,
  foldSeed,
  hash,
  logNormal,
  normal,
  poisson,
  Random,
  zipfWeights,
} from "../../processors/simulate/random.ts";

function draws(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

describe("Random", () => {
  it("gives the same numbers for the same seed, and starts anew when it is seeded again", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const first = new Random(seed);
        const second = new Random(seed + 1);
        const numbers = draws(8, () => first.next());
        second.reseed(seed);
        expect(draws(8, () => second.next())).toEqual(numbers);
      }),
    );
  });

  it("gives other numbers for the neighbouring seed, and for other further bits", () => {
    const starts = new Set<string>();
    for (let seed = 0; seed < 1000; seed++) {
      const random = new Random(seed);
      starts.add(draws(2, () => random.next()).join());
      random.reseed(seed, 77_777);
      starts.add(draws(2, () => random.next()).join());
    }
    expect(starts.size).toBe(2000);
  });

  it("fills [0, 1) and [0, limit) evenly", () => {
    const random = new Random(5);
    const floats = draws(20_000, () => random.float());
    expect(Math.min(...floats)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...floats)).toBeLessThan(1);
    expect(mean(floats)).toBeCloseTo(0.5, 1);
    expect(variance(floats)).toBeCloseTo(1 / 12, 2);
    const counts = new Array(7).fill(0);
    for (let i = 0; i < 14_000; i++) counts[random.below(7)]++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it("changes about half of the hashed bits when one bit of any argument changes", () => {
    for (const argument of [0, 1, 2, 3]) {
      let changed = 0;
      for (let i = 0; i < 1000; i++) {
        const before: [number, number, number, number] = [i, 3 * i, 5, 7];
        const after: [number, number, number, number] = [...before];
        after[argument] ^= 1 << (i % 32);
        let difference = hash(...before) ^ hash(...after);
        for (; difference !== 0; difference &= difference - 1) changed++;
      }
      expect(Math.abs(changed / 1000 - 16)).toBeLessThan(0.6);
    }
  });

  it("tells seeds apart that differ only above 32 bits", () => {
    expect(foldSeed(5)).not.toBe(foldSeed(5 + 2 ** 32));
    expect(foldSeed(-5)).not.toBe(foldSeed(5));
  });
});

describe("distributions", () => {
  it.each([0.3, 4, 29, 31, 400])("poisson has mean and variance %d", (expected) => {
    const random = new Random(11);
    const counts = draws(20_000, () => poisson(random, expected));
    expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
    expect(Math.abs(mean(counts) / expected - 1)).toBeLessThan(0.03);
    expect(Math.abs(variance(counts) / expected - 1)).toBeLessThan(0.06);
  });

  it("poisson with a small mean is 0 as often as e^-mean", () => {
    const random = new Random(15);
    const zeros = draws(20_000, () => poisson(random, 4)).filter((count) => count === 0).length;
    expect(Math.abs(zeros / 20_000 - Math.exp(-4))).toBeLessThan(0.004);
  });

  it("poisson of nothing is 0", () => {
    expect(poisson(new Random(1), 0)).toBe(0);
  });

  it("normal has mean 0 and variance 1", () => {
    const random = new Random(12);
    const values = draws(20_000, () => normal(random));
    expect(Math.abs(mean(values))).toBeLessThan(0.03);
    expect(Math.abs(variance(values) - 1)).toBeLessThan(0.04);
  });

  it("half of the log-normal draws are below the median, and two thirds within a factor e^sigma", () => {
    const random = new Random(13);
    const values = draws(20_000, () => logNormal(random, 40, 0.5));
    expect(values.filter((value) => value < 40).length / 20_000).toBeCloseTo(0.5, 1);
    const near = values.filter((value) => Math.abs(Math.log(value / 40)) < 0.5).length;
    expect(Math.abs(near / 20_000 - 0.683)).toBeLessThan(0.02);
  });

  it("a choice takes each index as often as its weight says, and never one of weight 0", () => {
    const weights = [5, 0, 1, 10, 4];
    const choose = createChoice(weights);
    const random = new Random(14);
    const counts = new Array(weights.length).fill(0);
    for (let i = 0; i < 20_000; i++) counts[choose(random)]++;
    for (const [index, weight] of weights.entries()) {
      expect(Math.abs(counts[index] / 20_000 - weight / 20)).toBeLessThan(0.015);
    }
    expect(counts[1]).toBe(0);
  });

  it("the second in a Zipf distribution with exponent 1 has half the weight of the first", () => {
    expect(zipfWeights(3, 1)).toEqual([1, 1 / 2, 1 / 3]);
  });
});
