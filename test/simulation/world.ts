import { GroupModel } from "./group-model.ts";
import { type Broken, check, coveredTo, type Invariant, ledgerOf } from "./invariants.ts";
import { PartitionLog } from "./log-model.ts";
import type { Mutant } from "./mutants.ts";
import { type FaultCounts, type Faults, Network } from "./network.ts";
import { type Processor, REBALANCE_MS, SESSION_MS, startProcessor } from "./processor.ts";
import { Scheduler, seededRandom } from "./scheduler.ts";
import { StoreModel } from "./store-model.ts";

export type Profile = "plain" | "versions" | "loss" | "burning" | "truncation";

export interface Outcome {
  readonly seed: number;
  readonly profile: string;
  readonly broken: Broken;
  readonly records: number;
}

const TOPIC = "t";
/** As the tables have it, measured by what one seed inserts. */
const WINDOW_LENGTH = 20_000;
const FAULTS_MS = 25_000;
const RECOVERY_MS = 200_000;
const NO_FAULTS: Faults = { requestLost: 0, replyLost: 0, delayed: 0, doubled: 0, crash: 0, pause: 0 };

/** One seed's world: processors of a group, a topic, a store, and what goes wrong among them, to the end. */
export async function simulate(
  seed: number,
  counts: FaultCounts,
  {
    mutant = null,
    trace = null,
  }: { readonly mutant?: Mutant | null; readonly trace?: ((line: string) => void) | null } = {},
): Promise<Outcome> {
  const world = new World(seed, counts, mutant, trace);
  return world.run();
}

class World {
  readonly #seed: number;
  readonly #profile: Profile;
  readonly #scheduler = new Scheduler();
  readonly #network: Network;
  readonly #store: StoreModel;
  readonly #group: GroupModel;
  readonly #logs: readonly PartitionLog[];
  readonly #mutant: Mutant | null;
  readonly #processors: (Processor | null)[] = [];
  readonly #broken: Broken = new Map();
  readonly #stopped = new Set<number>();
  /** While the store is being brought back. */
  #restoringUntilMs = 0;
  #hasLost = false;
  #names = 0;
  #isOver = false;

  constructor(seed: number, counts: FaultCounts, mutant: Mutant | null, trace: ((line: string) => void) | null) {
    const random = seededRandom(seed);
    this.#seed = seed;
    this.#mutant = mutant;
    const roll = random();
    const drawn: Profile =
      roll < 0.3 ? "plain" : roll < 0.55 ? "versions" : roll < 0.75 ? "loss" : roll < 0.95 ? "burning" : "truncation";
    this.#profile = mutant?.profile ?? drawn;
    const rate = (max: number) => (random() < 0.3 ? 0 : random() * max);
    const faults: Faults = {
      requestLost: rate(0.03),
      replyLost: rate(0.03),
      delayed: rate(0.06),
      doubled: rate(0.06),
      crash: rate(0.02),
      pause: rate(0.01),
      ...mutant?.faults,
    };
    const told = trace && ((line: string) => trace(`${this.#scheduler.nowMs.toFixed(1).padStart(9)} ${line}`));
    this.#network = new Network(this.#scheduler, random, faults, counts, told);
    this.#store = new StoreModel(this.#network, mutant?.windowLength ?? WINDOW_LENGTH);
    if (this.#profile === "burning") this.#store.burning = random() * 0.08;
    const partitions = 1 + Math.floor(random() * 2);
    this.#group = new GroupModel(this.#network, TOPIC, partitions, SESSION_MS, REBALANCE_MS);
    this.#logs = Array.from({ length: partitions }, (_, partition) => new PartitionLog(partition));
    for (const log of this.#logs) for (let i = 0; i < 4; i++) this.#append(log);
    this.#store.onStored = ({ table, pieces }) => {
      if (table === "ledger") this.#read(this.#logs[pieces[0].partition]);
    };
    const slots = 1 + Math.floor(random() * 3);
    for (let slot = 0; slot < slots; slot++) this.#start(slot);
  }

  #append(log: PartitionLog): void {
    const { random } = this.#network;
    log.append(1 + Math.floor(random() * 6), random() < 0.15 ? 1 + Math.floor(random() * 3) : 0);
  }

  /** What somebody who reads now would find. */
  #read(log: PartitionLog): void {
    for (const [invariant, by] of check(this.#store, TOPIC, log, { isFinal: false }))
      if (invariant !== "tiles") this.#add(invariant === "lost" ? "readers" : invariant, by);
  }

  #add(invariant: Invariant, by: number): void {
    if (!this.#broken.has(invariant)) this.#network.trace?.(`BROKEN: ${invariant} ${by}`);
    this.#broken.set(invariant, (this.#broken.get(invariant) ?? 0) + by);
  }

  #start(slot: number): void {
    const { random } = this.#network;
    const hasTwoVersions = this.#profile === "versions";
    this.#processors[slot] = startProcessor({
      name: `p${++this.#names}`,
      version: hasTwoVersions && random() < 0.5 ? "b" : "a",
      network: this.#network,
      store: this.#store,
      group: this.#group,
      logs: this.#logs,
      recordsMax: 2 + Math.floor(random() * 5),
      mutant: this.#mutant,
      onDeath: () => {
        this.#processors[slot] = null;
        if (!this.#isOver)
          this.#scheduler.in(this.#network.between(20, 2500), () => {
            if (!this.#isOver && this.#processors[slot] === null) this.#start(slot);
          });
      },
      onStopped: (partition) => this.#stopped.add(partition),
    });
  }

  /** Something happens: records come, or something goes wrong that no single call is to blame for. */
  #happen(): void {
    if (this.#scheduler.nowMs >= FAULTS_MS) return;
    const network = this.#network;
    const { random, scheduler } = network;
    const log = this.#logs[Math.floor(random() * this.#logs.length)];
    const processor = this.#processors[Math.floor(random() * this.#processors.length)];
    const isQuiet = scheduler.nowMs > this.#restoringUntilMs;
    const roll = random();
    if (roll < 0.5) this.#append(log);
    else if (roll < 0.56) this.#end(processor, "kill");
    else if (roll < 0.6) this.#end(processor, "end by a signal");
    else if (roll < 0.68) this.#pause(processor);
    else if (roll < 0.72) {
      network.count("store: down");
      this.#store.kill(network.between(50, 8000));
    } else if (roll < 0.76 && isQuiet) {
      network.count("broker: down");
      this.#group.kill(network.between(50, 5000));
    } else if (roll < 0.79) this.#jump(processor);
    else if (roll < 0.83) this.#shrink(log);
    else if (this.#profile === "loss") this.#lose(random());
    else if (this.#profile === "truncation" && roll < 0.9 && this.#group.commits.has(log.partition)) {
      network.count("log truncated");
      log.dropBefore(Math.floor(log.end * random()));
    }
    scheduler.in(network.between(20, 1800), () => this.#happen());
  }

  #end(processor: Processor | null, how: "kill" | "end by a signal"): void {
    if (processor === null) return;
    this.#network.count(how);
    if (how === "kill") processor.actor.die("of a kill");
    else processor.stop();
  }

  #pause(processor: Processor | null): void {
    if (processor === null) return;
    this.#network.count("pause");
    processor.actor.pause(this.#network.between(10, 15_000));
  }

  #jump(processor: Processor | null): void {
    if (processor === null) return;
    this.#network.count("clock jump");
    processor.actor.clockAheadMs += this.#network.between(10, 20_000);
  }

  /** A new leader does not know yet what it has. */
  #shrink(log: PartitionLog): void {
    this.#network.count("log end stale");
    log.staleEnd = Math.max(log.begin, log.end - 1 - Math.floor(this.#network.random() * 8));
    this.#scheduler.in(this.#network.between(50, 1000), () => {
      log.staleEnd = null;
    });
  }

  #lose(roll: number): void {
    const network = this.#network;
    const isBrokerWell = this.#scheduler.nowMs > this.#group.service.downUntilMs;
    if (roll < 0.3) {
      this.#store.backUp();
      return;
    }
    if (roll < 0.5) {
      network.count("tokens forgotten");
      this.#store.kill(network.between(10, 500));
      this.#store.forgetTokens();
      return;
    }
    // Takes longer than a lease: whoever was at work meanwhile has noticed. And it happens once: a second one could go
    // back to before the partition was set right after the first.
    if (!isBrokerWell || this.#hasLost) return;
    this.#hasLost = true;
    const ms = network.between(SESSION_MS + 1000, 2 * SESSION_MS);
    this.#restoringUntilMs = this.#scheduler.nowMs + ms;
    this.#store.kill(ms);
    if (roll < 0.75) {
      network.count("store restored from a backup");
      this.#store.restore(roll < 0.6);
    } else {
      network.count("last parts lost");
      this.#store.loseLast(1 + Math.floor(network.random() * 12));
    }
  }

  #isStored(log: PartitionLog): boolean {
    const covered = coveredTo(ledgerOf(this.#store, TOPIC, log.partition));
    if (this.#isGone(log, covered)) return this.#stopped.has(log.partition);
    return covered === log.end;
  }

  /** Records that were not stored are not in the log any more: the partition must stop. */
  #isGone(log: PartitionLog, covered: number): boolean {
    return log.begin > covered;
  }

  async run(): Promise<Outcome> {
    const network = this.#network;
    const scheduler = this.#scheduler;
    scheduler.in(10, () => this.#happen());
    await scheduler.run(FAULTS_MS, () => false);
    network.trace?.("faults stop, everybody is started anew");
    network.faults = NO_FAULTS;
    this.#store.burning = 0;
    for (const log of this.#logs) log.staleEnd = null;
    this.#stopped.clear();
    for (const processor of [...this.#processors]) processor?.actor.die("to be started anew");
    const isDone = () => network.underway === 0 && this.#logs.every((log) => this.#isStored(log));
    let lookMs = 0;
    await scheduler.run(FAULTS_MS + RECOVERY_MS, () => {
      if (scheduler.nowMs < lookMs) return false;
      lookMs = scheduler.nowMs + 200;
      return isDone();
    });
    if (!isDone()) this.#add("stuck", 1);
    this.#isOver = true;
    for (const processor of [...this.#processors]) processor?.actor.die("at the end");
    for (const log of this.#logs) {
      const mayHaveOrphans = this.#isGone(log, coveredTo(ledgerOf(this.#store, TOPIC, log.partition)));
      for (const [invariant, by] of check(this.#store, TOPIC, log, { isFinal: true, mayHaveOrphans }))
        this.#add(invariant, by);
    }
    const records = this.#logs.reduce((sum, { ids }) => sum + ids.filter((id) => id !== undefined).length, 0);
    return { seed: this.#seed, profile: this.#profile, broken: this.#broken, records };
  }
}
