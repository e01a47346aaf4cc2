import { describe, expect, it } from "vitest";
import { catchMutants, FAULT_KINDS, MUTANT_NAMES, runSeeds, textOf, WORLD_NAMES, WORLDS } from "./run-seeds.ts";

/*
 * The whole way from joining the group to the ledger, and from there to the published windows, in simulated worlds: `npm run simulate` runs as many as are asked
 * for, here are some hundred of them. What is broken names the seed; `npm run simulate -- --seeds 1 --from SEED --trace`
 * tells how it came.
 */

describe("processors and closers in simulated worlds", () => {
  it("store every record and publish every window once, whatever dies, comes late, comes twice or is lost, and every fault there is happens", async () => {
    const { failures, counts } = await runSeeds(1, 250);
    expect(failures.map(({ seed, profile, broken }) => `seed ${seed} (${profile}): ${textOf(broken)}`)).toEqual([]);
    expect([...counts.keys()].sort()).toEqual([...FAULT_KINDS].sort());
  });

  it("do the same again for the same seed", async () => {
    for (const world of WORLD_NAMES) {
      const told = async () => {
        const lines: string[] = [];
        await WORLDS[world](7, new Map(), { trace: (line) => lines.push(line) });
        return lines;
      };
      const first = await told();
      expect(first.length).toBeGreaterThan(100);
      expect(await told()).toEqual(first);
    }
  });

  it("are seen to break a promise as soon as one of the protocol's rules is taken out", async () => {
    const caught = await catchMutants(1, 300);
    expect(caught.filter(({ seed }) => seed !== null).map(({ name }) => name)).toEqual(MUTANT_NAMES);
  });
});
