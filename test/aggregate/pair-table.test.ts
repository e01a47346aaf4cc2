import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PairTable } from "../../processors/aggregate/pair-table.ts";

describe("PairTable", () => {
  it("numbers pairs as a map does, in the order of first sight", () => {
    const half = fc.oneof(
      fc.nat(3),
      fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff),
      fc.integer({ min: 0, max: 0xffffffff }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(half, half), { maxLength: 300 }), (pairs) => {
        const table = new PairTable();
        const numbers = new Map<string, number>();
        for (const [first, second] of pairs) {
          const id = `${first} ${second}`;
          if (!numbers.has(id)) numbers.set(id, numbers.size);
          expect(table.number(first, second)).toBe(numbers.get(id));
        }
        expect(table.size).toBe(numbers.size);
        for (const [id, number] of numbers) expect(`${table.first(number)} ${table.second(number)}`).toBe(id);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("keeps its numbers while it grows, and forgets them when it is cleared", () => {
    const table = new PairTable();
    for (let i = 0; i < 50_000; i++) table.number(i % 250, Math.floor(i / 250));
    for (let i = 0; i < 50_000; i++)
      if (table.number(i % 250, Math.floor(i / 250)) !== i) throw new Error(`Pair ${i} has another number.`);
    expect(table.size).toBe(50_000);
    table.clear();
    expect([table.number(7, 7), table.number(0, 0), table.size]).toEqual([0, 1, 2]);
  });
});
