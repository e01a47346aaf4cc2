import { describe, expect, it } from "vitest";
import { MUTANTS } from "./mutants.ts";
import { catchMutants, FAULT_KINDS, runSeeds, textOf } from "./run-seeds.ts";
import { simulate } from "./world.ts";

/*
 * The whole way from joining the group to the ledger, in simulated worlds: `npm run simulate` runs as many as are asked
 * for, here are some hundred of them. What is broken names the seed; `npm run simulate -- --seeds 1 --from SEED --trace`
 * tells how it came.
 */

describe("processors in a simulated world", () => {
  it("store every record once, whatever dies, comes late, comes twice or is lost, and every fault there is happens", async () => {
    const { failures, counts } = await runSeeds(1, 400);
    expect(failures.map(({ seed, profile, broken }) => `seed ${seed} (${profile}): ${textOf(broken)}`)).toEqual([]);
    expect([...counts.keys()].sort()).toEqual([...FAULT_KINDS].sort());
  });

  it("do the same again for the same seed", async () => {
    const told = async () => {
      const lines: string[] = [];
      await simulate(7, new Map(), { trace: (line) => lines.push(line) });
      return lines;
    };
    const first = await told();
    expect(first.length).toBeGreaterThan(100);
    expect(await told()).toEqual(first);
  });

  it("are seen to break a promise as soon as one of the protocol's rules is taken out", async () => {
    const caught = await catchMutants(1, 300);
    expect(caught.filter(({ seed }) => seed !== null).map(({ name }) => name)).toEqual(MUTANTS.map(({ name }) => name));
  });
});
