import { endUs } from "./close-conditions.ts";
import { CloseStatements } from "./close-statements-model.ts";
import { checkFinal } from "./closing-invariants.ts";
import type { ClosingMutant } from "./closing-mutants.ts";
import { type Lock, startClosing } from "./closing-process.ts";
import { ClosingStore } from "./closing-store.ts";
import type { CutRow } from "./cut-row.ts";
import { type Delays, Feeder, ROLL_UP_SECONDS, type Temper } from "./feeder.ts";
import type { Broken, Invariant } from "./invariants.ts";
import { type Actor, type FaultCounts, type Faults, Network } from "./network.ts";
import { Scheduler, seededRandom } from "./scheduler.ts";
import { JournalTopic, KafkaTopic, type OutputTopic } from "./topic-model.ts";
import type { Outcome } from "./world.ts";

export type ClosingProfile = "kafka" | "journal" | "one journal" | "burning";

const FAULTS_MS = 30_000;
const RECOVERY_MS = 150_000;
const NO_FAULTS: Faults = { requestLost: 0, replyLost: 0, delayed: 0, doubled: 0, crash: 0, pause: 0 };

/** One seed's world: closers, what they close and where they publish it, and what goes wrong among them, to the end. */
export async function simulateClosing(
  seed: number,
  counts: FaultCounts,
  {
    mutant = null,
    trace = null,
  }: { readonly mutant?: ClosingMutant | null; readonly trace?: ((line: string) => void) | null } = {},
): Promise<Outcome> {
  return new ClosingWorld(seed, counts, mutant, trace).run();
}

class ClosingWorld {
  readonly #seed: number;
  readonly #profile: ClosingProfile;
  readonly #scheduler = new Scheduler();
  readonly #network: Network;
  readonly #statements: CloseStatements;
  readonly #store: ClosingStore;
  readonly #topic: OutputTopic;
  readonly #lock: Lock | null;
  readonly #delays: Delays;
  readonly #feeders: Feeder[] = [];
  readonly #closers: (Actor | null)[] = [];
  readonly #mutant: ClosingMutant | null;
  readonly #broken: Broken = new Map();
  /** How far a watermark could be at most. */
  #completeUs = 0;
  #slots: number;
  #cutMs = 0;
  #names = 0;
  #isOver = false;

  constructor(seed: number, counts: FaultCounts, mutant: ClosingMutant | null, trace: ((line: string) => void) | null) {
    const random = seededRandom(seed + 2 ** 40);
    this.#seed = seed;
    this.#mutant = mutant;
    const roll = random();
    const drawn: ClosingProfile =
      roll < 0.5 ? "kafka" : roll < 0.65 ? "journal" : roll < 0.8 ? "one journal" : "burning";
    this.#profile = mutant?.profile ?? drawn;
    const rate = (max: number) => (random() < 0.3 ? 0 : random() * max);
    const faults: Faults = {
      requestLost: rate(0.02),
      replyLost: rate(0.02),
      delayed: rate(0.04),
      doubled: rate(0.04),
      crash: rate(0.015),
      pause: rate(0.01),
      ...mutant?.faults,
    };
    const told = trace && ((line: string) => trace(`${this.#scheduler.nowMs.toFixed(1).padStart(9)} ${line}`));
    this.#network = new Network(this.#scheduler, random, faults, counts, told);
    this.#statements = new CloseStatements(mutant?.statements);
    this.#store = new ClosingStore(this.#network, this.#statements);
    if (this.#profile === "burning") this.#store.burning = random() * 0.08;
    const isKafka = this.#profile === "kafka" || this.#profile === "burning";
    this.#topic = isKafka ? new KafkaTopic(this.#network, mutant?.topic) : new JournalTopic(this.#network);
    this.#lock = this.#profile === "one journal" ? { holder: null } : null;
    this.#delays = { disorderUs: 2_000_000, latenessUs: Math.floor(random() * 3) * 3_000_000 };
    const partitions = 1 + Math.floor(random() * 3);
    for (let partition = 0; partition < partitions; partition++) {
      const tempers: readonly Temper[] = ["lively", "lively", "idle", "stalled"];
      const temper = tempers[Math.floor(random() * tempers.length)];
      const feeder = new Feeder(this.#network, this.#statements, partition, temper, this.#delays);
      feeder.onChange = () => this.#observe();
      this.#feeders.push(feeder);
    }
    const emitted = new Set<string>();
    this.#topic.onVisible = ({ key, headers }) => {
      if (emitted.has(headers["emit_id"])) this.#add("emitted", 1, `${key} ${headers["revision"]}`);
      emitted.add(headers["emit_id"]);
    };
    this.#statements.onCut = ({ watermarkUs, isDrained }) => {
      this.#observe();
      this.#cutMs = this.#scheduler.nowMs;
      if (!isDrained && watermarkUs > this.#completeUs)
        this.#add("early", 1, `by ${watermarkUs - this.#completeUs} us`);
    };
    this.#slots = mutant?.slots ?? 1 + Math.floor(random() * 2);
  }

  /** Where all partitions stand, before something changes. */
  #observe(): void {
    const known = this.#feeders.map((feeder) => feeder.watermarkUs()).filter((watermarkUs) => watermarkUs > 0);
    if (known.length > 0) this.#completeUs = Math.max(this.#completeUs, Math.min(...known));
  }

  #add(invariant: Invariant, by: number, what = ""): void {
    this.#network.trace?.(`BROKEN: ${invariant} ${what}`);
    this.#broken.set(invariant, (this.#broken.get(invariant) ?? 0) + by);
  }

  #start(slot: number): void {
    const { random } = this.#network;
    this.#closers[slot] = startClosing({
      name: `c${++this.#names}`,
      network: this.#network,
      store: this.#store,
      topic: this.#topic,
      feeders: this.#feeders,
      delays: this.#delays,
      lock: this.#lock,
      staysAlive: this.#mutant?.staysAlive ?? random() < 0.5,
      takesSilenceForIdleness: this.#mutant?.takesSilenceForIdleness === true,
      reusesPublisher: this.#mutant?.topic?.reuses === true,
      onDeath: () => {
        this.#closers[slot] = null;
        if (!this.#isOver)
          this.#scheduler.in(this.#network.between(20, 2500), () => {
            if (!this.#isOver && slot < this.#slots && this.#closers[slot] === null) this.#start(slot);
          });
      },
    });
  }

  /** Something goes wrong that no single call is to blame for. */
  #happen(): void {
    if (this.#scheduler.nowMs >= FAULTS_MS) return;
    const network = this.#network;
    const { random, scheduler } = network;
    const closer = this.#closers[Math.floor(random() * this.#closers.length)];
    const feeder = this.#feeders[Math.floor(random() * this.#feeders.length)];
    const roll = random();
    if (roll < 0.25) {
      if (closer !== null) {
        network.count("kill");
        closer.die("of a kill");
      }
    } else if (roll < 0.45) {
      if (closer !== null) {
        network.count("pause");
        closer.pause(network.between(100, 12_000));
      }
    } else if (roll < 0.6) {
      network.count("store: down");
      this.#store.kill(network.between(50, 5000));
    } else if (roll < 0.7 && this.#topic instanceof KafkaTopic) {
      network.count("broker: down");
      this.#topic.kill(network.between(50, 5000));
    } else if (roll < 0.8) feeder.rewind();
    else if (roll < 0.95) feeder.replay();
    else if (closer !== null) {
      network.count("clock jump");
      closer.clockAheadMs += network.between(10, 20_000);
    }
    scheduler.in(network.between(300, 5000), () => this.#happen());
  }

  /** Everything is in cuts, every window is closed and revised for the last time, and what is stored is published. */
  #isDone(): boolean {
    const { cuts, windows, ledger } = this.#statements;
    if (!this.#feeders.every((feeder) => feeder.isStored) || this.#network.underway > 0) return false;
    if (this.#statements.hasUncut) return false;
    const endMaxUs = Math.max(
      ...windows.map(endUs),
      ...[...ledger.values()].map(({ maxUs }) => maxUs + ROLL_UP_SECONDS * 1e6),
    );
    const lastAdding = Math.max(
      ...cuts.filter(({ added, removed }) => added.length + removed.length > 0).map(({ id }) => id),
    );
    const isLast = (cut: CutRow) => cut.isDrained || (cut.isRevising && cut.reviseBeforeUs >= endMaxUs);
    if (!cuts.some((cut) => cut.id >= lastAdding && isLast(cut))) return false;
    // It may not have been carried out yet.
    if (this.#scheduler.nowMs < Math.max(this.#cutMs, FAULTS_MS + 6000) + 3000) return false;
    const revisions = new Set(windows.map((row) => `${row.rule} ${row.start} ${row.key} ${row.revision}`));
    return revisions.size <= this.#topic.visible.length;
  }

  async run(): Promise<Outcome> {
    const { trace } = this.#network;
    const network = this.#network;
    const scheduler = this.#scheduler;
    for (const feeder of this.#feeders) feeder.begin(FAULTS_MS);
    for (let slot = 0; slot < this.#slots; slot++) this.#start(slot);
    scheduler.in(1000, () => this.#happen());
    await scheduler.run(FAULTS_MS, () => false);
    trace?.("faults stop, one closer is started anew");
    network.faults = NO_FAULTS;
    this.#store.burning = 0;
    const isFinal = network.random() < 0.3;
    for (const feeder of this.#feeders) feeder.isFinal = isFinal;
    this.#slots = 1;
    for (const closer of [...this.#closers]) closer?.die("to be started anew");
    let lookMs = 0;
    await scheduler.run(FAULTS_MS + RECOVERY_MS, () => {
      if (scheduler.nowMs < lookMs) return false;
      lookMs = scheduler.nowMs + 500;
      return this.#isDone();
    });
    if (!this.#isDone()) this.#add("stuck", 1);
    this.#isOver = true;
    for (const closer of [...this.#closers]) closer?.die("at the end");
    for (const { invariant, by, what } of checkFinal(
      this.#statements,
      this.#feeders,
      this.#topic.visible,
      this.#delays,
    ))
      this.#add(invariant, by, what);
    const records = this.#feeders.reduce((sum, { events }) => sum + events.length, 0);
    return { seed: this.#seed, profile: `closing, ${this.#profile}`, broken: this.#broken, records };
  }
}
