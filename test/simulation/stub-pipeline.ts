import type { BatchIdentity } from "../../processors/encode/token.ts";
import { tokenOf } from "../../processors/encode/token.ts";
import type { InsertBlock } from "../../processors/model/ports.ts";
import type { EncodedBatch, Pipeline } from "../../processors/pipeline.ts";

/**
 * What a record becomes under a version of the rules. The versions differ in everything that matters: which records are
 * dead letters, which day an event is stored in, how many events a record has.
 */
export interface Outcome {
  readonly kind: "events" | "dropped" | "dead_letter";
  readonly events: number;
  readonly day: number;
  /** Key of the window that it counts in. */
  readonly key: number;
}

export function outcomeOf(id: number, version: string): Outcome {
  const shift = version === "a" ? 0 : 1;
  const isDead = id % 7 === 2 + shift;
  const isDropped = !isDead && id % 11 === 5;
  return {
    kind: isDead ? "dead_letter" : isDropped ? "dropped" : "events",
    events: isDead || isDropped ? 0 : id % 9 === 4 + shift ? 2 : 1,
    day: 20_000 + (id % 5 <= shift ? 1 : 0),
    key: id % 3,
  };
}

/** A row of events [offset, index], of dead letters [offset], of partials [key, events], of the ledger [records, events, dead letters]. */
export type Row = readonly number[];

/** What stands in an insert for one batch. */
export interface Piece {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  readonly run: number;
  readonly version: string;
  readonly rows: readonly Row[];
}

/** The stages in a few lines: a function of records and version as the real one, its blocks JSON instead of Native. */
export function createStubPipeline(version: string): Pipeline {
  return {
    *run(records, identity): Generator<string, EncodedBatch> {
      yield* [];
      const days = new Map<number, Row[]>();
      const dead: Row[] = [];
      const keys = new Map<number, number>();
      let dropped = 0;
      let events = 0;
      for (let i = 0; i < records.count; i++) {
        const outcome = outcomeOf(Number(records.text.slice(records.begins[i], records.ends[i])), version);
        const offset = Number(records.firstOffset) + records.offsetDeltas[i];
        if (outcome.kind === "dead_letter") dead.push([offset]);
        else if (outcome.kind === "dropped") dropped++;
        for (let index = 0; index < outcome.events; index++) {
          const rows = days.get(outcome.day);
          if (rows === undefined) days.set(outcome.day, [[offset, index]]);
          else rows.push([offset, index]);
        }
        events += outcome.events;
        if (outcome.events > 0) keys.set(outcome.key, (keys.get(outcome.key) ?? 0) + outcome.events);
      }
      const block = (table: string, part: string, rows: readonly Row[]) =>
        encode(table, tokenOf(table, identity, part), identity, version, rows);
      const row = {
        records: records.count,
        ok: records.count - dropped - dead.length,
        dropped,
        deadLetters: dead.length,
        events,
        timestampUsMin: 0,
        timestampUsMax: 0,
        minutes: [],
      };
      return {
        events: [...days].map(([day, rows]) => ({ day, block: block("events", String(day), rows) })),
        deadLetters: dead.length === 0 ? null : block("dead_letters", "0", dead),
        partials: keys.size === 0 ? null : block("partials", "all", [...keys]),
        ledger: block("ledger", "all", [[records.count, events, dead.length]]),
        row,
        refused: [],
        deadRuns: { leading: 0, longest: 0, trailing: 0 },
      };
    },
  };
}

function encode(
  table: string,
  token: string,
  { topic, partition, batchStart, batchEnd, run }: BatchIdentity,
  version: string,
  rows: readonly Row[],
): InsertBlock {
  const piece: Piece = { topic, partition, start: Number(batchStart), end: Number(batchEnd), run, version, rows };
  return { table, columns: [], structure: "", rows: rows.length, token, native: [Buffer.from(JSON.stringify(piece))] };
}

export function decodePieces(block: InsertBlock): Piece[] {
  return block.native.map((bytes) => JSON.parse(Buffer.from(bytes).latin1Slice()) as Piece);
}
