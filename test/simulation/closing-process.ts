import type { IdleProof } from "../../processors/close/watermark.ts";
import type { Journal } from "../../processors/journal/journal.ts";
import { WeirError } from "../../processors/model/errors.ts";
import type { Clock, Publisher } from "../../processors/model/ports.ts";
import type { Config } from "../../processors/runtime/config.ts";
import { type Closer, type CloserOptions, type ClosingPlace, openCloser } from "../../processors/services/closer.ts";
import type { ClosingStore } from "./closing-store.ts";
import { BEGIN_US, type Delays, type Feeder, ROLL_UP_SECONDS, TOPIC, WINDOW_SECONDS } from "./feeder.ts";
import { Actor, type Network } from "./network.ts";
import type { OutputTopic } from "./topic-model.ts";

const TICK_MS = 1000;

/** The lock of a journal that processes of one machine share: who has it, as long as that one lives. */
export interface Lock {
  holder: Actor | null;
}

export interface ClosingOptions {
  readonly name: string;
  readonly network: Network;
  readonly store: ClosingStore;
  readonly topic: OutputTopic;
  readonly feeders: readonly Feeder[];
  readonly delays: Delays;
  /** null: each process is on a machine of its own. */
  readonly lock: Lock | null;
  /** After an error it begins anew as it is, as `weir run` does; otherwise the process ends, as `weir close` does. */
  readonly staysAlive: boolean;
  /** A partition that brings nothing new to the ledger is taken to be at its end. */
  readonly takesSilenceForIdleness: boolean;
  /** One publisher for the life of the process. */
  readonly reusesPublisher: boolean;
  readonly onDeath: () => void;
}

/** A process that closes: the program's own closer and publishing, its ports in the simulated world. */
export function startClosing(options: ClosingOptions): Actor {
  const { name, network, store, topic, feeders, lock, delays } = options;
  const actor = new Actor(name, network, () => {
    if (lock?.holder === actor) lock.holder = null;
    options.onDeath();
  });
  const clock: Clock = {
    nowUs: () => BEGIN_US + Math.floor((network.scheduler.nowMs + actor.clockAheadMs) * 1000),
    monotonicMs: () => actor.monotonicMs(),
    sleep: (ms) => actor.sleep(ms),
  };
  const place: ClosingPlace = {
    store: store.portFor(actor) as ClosingPlace["store"],
    journal: journalOf(),
    config: configOf(delays),
  };
  let kept: Publisher | null = null;
  const publisher = () => {
    if (options.reusesPublisher && kept !== null) return kept;
    kept = topic.publisherFor(actor);
    return kept;
  };
  const closerOptions: CloserOptions = {
    clock,
    publisher,
    ...(options.takesSilenceForIdleness ? { proofs: silences } : {}),
  };

  function journalOf(): Journal {
    return {
      view: {
        get: ([, , partition]: readonly (string | number)[]) => {
          const { proof } = feeders[Number(partition)];
          const shown = proof === null ? null : { ...proof, end: String(proof.end) };
          return Buffer.from(JSON.stringify({ mode: "follow", proof: shown }));
        },
      },
      async lock() {
        if (lock === null) return async () => {};
        if (lock.holder !== null) throw new WeirError("SOURCE_BUSY", "Another process closes windows.");
        lock.holder = actor;
        return async () => {
          if (lock.holder === actor) lock.holder = null;
        };
      },
    } as unknown as Journal;
  }

  const lastMoves = new Map<number, { next: number; atUs: number }>();
  function silences(): ReadonlyMap<string, IdleProof> {
    const proofs = new Map<string, IdleProof>();
    for (const { partition, next } of feeders) {
      const known = lastMoves.get(partition);
      if (known?.next !== next) lastMoves.set(partition, { next, atUs: clock.nowUs() });
      else if (clock.nowUs() - known.atUs > 4_000_000)
        proofs.set(`${partition}/${TOPIC}`, { end: BigInt(next), atUs: clock.nowUs(), isFinal: false });
    }
    return proofs;
  }

  async function live(): Promise<void> {
    for (;;) {
      let closer: Closer | null = null;
      try {
        closer = await openCloser(place, closerOptions);
        for (;;) {
          await closer.tick(false);
          await actor.sleep(TICK_MS);
        }
      } catch (error) {
        await closer?.close();
        if (!(error instanceof WeirError && error.retriable)) throw error;
        network.trace?.(`${name} says: ${error.code} ${error.message}`);
        if (!options.staysAlive) throw error;
        await actor.sleep(TICK_MS);
      }
    }
  }

  live().catch((error: unknown) => {
    network.trace?.(`${name} failed: ${error instanceof Error ? error.stack : String(error)}`);
    actor.die("of an error");
  });
  return actor;
}

function configOf({ disorderUs, latenessUs }: Delays): Config {
  const base = { name: "base", version: 1, windowSeconds: WINDOW_SECONDS, groupBy: ["service_name"] };
  const up = {
    name: "up",
    version: 1,
    windowSeconds: ROLL_UP_SECONDS,
    groupBy: [],
    from: "base",
    fromVersion: 1,
    indices: [],
  };
  return {
    rules: [base],
    rollUps: [up],
    sources: [],
    topics: { to: "journal", prefix: "weir." },
    sourceDefaults: { disorderSeconds: disorderUs / 1_000_000, latenessSeconds: latenessUs / 1_000_000 },
  } as unknown as Config;
}
