import { WeirError } from "../../processors/model/errors.ts";
import type { ClickHouse, InsertBlock } from "../../processors/model/ports.ts";
import type { Actor, Network } from "./network.ts";
import { Service } from "./network.ts";
import { decodePieces, type Piece, type Row } from "./stub-pipeline.ts";

/** An insert that is stored. */
export interface Part {
  readonly table: string;
  readonly token: string;
  readonly pieces: readonly Piece[];
}

const TIMEOUT_MS = 2500;

/**
 * ClickHouse as far as the protocol needs it: parts in the order in which they came, tokens in a memory of bounded length,
 * rows that replace each other by key where the real tables do. A part and its token come at once, but for a death in
 * between, which leaves the token alone. Deletions take what is there when they come.
 */
export class StoreModel {
  readonly service = new Service("store");
  readonly #network: Network;
  readonly #windowLength: number;
  parts: Part[] = [];
  /** Per table, oldest first. */
  tokens = new Map<string, Set<string>>();
  /** Inserts that were received and not carried out yet. */
  readonly underway = new Map<string, number>();
  /** Chance that it is killed between noting a token and keeping the rows. */
  burning = 0;
  onStored: (part: Part) => void = () => {};
  #backup: { parts: Part[]; tokens: Map<string, Set<string>> } | null = null;

  constructor(network: Network, windowLength: number) {
    this.#network = network;
    this.#windowLength = windowLength;
  }

  /** Goes down for a while; what was under way is lost. */
  kill(ms: number): void {
    const { scheduler, trace } = this.#network;
    trace?.(`the store is down for ${Math.round(ms)} ms`);
    this.service.life++;
    this.service.downUntilMs = Math.max(this.service.downUntilMs, scheduler.nowMs + ms);
    this.underway.clear();
  }

  backUp(): void {
    this.#backup = { parts: [...this.parts], tokens: copyOf(this.tokens) };
  }

  /** Comes back as it was at the last backup; a backup holds parts, and may hold what tokens there were. */
  restore(hasTokens: boolean): void {
    this.parts = this.#backup === null ? [] : [...this.#backup.parts];
    this.tokens = this.#backup === null || !hasTokens ? new Map() : copyOf(this.#backup.tokens);
  }

  /** The last parts are gone, as when the disk had not kept what it said; tokens stay. */
  loseLast(count: number): void {
    this.parts = this.parts.slice(0, Math.max(0, this.parts.length - count));
  }

  forgetTokens(): void {
    this.tokens.clear();
  }

  /** The port, for one process. */
  portFor(actor: Actor): ClickHouse {
    const network = this.#network;
    const call = <T>(what: string, isRead: boolean, run: () => T | null, place?: string) =>
      network.send<T>(actor, {
        service: this.service,
        what,
        timeoutMs: TIMEOUT_MS,
        unanswered: (why) => new WeirError("STORE_UNREACHABLE", `The store did not answer: ${why}.`),
        isRead,
        isSentTwice: what.startsWith("insert"),
        apply(reply) {
          const result = run();
          if (result !== null) reply(result);
        },
        ...(place === undefined
          ? {}
          : {
              onUnderway: (is: boolean) => {
                this.underway.set(place, Math.max(0, (this.underway.get(place) ?? 0) + (is ? 1 : -1)));
              },
            }),
      });
    return {
      insert: (block) => {
        const place = /\|[^|]*\|/.exec(block.token)?.[0] ?? "";
        return call(`insert ${block.table} ${block.token}`, false, () => this.#insert(block), place).then(() => {});
      },
      query: <R>(sql: string, parameters = {}) =>
        call(`query ${sql.slice(0, 60)}`, true, () => this.#query(sql, parameters) as R[]),
      command: (sql, parameters = {}) =>
        call(sql.slice(0, 30), false, () => this.#delete(sql, parameters), `'${parameters["topic"]}'`).then(() => {}),
      close: async () => {},
    };
  }

  /** null: it was killed. */
  #insert(block: InsertBlock): true | null {
    let tokens = this.tokens.get(block.table);
    if (tokens === undefined) this.tokens.set(block.table, (tokens = new Set()));
    if (tokens.has(block.token)) return true;
    tokens.add(block.token);
    if (tokens.size > this.#windowLength) tokens.delete(tokens.values().next().value!);
    return this.#keep(block);
  }

  #keep(block: InsertBlock): true | null {
    if (this.#network.happens(this.burning, "token burnt")) {
      this.kill(this.#network.between(100, 4000));
      return null;
    }
    const part = { table: block.table, token: block.token, pieces: decodePieces(block) };
    this.parts.push(part);
    this.onStored(part);
    return true;
  }

  #delete(sql: string, parameters: Readonly<Record<string, unknown>>): true {
    const table = /^ALTER TABLE (\w+) DELETE WHERE .*batch_start >= \{from:Int64\}/.exec(sql)?.[1];
    if (table === undefined) throw new Error(`This store doesn't know the command ${sql}`);
    const { topic, partition } = parameters;
    const from = Number(parameters["from"]);
    const stays = (piece: Piece) => piece.topic !== topic || piece.partition !== partition || piece.start < from;
    this.parts = this.parts.flatMap((part) => {
      if (part.table !== table) return [part];
      const pieces = part.pieces.filter(stays);
      return pieces.length === part.pieces.length ? [part] : pieces.length === 0 ? [] : [{ ...part, pieces }];
    });
    return true;
  }

  *piecesOf(table: string, topic: string, partition: number): Generator<{ piece: Piece; part: Part }> {
    for (const part of this.parts)
      if (part.table === table)
        for (const piece of part.pieces)
          if (piece.topic === topic && piece.partition === partition) yield { piece, part };
  }

  /** Rows of the tables that replace by key, each once: the last. */
  keyed(table: "partials" | "ledger", topic: string, partition: number): { piece: Piece; row: Row }[] {
    const rows = new Map<string, { piece: Piece; row: Row }>();
    for (const { piece } of this.piecesOf(table, topic, partition))
      for (const row of piece.rows) {
        const key = table === "partials" ? row[0] : "";
        rows.set(`${key} ${piece.start} ${piece.end} ${piece.run}`, { piece, row });
      }
    return [...rows.values()];
  }

  #query(sql: string, parameters: Readonly<Record<string, unknown>>): unknown[] {
    const topic = String(parameters["topic"]);
    const partition = Number(parameters["partition"]);
    if (/^SELECT batch_start, .* FROM ledger FINAL/.test(sql))
      return this.keyed("ledger", topic, partition)
        .sort((a, b) => a.piece.start - b.piece.start)
        .map(({ piece }) => ({ batch_start: `${piece.start}`, batch_end: `${piece.end}`, run: piece.run }));
    if (/FROM system\.processes/.test(sql)) {
      const found = [parameters["inToken"], parameters["quoted"]].map((place) => this.underway.get(String(place)) ?? 0);
      return [{ found: `${found[0] + found[1]}` }];
    }
    const table = /AS found FROM (\w+) /.exec(sql)?.[1];
    const start = Number(parameters["start"]);
    if (table === "events" || table === "dead_letters") {
      let found = 0;
      for (const { piece, part } of this.piecesOf(table, topic, partition))
        if (piece.start === start && (table !== "events" || part.token.includes(`|events|${parameters["day"]}`)))
          found += piece.rows.length;
      return [{ found: `${found}` }];
    }
    if (table === "partials" || table === "ledger") {
      const next = Number(parameters["next"]);
      const found = this.keyed(table, topic, partition).filter(
        ({ piece }) => piece.start >= start && piece.end < next && piece.run === parameters["run"],
      );
      return [{ found: `${found.length}` }];
    }
    throw new Error(`This store doesn't know the query ${sql}`);
  }
}

function copyOf(tokens: Map<string, Set<string>>): Map<string, Set<string>> {
  return new Map([...tokens].map(([table, of]) => [table, new Set(of)]));
}
