import type { ClickHouse, InsertBlock } from "../../processors/model/ports.ts";
import { decodePlan, planEnd } from "../../processors/plan/plan.ts";
import type { StoredCommit } from "./group-model.ts";
import type { Faults } from "./network.ts";

/** A protocol with one of its rules taken out, as wrappers around ports. What a wrapper keeps, one process keeps. */
export interface Mutant {
  readonly name: string;
  store?(store: ClickHouse, process: MutantProcess): ClickHouse;
  /** Offset and metadata as they are committed. */
  commit?(commit: StoredCommit, partition: number): StoredCommit;
  /** A commit without an answer is sent again by the same member. */
  readonly insists?: boolean;
  /** Time never passes for the lease. */
  readonly hasNoLease?: boolean;
  /** Where an offset is gone, reading goes on where there is something. */
  readonly resets?: boolean;
  readonly windowLength?: number;
  /** What makes it show soon. */
  readonly faults?: Partial<Faults>;
  readonly profile?: "plain" | "truncation" | "loss" | "burning" | "versions";
}

/** What a wrapper may know of the process that it is in. */
export interface MutantProcess {
  readonly name: string;
  /** Offset that was committed when the partition was taken over. */
  committed(partition: number): string | null;
  readonly chance: () => number;
}

const isLook = (sql: string) => /AS found FROM (\w+) WHERE topic/.test(sql);

/** Sees nothing when it looks before an insert. */
function blindBefore(store: ClickHouse): ClickHouse {
  const inserted = new Set<string>();
  const keyOf = (table: string, parameters: Readonly<Record<string, unknown>>) =>
    `${table} ${parameters["partition"]} ${parameters["start"]} ${parameters["day"] ?? ""}`;
  return {
    ...store,
    async query<R>(sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<R[]> {
      if (!isLook(sql)) return store.query<R>(sql, parameters);
      const key = keyOf(/AS found FROM (\w+)/.exec(sql)![1], parameters);
      if (inserted.delete(key)) return store.query<R>(sql, parameters);
      inserted.add(key);
      return [{ found: "0" }] as R[];
    },
  };
}

function splitBlock(block: InsertBlock, size: number): InsertBlock[] {
  const pieces = block.native.map((bytes) => JSON.parse(Buffer.from(bytes).latin1Slice()));
  if (pieces.length !== 1) return [block];
  const [{ rows, ...rest }] = pieces;
  const blocks: InsertBlock[] = [];
  for (let at = 0; at < rows.length; at += size) {
    const part = rows.slice(at, at + size);
    const native = [Buffer.from(JSON.stringify({ ...rest, rows: part }))];
    blocks.push({ ...block, native, rows: part.length, token: `${block.token}_${blocks.length}` });
  }
  return blocks;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "no token",
    store: (store, { name }) => {
      let inserts = 0;
      return { ...store, insert: (block) => store.insert({ ...block, token: `${block.token}|${name} ${inserts++}` }) };
    },
  },
  { name: "no plan", commit: ({ offset }) => ({ offset, metadata: "" }) },
  { name: "no rejoin", insists: true, profile: "plain", faults: { delayed: 0.15, crash: 0.03 } },
  {
    name: "no reconcile",
    profile: "loss",
    store: (store, { committed }) => ({
      ...store,
      async query<R>(sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<R[]> {
        if (!/FROM ledger FINAL/.test(sql)) return store.query<R>(sql, parameters);
        const offset = committed(Number(parameters["partition"]));
        if (offset === null || offset === "0") return [];
        return [{ batch_start: "0", batch_end: String(BigInt(offset) - 1n), run: 0 }] as R[];
      },
    }),
  },
  { name: "no lease", hasNoLease: true, profile: "versions", faults: { pause: 0.03, crash: 0 } },
  { name: "tiny token window", windowLength: 1, store: blindBefore },
  { name: "auto-reset", resets: true, profile: "truncation" },
  {
    name: "commit before insert",
    commit: ({ offset, metadata }) => {
      const plan = decodePlan(BigInt(offset), metadata);
      return plan === null ? { offset, metadata } : { offset: String(planEnd(plan)), metadata: "" };
    },
    // What is committed counts: nobody asks the ledger whether it has that.
    store: (store, process) => MUTANTS.find(({ name }) => name === "no reconcile")!.store!(store, process),
  },
  {
    name: "blocks split differently on retry",
    store: (store, { chance }) => {
      const size = 1 + Math.floor(chance() * 3);
      return {
        ...store,
        async insert(block) {
          if (block.table !== "events") return store.insert(block);
          for (const part of splitBlock(block, size)) await store.insert(part);
        },
      };
    },
  },
  {
    name: "no look after a replayed insert",
    profile: "burning",
    store: (store) => {
      const inserted = new Set<string>();
      return {
        ...store,
        async insert(block) {
          inserted.add(block.table);
          await store.insert(block);
        },
        async query<R>(sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<R[]> {
          const table = isLook(sql) ? /AS found FROM (\w+)/.exec(sql)![1] : "";
          if (!inserted.delete(table)) return store.query<R>(sql, parameters);
          return [{ found: "1000000" }] as R[];
        },
      };
    },
  },
];
