import { setTimeout as sleep } from "node:timers/promises";
import type { Ask } from "./ask.ts";

/** What is seen of the run from outside. */
export interface Standing {
  /** Per partition, records that the ledger has. */
  readonly stored: readonly number[];
  readonly cut: number;
}

export interface Watch {
  readonly standing: Standing;
  /** Per partition, the longest that records waited without any of it being stored. */
  readonly stallsMs: readonly number[];
  /** When anything was stored last. */
  readonly movedAtMs: number;
  stop(): Promise<void>;
}

const LOOK_MS = 500;
const ANSWER_MS_MAX = 3000;

/** Looks at the ledger twice a second. `acknowledged`: what the generator has put into each partition. */
export function startWatch(
  ask: Ask,
  topic: string,
  partitions: number,
  acknowledged: () => readonly number[],
  onLook: (standing: Standing) => void,
): Watch {
  let standing: Standing = { stored: new Array(partitions).fill(0), cut: 0 };
  const stallsMs = new Array<number>(partitions).fill(0);
  const since = new Array<number>(partitions).fill(performance.now());
  let movedAtMs = performance.now();
  let isOver = false;

  async function look(): Promise<void> {
    const rows = await ask<{ p: number; n: string; c: string }>(
      `SELECT \`partition\` AS p, max(batch_end) + 1 AS n, (SELECT max(cut_id) FROM cuts) AS c FROM ledger WHERE topic = '${topic}' GROUP BY p`,
      ANSWER_MS_MAX,
    );
    const stored = [...standing.stored];
    for (const { p, n } of rows) stored[p] = Math.max(stored[p], Number(n));
    standing = { stored, cut: Math.max(standing.cut, ...rows.map(({ c }) => Number(c))) };
  }

  async function run(): Promise<void> {
    while (!isOver) {
      const before = standing.stored;
      await look().catch(() => {});
      const nowMs = performance.now();
      const sent = acknowledged();
      for (const [partition, next] of standing.stored.entries()) {
        const isMoving = next > before[partition];
        if (isMoving) movedAtMs = nowMs;
        stallsMs[partition] = Math.max(stallsMs[partition], nowMs - since[partition]);
        if (isMoving || next >= sent[partition]) since[partition] = nowMs;
      }
      onLook(standing);
      await sleep(LOOK_MS);
    }
  }

  const running = run();
  return {
    get standing() {
      return standing;
    },
    stallsMs,
    get movedAtMs() {
      return movedAtMs;
    },
    async stop() {
      isOver = true;
      await running;
    },
  };
}
