import type { Broken } from "./invariants.ts";
import { MUTANTS } from "./mutants.ts";
import type { FaultCounts } from "./network.ts";
import { type Outcome, simulate } from "./world.ts";

/** Every kind of fault there is; a run of some hundred seeds has each. */
export const FAULT_KINDS = [
  "broker: delayed",
  "broker: down",
  "broker: reply lost",
  "broker: request lost",
  "clock jump",
  "crash at the answer",
  "crash before sending",
  "crash while waiting",
  "end by a signal",
  "kill",
  "last parts lost",
  "log end stale",
  "log truncated",
  "pause",
  "rebalance",
  "store restored from a backup",
  "store: delayed",
  "store: doubled",
  "store: down",
  "store: reply lost",
  "store: request lost",
  "token burnt",
  "tokens forgotten",
] as const;

export interface SeedsRun {
  /** Outcomes with something broken. */
  readonly failures: readonly Outcome[];
  readonly counts: FaultCounts;
  readonly records: number;
}

export async function runSeeds(from: number, seeds: number): Promise<SeedsRun> {
  const counts: FaultCounts = new Map();
  const failures: Outcome[] = [];
  let records = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const outcome = await simulate(seed, counts);
    records += outcome.records;
    if (outcome.broken.size > 0) failures.push(outcome);
  }
  return { failures, counts, records };
}

export interface Caught {
  readonly name: string;
  /** null: no seed showed it. */
  readonly seed: number | null;
  readonly broken: Broken;
}

/** Runs each mutant until a seed shows that it is one. */
export async function catchMutants(from: number, seedsMax: number): Promise<Caught[]> {
  const caught: Caught[] = [];
  for (const mutant of MUTANTS) {
    let found: Caught = { name: mutant.name, seed: null, broken: new Map() };
    for (let seed = from; seed < from + seedsMax && found.seed === null; seed++) {
      const { broken } = await simulate(seed, new Map(), { mutant });
      if (broken.size > 0) found = { name: mutant.name, seed, broken };
    }
    caught.push(found);
  }
  return caught;
}

export function textOf(broken: Broken): string {
  return [...broken].map(([invariant, by]) => `${invariant} ${by}`).join(", ");
}
