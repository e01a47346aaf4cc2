import { describe, expect, it } from "vitest";
import { cleanLine, createRandom, plantedLine } from "./corpus.ts";
import { cleanIdentityLine, plantedIdentity } from "./corpus-identities.ts";
import { makeMask } from "./make-mask.ts";

describe("on generated lines", () => {
  const mask = makeMask();

  it.each([
    ["addresses, cards, accounts and credentials", plantedLine, 6],
    ["phones, national ids, keys of clouds and private keys", plantedIdentity, 4],
  ] as const)("at least 99 % of what is planted is masked, of every kind: %s", (_, makeLine, kinds) => {
    const random = createRandom(1);
    const found = new Map<string, { planted: number; masked: number; missed: string[] }>();
    for (let i = 0; i < 12_000; i++) {
      const { kind, line, planted } = makeLine(random);
      const count = found.get(kind) ?? { planted: 0, masked: 0, missed: [] };
      found.set(kind, count);
      count.planted++;
      if (!mask.text(line).includes(planted)) count.masked++;
      else count.missed.push(line);
    }
    expect(found.size).toBe(kinds);
    for (const [kind, { planted, masked, missed }] of found) {
      expect(masked / planted, `${kind}, missed: ${missed.slice(0, 3).join("\n")}`).toBeGreaterThanOrEqual(0.99);
    }
  });

  it.each([
    ["ids, hashes and times", cleanLine],
    ["numbers in the shapes of phones and ids", cleanIdentityLine],
  ] as const)("at most 0.1 % of the clean lines are touched: %s", (_, makeLine) => {
    const random = createRandom(2);
    const touched: string[] = [];
    for (let i = 0; i < 20_000; i++) {
      const line = makeLine(random);
      if (mask.text(line) !== line) touched.push(`${line} -> ${mask.text(line)}`);
    }
    expect(touched.length, touched.slice(0, 5).join("\n")).toBeLessThanOrEqual(20);
  });

  it("masking what is masked changes nothing", () => {
    const random = createRandom(3);
    for (let i = 0; i < 3000; i++) {
      for (const { line } of [plantedLine(random), plantedIdentity(random)]) {
        const once = mask.text(line);
        expect(mask.text(once)).toBe(once);
      }
    }
  });
});
