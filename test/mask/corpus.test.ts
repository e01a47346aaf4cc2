import { describe, expect, it } from "vitest";
import { cleanLine, createRandom, plantedLine } from "./corpus.ts";
import { makeMask } from "./make-mask.ts";

describe("on generated lines", () => {
  const mask = makeMask();

  it("at least 99 % of what is planted is masked, of every kind", () => {
    const random = createRandom(1);
    const found = new Map<string, { planted: number; masked: number; missed: string[] }>();
    for (let i = 0; i < 12_000; i++) {
      const { kind, line, planted } = plantedLine(random);
      const count = found.get(kind) ?? { planted: 0, masked: 0, missed: [] };
      found.set(kind, count);
      count.planted++;
      if (!mask.text(line).includes(planted)) count.masked++;
      else count.missed.push(line);
    }
    expect(found.size).toBe(6);
    for (const [kind, { planted, masked, missed }] of found) {
      expect(masked / planted, `${kind}, missed: ${missed.slice(0, 3).join("\n")}`).toBeGreaterThanOrEqual(0.99);
    }
  });

  it("at most 0.1 % of the clean lines are touched", () => {
    const random = createRandom(2);
    const touched: string[] = [];
    for (let i = 0; i < 20_000; i++) {
      const line = cleanLine(random);
      if (mask.text(line) !== line) touched.push(`${line} -> ${mask.text(line)}`);
    }
    expect(touched.length, touched.slice(0, 5).join("\n")).toBeLessThanOrEqual(20);
  });

  it("masking what is masked changes nothing", () => {
    const random = createRandom(3);
    for (let i = 0; i < 3000; i++) {
      const once = mask.text(plantedLine(random).line);
      expect(mask.text(once)).toBe(once);
    }
  });
});
