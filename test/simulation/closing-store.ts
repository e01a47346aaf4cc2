import { WeirError } from "../../processors/model/errors.ts";
import type { ClickHouse, InsertBlock } from "../../processors/model/ports.ts";
import type { CloseStatements } from "./close-statements-model.ts";
import type { Actor, Network } from "./network.ts";
import { Service } from "./network.ts";
import type { States } from "./window-states.ts";

/** A batch's share of a window: a row of `partials`. Times in seconds. */
export interface Share {
  readonly rule: string;
  readonly version: number;
  readonly start: number;
  readonly size: number;
  readonly key: readonly string[];
  readonly states: States;
}

/** A row of `ledger`, with what its batch holds. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  readonly run: number;
  readonly source: string;
  readonly minUs: number;
  readonly maxUs: number;
}

export function batchKey({ topic, partition, start, end, run }: Batch): string {
  return `${topic} ${partition} ${start} ${end} ${run}`;
}

/** A row of `windows`. */
export interface WindowRow extends Share {
  readonly revision: number;
  readonly cut: number;
  readonly watermarkUs: number;
}

const TIMEOUT_MS = 2500;

/** ClickHouse as far as closing needs it: its tables in memory, each statement carried out at once, tokens as the real one has them. */
export class ClosingStore {
  readonly service = new Service("store");
  readonly statements: CloseStatements;
  readonly #network: Network;
  readonly #tokens = new Set<string>();
  /** Chance that it is killed between noting a token and keeping the rows. */
  burning = 0;

  constructor(network: Network, statements: CloseStatements) {
    this.#network = network;
    this.statements = statements;
  }

  kill(ms: number): void {
    const { scheduler, trace } = this.#network;
    trace?.(`the store is down for ${Math.round(ms)} ms`);
    this.service.life++;
    this.service.downUntilMs = Math.max(this.service.downUntilMs, scheduler.nowMs + ms);
  }

  /** The port, for one process. */
  portFor(actor: Actor): ClickHouse {
    const { statements } = this;
    const call = <T>(what: string, isRead: boolean, run: () => T | null) =>
      this.#network.send<T>(actor, {
        service: this.service,
        what,
        timeoutMs: TIMEOUT_MS,
        unanswered: (why) => new WeirError("STORE_UNREACHABLE", `The store did not answer: ${why}.`),
        isRead,
        isSentTwice: !isRead,
        apply(reply) {
          const result = run();
          if (result !== null) reply(result);
        },
      });
    return {
      insert: (block) =>
        call(`insert ${block.token}`, false, () =>
          this.#tokened(block.table, block.token, () => statements.insertCut(block as InsertBlock)),
        ).then(() => {}),
      query: <R>(sql: string, parameters = {}) =>
        call(`query ${sql.slice(0, 40).replaceAll("\n", " ")}`, true, () => statements.query(sql, parameters) as R[]),
      command: (sql, parameters = {}) =>
        call(`${sql.slice(0, 20)} ${parameters["token"] ?? ""}`, false, () =>
          this.#tokened("windows", parameters["token"] as string | undefined, () =>
            statements.command(sql, parameters),
          ),
        ).then(() => {}),
      close: async () => {},
    };
  }

  /** null: it was killed. */
  #tokened(table: string, token: string | undefined, run: () => void): true | null {
    if (token !== undefined) {
      const noted = `${table} ${token}`;
      if (this.#tokens.has(noted)) return true;
      this.#tokens.add(noted);
      if (this.#network.happens(this.burning, "token burnt")) {
        this.kill(this.#network.between(100, 4000));
        return null;
      }
    }
    run();
    return true;
  }
}
