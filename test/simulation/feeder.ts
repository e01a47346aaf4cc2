import type { IdleProof } from "../../processors/close/watermark.ts";
import type { CloseStatements } from "./close-statements-model.ts";
import { type Batch, batchKey, type Share } from "./closing-store.ts";
import type { Network } from "./network.ts";
import { add, NOTHING, type States } from "./window-states.ts";

/** Simulated time begins here, microseconds since the epoch. */
export const BEGIN_US = 1_760_000_000_000_000;
export const WINDOW_SECONDS = 4;
export const ROLL_UP_SECONDS = 12;
export const TOPIC = "t";

export interface Delays {
  readonly disorderUs: number;
  readonly latenessUs: number;
}

export interface Event {
  readonly timeUs: number;
  readonly appendedUs: number;
  readonly key: string;
  readonly isError: boolean;
  /** null: it has none. */
  readonly value: number | null;
}

/** How a partition is: some have nothing for long, some are not read for long. */
export type Temper = "lively" | "idle" | "stalled";

/**
 * One partition: what producers append to it, out of order and late, and a processor that stores it batch by batch, falls
 * behind, is set back, and stores again what it has stored before.
 */
export class Feeder {
  readonly #network: Network;
  readonly #statements: CloseStatements;
  readonly partition: number;
  readonly #temper: Temper;
  readonly #delays: Delays;
  readonly events: Event[] = [];
  /** Position after the last event that is in the ledger. */
  next = 0;
  #storing = false;
  #run = 0;
  #quietUntilMs = 0;
  #stalledUntilMs = 0;
  /** What whoever reads the partition wrote down of its end. */
  proof: IdleProof | null = null;
  isFinal = false;
  /** Greatest event time that the ledger ever had. */
  #seenUs = 0;
  /** Position after the last event that the ledger ever had. */
  #reached = 0;
  onChange: () => void = () => {};

  constructor(network: Network, statements: CloseStatements, partition: number, temper: Temper, delays: Delays) {
    this.#network = network;
    this.#statements = statements;
    this.partition = partition;
    this.#temper = temper;
    this.#delays = delays;
  }

  get nowUs(): number {
    return BEGIN_US + Math.floor(this.#network.scheduler.nowMs * 1000);
  }

  /** Up to when its events are complete, by what is known of it here, where everything is. */
  watermarkUs(): number {
    if (this.#seenUs === 0) return 0;
    const { disorderUs } = this.#delays;
    const storedToUs = this.#reached >= this.events.length ? this.nowUs : this.events[this.#reached].appendedUs;
    return Math.max(this.#seenUs, storedToUs) - disorderUs;
  }

  get isStored(): boolean {
    return this.next >= this.events.length && !this.#storing;
  }

  begin(untilMs: number): void {
    this.#append();
    this.#storeSome();
    const { scheduler } = this.#network;
    const append = () => {
      if (scheduler.nowMs >= untilMs) return;
      if (scheduler.nowMs >= this.#quietUntilMs) this.#append();
      if (this.#temper === "idle" && this.#network.random() < 0.15)
        this.#quietUntilMs = scheduler.nowMs + this.#network.between(3000, 15_000);
      scheduler.in(this.#network.between(100, 1600), append);
    };
    const store = () => {
      const isEnd = scheduler.nowMs >= untilMs;
      if (isEnd || scheduler.nowMs >= this.#stalledUntilMs) this.#storeSome();
      if (!isEnd && this.#temper === "stalled" && this.#network.random() < 0.15) {
        this.#network.count("partition stalled");
        this.#stalledUntilMs = scheduler.nowMs + this.#network.between(3000, 15_000);
      }
      if (!isEnd || !this.isStored) scheduler.in(this.#network.between(100, 1200), store);
    };
    // Whoever reads a partition that stands still proves nothing; a proof that is older than what comes holds nothing up.
    const prove = () => {
      if (scheduler.nowMs >= this.#stalledUntilMs || scheduler.nowMs >= untilMs)
        this.proof = { end: BigInt(this.events.length), atUs: this.nowUs, isFinal: this.isFinal };
      scheduler.in(this.#network.between(400, 1600), prove);
    };
    scheduler.in(this.#network.between(100, 1600), append);
    scheduler.in(this.#network.between(100, 1200), store);
    scheduler.in(this.#network.between(400, 1600), prove);
  }

  #append(): void {
    const { random } = this.#network;
    const { disorderUs, latenessUs } = this.#delays;
    this.onChange();
    const count = 1 + Math.floor(random() * 3);
    for (let i = 0; i < count; i++) {
      const roll = random();
      const lateUs =
        roll < 0.8
          ? random() * disorderUs
          : roll < 0.92
            ? disorderUs + random() * latenessUs
            : roll < 0.97
              ? disorderUs + latenessUs * (1 + 2 * random())
              : -random() * 2_000_000;
      this.events.push({
        timeUs: Math.floor(this.nowUs - lateUs),
        appendedUs: this.nowUs,
        key: random() < 0.5 ? "a" : "b",
        isError: random() < 0.2,
        value: random() < 0.2 ? null : Math.floor((random() - 0.3) * 90_000_000),
      });
    }
  }

  /** Its partials first, its row in the ledger after them. */
  #storeSome(): void {
    if (this.#storing || this.next >= this.events.length) return;
    const { random, scheduler } = this.#network;
    const start = this.next;
    const end = Math.min(this.events.length, start + 1 + Math.floor(random() * 6)) - 1;
    this.#storing = true;
    const run = this.#run;
    scheduler.in(random() * 200, () => {
      const batch = this.#batchOf(start, end, run);
      this.#statements.partials.set(batchKey(batch), this.#sharesOf(start, end));
      scheduler.in(random() * 400, () => {
        this.#enter(batch);
        this.next = end + 1;
        this.#storing = false;
      });
    });
  }

  #enter(batch: Batch): void {
    this.onChange();
    this.#statements.ledger.set(batchKey(batch), { ...batch, storedAt: Math.floor(this.nowUs / 1_000_000) });
    this.#seenUs = Math.max(this.#seenUs, batch.maxUs);
    this.#reached = Math.max(this.#reached, batch.end + 1);
  }

  #batchOf(start: number, end: number, run: number): Batch {
    const times = this.events.slice(start, end + 1).map(({ timeUs }) => timeUs);
    const range = { minUs: Math.min(...times), maxUs: Math.max(...times) };
    return { topic: TOPIC, partition: this.partition, start, end, run, source: "s", ...range };
  }

  #sharesOf(start: number, end: number): Share[] {
    const shares = new Map<string, Share>();
    for (const event of this.events.slice(start, end + 1)) {
      const window = Math.floor(event.timeUs / 1_000_000 / WINDOW_SECONDS) * WINDOW_SECONDS;
      const id = `${window} ${event.key}`;
      const known = shares.get(id) ?? {
        ...{ rule: "base", version: 1, start: window, size: WINDOW_SECONDS, key: [event.key], states: NOTHING },
      };
      shares.set(id, { ...known, states: add(known.states, statesOf(event)) });
    }
    return [...shares.values()];
  }

  /** The store lost the end of the partition: it is stored once more, as another run. */
  rewind(): void {
    if (this.#storing) return;
    const mine = this.#batches().sort((a, b) => a.start - b.start);
    if (mine.length < 2) return;
    this.#network.count("partition rewound");
    this.#storing = true;
    const { random, scheduler } = this.#network;
    const from = mine[1 + Math.floor(random() * (mine.length - 1))].start;
    const gone = mine.filter(({ start }) => start >= from);
    scheduler.in(random() * 300, () => {
      for (const batch of gone) this.#statements.partials.delete(batchKey(batch));
      scheduler.in(random() * 1500, () => {
        this.onChange();
        for (const batch of gone) this.#statements.ledger.delete(batchKey(batch));
        this.#run++;
        this.next = from;
        this.#storing = false;
      });
    });
  }

  /** A batch is replayed: another run takes its place, with other values. */
  replay(): void {
    const mine = this.#batches();
    if (this.#storing || mine.length === 0) return;
    this.#network.count("batch replayed");
    const { random, scheduler } = this.#network;
    const old = mine[Math.floor(random() * mine.length)];
    this.#storing = true;
    this.#run++;
    const batch = { ...old, run: this.#run };
    for (let i = old.start; i <= old.end; i++) {
      const { value, ...event } = this.events[i];
      this.events[i] = { ...event, value: value === null ? null : value + 1 };
    }
    scheduler.in(random() * 300, () => {
      this.#statements.partials.set(batchKey(batch), this.#sharesOf(old.start, old.end));
      this.#statements.partials.delete(batchKey(old));
      scheduler.in(random() * 500, () => {
        // The ledger is switched over in one step.
        this.#statements.ledger.delete(batchKey(old));
        this.#enter(batch);
        this.#storing = false;
      });
    });
  }

  #batches(): Batch[] {
    return [...this.#statements.ledger.values()].filter(({ partition }) => partition === this.partition);
  }
}

export function statesOf({ isError, value }: Event): States {
  const values = value === null ? {} : { valueCount: 1, valueSum: value, valueMin: value, valueMax: value };
  return { ...NOTHING, events: 1, errors: isError ? 1 : 0, ...values };
}
