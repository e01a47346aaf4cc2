import type { Journal, JournalKey, JournalTransaction } from "../../processors/journal/journal.ts";
import { createPublisher } from "../../processors/journal/topic.ts";
import { WeirError } from "../../processors/model/errors.ts";
import type { Publisher, TopicRecord } from "../../processors/model/ports.ts";
import { type Actor, type Network, Service } from "./network.ts";

/** One of the rules of publishing taken out. */
export interface TopicMutant {
  /** Whoever begins fences nobody. */
  readonly hasNoFence?: boolean;
  /** The progress is read before others are fenced. */
  readonly readsFirst?: boolean;
  /** After an error the same producer goes on. */
  readonly reuses?: boolean;
}

/** What is published, as a consumer under read_committed sees it. */
export interface OutputTopic {
  readonly visible: readonly TopicRecord[];
  onVisible: (record: TopicRecord) => void;
  publisherFor(actor: Actor): Publisher;
}

const TIMEOUT_MS = 1500;

/** A topic of Kafka, written in transactions by producers of one transactional id, and the group's offset as their progress. */
export class KafkaTopic implements OutputTopic {
  readonly service = new Service("broker");
  readonly visible: TopicRecord[] = [];
  onVisible: (record: TopicRecord) => void = () => {};
  readonly #network: Network;
  readonly #mutant: TopicMutant;
  #progress = "";
  #epoch = 0;
  /** The transaction that is open: its number within the epoch, and what it holds. */
  #open: { readonly name: string; readonly records: readonly TopicRecord[]; readonly progress: string } | null = null;

  constructor(network: Network, mutant: TopicMutant = {}) {
    this.#network = network;
    this.#mutant = mutant;
  }

  kill(ms: number): void {
    this.service.life++;
    this.service.downUntilMs = Math.max(this.service.downUntilMs, this.#network.scheduler.nowMs + ms);
  }

  /** As the publisher into Kafka is: three requests, and of no more use once one of them failed. */
  publisherFor(actor: Actor): Publisher {
    const { readsFirst, reuses, hasNoFence } = this.#mutant;
    const ask = <T>(what: string, run: () => T, isRead = false): Promise<T> =>
      this.#network.send<T>(actor, {
        service: this.service,
        what,
        timeoutMs: TIMEOUT_MS,
        unanswered: (why) => new WeirError("KAFKA_UNREACHABLE", `Kafka did not answer: ${why}.`),
        isRead,
        apply(reply, refuse) {
          try {
            reply(run());
          } catch (error) {
            refuse(error);
          }
        },
      });
    let epoch = 0;
    let transactions = 0;
    let known: string | null = null;
    const check = () => {
      if (epoch !== this.#epoch && hasNoFence !== true)
        throw new WeirError("CLOSE_FENCED", "Another process has taken over closing windows.");
    };
    const begin = () =>
      ask("begin as a producer", () => {
        if (hasNoFence !== true) this.#open = null;
        return ++this.#epoch;
      });
    const read = () => ask("read the progress", () => this.#progress, true);
    return {
      begin: async () => {
        if (reuses === true && known !== null) return known;
        if (readsFirst === true) {
          known = await read();
          epoch = await begin();
          return known;
        }
        epoch = await begin();
        known = await read();
        return known;
      },
      commit: async (_, records, progress) => {
        const name = `${actor.name} ${epoch} ${++transactions}`;
        await ask(`produce ${records.length} to ${progress}`, () => {
          check();
          this.#open = { name, records, progress };
        });
        await ask(`commit ${progress}`, () => {
          check();
          const open = this.#open;
          if (open?.name !== name) throw new WeirError("KAFKA_UNREACHABLE", "There is no such transaction.");
          this.#open = null;
          this.#progress = open.progress;
          for (const record of open.records) {
            this.visible.push(record);
            this.onVisible(record);
          }
        });
        known = progress;
      },
      async close() {},
    };
  }
}

/** The journal's topic: the program's own publisher, over a journal in memory. What a process writes is there, or it died. */
export class JournalTopic implements OutputTopic {
  readonly visible: TopicRecord[] = [];
  onVisible: (record: TopicRecord) => void = () => {};
  readonly #network: Network;
  readonly #entries = new Map<string, Buffer>();

  constructor(network: Network) {
    this.#network = network;
  }

  publisherFor(actor: Actor): Publisher {
    let committing: readonly TopicRecord[] = [];
    const view = {
      get: (key: JournalKey) => this.#entries.get(JSON.stringify(key)),
      put: (key: JournalKey, value: Buffer) => void this.#entries.set(JSON.stringify(key), value),
      lastUpTo: () => undefined,
    } as unknown as JournalTransaction;
    const transact = <T>(work: (transaction: JournalTransaction) => T): Promise<T> =>
      new Promise((resolve, reject) => {
        const { scheduler, faults } = this.#network;
        scheduler.in(this.#network.between(0.1, 2), () =>
          actor.deliver(() => {
            if (this.#network.happens(faults.crash, "crash before sending")) return actor.die("before it writes");
            try {
              const result = work(view);
              for (const record of committing) {
                this.visible.push(record);
                this.onVisible(record);
              }
              if (this.#network.happens(faults.crash, "crash at the answer")) return actor.die("after it wrote");
              resolve(result);
            } catch (error) {
              reject(error);
            }
          }),
        );
      });
    const publisher = createPublisher(
      { transact } as unknown as Journal,
      "weir.windows",
      { ageUsMax: 1e15, bytesMax: 1e9 },
      () => this.#network.scheduler.nowMs * 1000,
    );
    return {
      begin() {
        committing = [];
        return publisher.begin();
      },
      commit(topic, records, progress) {
        committing = records;
        return publisher.commit(topic, records, progress);
      },
      close: () => publisher.close(),
    };
  }
}
