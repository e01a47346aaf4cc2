import { CLOSING_MUTANTS } from "./closing-mutants.ts";
import { simulateClosing } from "./closing-world.ts";
import type { Broken } from "./invariants.ts";
import { MUTANTS } from "./mutants.ts";
import type { FaultCounts } from "./network.ts";
import { type Outcome, simulate } from "./world.ts";

/** What a seed fixes: a world of processors, and one of closers. */
export const WORLDS = { processors: simulate, closers: simulateClosing } as const;
export type WorldName = keyof typeof WORLDS;
export const WORLD_NAMES = Object.keys(WORLDS) as WorldName[];

/** Every kind of fault there is; a run of some hundred seeds has each. */
export const FAULT_KINDS = [
  "broker: delayed",
  "broker: down",
  "broker: reply lost",
  "batch replayed",
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
  "partition rewound",
  "partition stalled",
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

export async function runSeeds(
  from: number,
  seeds: number,
  worlds: readonly WorldName[] = WORLD_NAMES,
): Promise<SeedsRun> {
  const counts: FaultCounts = new Map();
  const failures: Outcome[] = [];
  let records = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    for (const world of worlds) {
      const outcome = await WORLDS[world](seed, counts);
      records += outcome.records;
      if (outcome.broken.size > 0) failures.push(outcome);
    }
  }
  return { failures, counts, records };
}

export interface Caught {
  readonly name: string;
  /** null: no seed showed it. */
  readonly seed: number | null;
  readonly broken: Broken;
}

/** Every program with a rule taken out, and the world that it is seen in. */
const MUTANT_RUNS = [
  ...MUTANTS.map((mutant) => ({ name: mutant.name, run: (seed: number) => simulate(seed, new Map(), { mutant }) })),
  ...CLOSING_MUTANTS.map((mutant) => ({
    name: mutant.name,
    run: (seed: number) => simulateClosing(seed, new Map(), { mutant }),
  })),
];
export const MUTANT_NAMES = MUTANT_RUNS.map(({ name }) => name);

/** Runs each mutant until a seed shows that it is one. */
export async function catchMutants(from: number, seedsMax: number): Promise<Caught[]> {
  const caught: Caught[] = [];
  for (const { name, run } of MUTANT_RUNS) {
    let found: Caught = { name, seed: null, broken: new Map() };
    for (let seed = from; seed < from + seedsMax && found.seed === null; seed++) {
      const { broken } = await run(seed);
      if (broken.size > 0) found = { name, seed, broken };
    }
    caught.push(found);
  }
  return caught;
}

export function textOf(broken: Broken): string {
  return [...broken].map(([invariant, by]) => `${invariant} ${by}`).join(", ");
}
