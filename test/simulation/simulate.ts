import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { INVARIANTS, type Invariant } from "./invariants.ts";
import { catchMutants, FAULT_KINDS, runSeeds, textOf, WORLD_NAMES, WORLDS } from "./run-seeds.ts";

/*
 * npm run simulate -- --seeds N --from S     seeds S … S + N - 1, then every mutant; --jobs 1 or 2 processes
 * npm run simulate -- --seeds 1 --from S --trace     one seed, told step by step
 */

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: "2" },
    trace: { type: "boolean", default: false },
    share: { type: "boolean", default: false },
  },
});
const seeds = Number(values.seeds);
const from = Number(values.from);
if (!Number.isInteger(seeds) || seeds < 1 || !Number.isInteger(from) || from < 0)
  throw new Error("--seeds takes a number from 1 on, --from one from 0 on.");
const jobs = Number(values.jobs);
if (jobs !== 1 && jobs !== 2) throw new Error("--jobs takes 1 or 2.");

const MUTANT_SEEDS_MAX = 2000;
/** Seeds of one process. It keeps a little of every world: Node holds on to signals that wait for others. */
const SHARE = 1000;

/** What one process made of its seeds. */
interface ShareRun {
  readonly failures: readonly {
    readonly seed: number;
    readonly profile: string;
    readonly broken: [Invariant, number][];
  }[];
  readonly counts: [string, number][];
  readonly records: number;
}

if (values.trace) await traceSeed();
else if (values.share) serveShares();
else await runAll();

async function traceSeed(): Promise<void> {
  let isWhole = true;
  for (const world of WORLD_NAMES) {
    const { broken, profile } = await WORLDS[world](from, new Map(), { trace: (line) => console.log(line) });
    console.log(`Seed ${from} (${profile}): ${broken.size === 0 ? "nothing is broken" : textOf(broken)}.`);
    if (broken.size > 0) isWhole = false;
  }
  process.exit(isWhole ? 0 : 1);
}

function serveShares(): void {
  process.on("message", async ([first, count]: [number, number]) => {
    const { failures, counts, records } = await runSeeds(first, count);
    const told: ShareRun = {
      failures: failures.map(({ seed, profile, broken }) => ({ seed, profile, broken: [...broken] })),
      counts: [...counts],
      records,
    };
    process.send!(told);
  });
}

async function runAll(): Promise<void> {
  const startedMs = performance.now();
  const runs = await inProcesses();
  const seconds = (performance.now() - startedMs) / 1000;
  const counts = new Map<string, number>(FAULT_KINDS.map((kind) => [kind, 0]));
  for (const run of runs) for (const [kind, by] of run.counts) counts.set(kind, (counts.get(kind) ?? 0) + by);
  for (const [kind, by] of counts) console.log(`${kind.padEnd(30)} ${by.toLocaleString("en").padStart(12)}`);
  const failures = runs.flatMap((run) => run.failures).sort((a, b) => a.seed - b.seed);
  for (const { seed, profile, broken } of failures.slice(0, 20))
    console.log(`seed ${seed} (${profile}): ${textOf(new Map(broken))}; again with --seeds 1 --from ${seed} --trace`);
  const records = runs.reduce((sum, run) => sum + run.records, 0);
  console.log(
    `${seeds.toLocaleString("en")} seeds, ${records.toLocaleString("en")} records in ${seconds.toFixed(1)} s: ${(seeds / seconds).toFixed(0)} seeds/s.`,
  );
  const mutants = await catchMutants(from, MUTANT_SEEDS_MAX);
  for (const { name, seed, broken } of mutants)
    console.log(`mutant "${name}": ${seed === null ? "NOT CAUGHT" : `caught by seed ${seed}: ${textOf(broken)}`}`);
  const seedsWith = (...invariants: Invariant[]) =>
    failures.filter(({ broken }) => broken.some(([invariant]) => invariants.includes(invariant))).length;
  const [lost, duplicated, stuck] = (["lost", "duplicated", "stuck"] as const).map((one) => seedsWith(one));
  const others = (Object.keys(INVARIANTS) as Invariant[]).filter(
    (one) => !["lost", "duplicated", "stuck"].includes(one),
  );
  const caught = mutants.filter(({ seed }) => seed !== null).length;
  const other = seedsWith(...others);
  console.log(
    JSON.stringify({ seeds, lost, duplicated, stuck, other, mutants: mutants.length, mutants_caught: caught }),
  );
  process.exit(failures.length === 0 && caught === mutants.length ? 0 : 1);
}

/** Each share in a process of its own. */
async function inProcesses(): Promise<ShareRun[]> {
  const runs: ShareRun[] = [];
  let next = from;
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      while (next < from + seeds) {
        const child = fork(fileURLToPath(import.meta.url), ["--share"]);
        const ended = new Promise<never>((_, reject) =>
          child.once("exit", (code) => reject(new Error(`A process ended with ${code}.`))),
        );
        ended.catch(() => {});
        const count = Math.min(SHARE, Math.ceil(seeds / jobs), from + seeds - next);
        child.send([next, count]);
        next += count;
        const told = new Promise<ShareRun>((resolve) => child.once("message", (run) => resolve(run as ShareRun)));
        runs.push(await Promise.race([told, ended]));
        child.kill();
      }
    }),
  );
  return runs;
}
