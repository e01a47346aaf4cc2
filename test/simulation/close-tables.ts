import { keyOf, type Parameters } from "./close-conditions.ts";
import type { Batch, Share, WindowRow } from "./closing-store.ts";
import type { CutRow } from "./cut-row.ts";

/** A row of `too_late`. */
export interface TooLateRow {
  readonly rule: string;
  readonly start: number;
  readonly events: number;
}

export interface RuleRow {
  readonly name: string;
  readonly version: number;
  readonly windowSeconds: number;
  readonly groupBy: readonly string[];
  readonly from: string;
  readonly fromVersion: number;
}

/** The tables of closing in memory, and what closing asks of cuts and of the ledger. */
export class CloseTables {
  readonly ledger = new Map<string, Batch & { readonly storedAt: number }>();
  readonly partials = new Map<string, readonly Share[]>();
  readonly cuts: CutRow[] = [];
  readonly windows: WindowRow[] = [];
  readonly tooLate = new Map<string, TooLateRow>();
  protected readonly rules: RuleRow[] = [];

  #upTo({ upTo }: Parameters): CutRow[] {
    return this.cuts.filter(({ id }) => upTo === undefined || id <= Number(upTo));
  }

  protected rollUps(): unknown[] {
    return this.rules
      .filter(({ from }) => from !== "")
      .map((rule) => ({
        ...rule,
        edition: 1,
        baseGroupBy: this.rules.find((r) => r.name === rule.from && r.version === rule.fromVersion)?.groupBy ?? [],
      }));
  }

  protected latestCuts(p: Parameters, holds: (cut: CutRow) => boolean, count: number): unknown[] {
    const found = this.#upTo(p)
      .filter(holds)
      .sort((a, b) => b.id - a.id);
    return found.slice(0, count).map((cut) => ({ ...cut, id: String(cut.id), isRevising: cut.isRevising ? 1 : 0 }));
  }

  protected totals(p: Parameters): unknown[] {
    const cuts = this.#upTo(p);
    const drainedId = Math.max(0, ...cuts.filter((cut) => cut.isDrained).map(({ id }) => id));
    return [{ drainedId: `${drainedId}`, reachedUs: `${Math.max(0, ...cuts.map((cut) => cut.timestampUsMax))}` }];
  }

  protected noted(p: Parameters): unknown[] {
    const noted = new Map<string, unknown>();
    for (const { partitions } of this.#upTo(p).sort((a, b) => a.id - b.id))
      for (const standing of partitions) {
        const { topic, partition, next } = standing;
        noted.set(`${partition}/${topic}`, { ...standing, next: String(next) });
      }
    return [...noted.values()];
  }

  protected cutOf(id: number): unknown[] {
    const cut = this.cuts.find((one) => one.id === id);
    if (cut === undefined) return [];
    const hasTooLate = cut.added.some(({ timestampUsMin, tooLateBeforeUs }) => timestampUsMin < tooLateBeforeUs);
    const flag = (is: boolean) => (is ? 1 : 0);
    const { isDrained, isRevising } = cut;
    return [{ ...cut, isDrained: flag(isDrained), isRevising: flag(isRevising), hasTooLate: flag(hasTooLate) }];
  }

  protected least({ after, cut }: Parameters): unknown[] {
    const times = this.cuts
      .filter(({ id }) => id > Number(after) && id <= Number(cut))
      .flatMap(({ added }) => added.map(({ timestampUsMin }) => timestampUsMin))
      .filter((time) => time > 0);
    return [{ least: String(times.length === 0 ? 0 : Math.min(...times)) }];
  }

  protected reaches(): unknown[] {
    const found = new Map<
      string,
      { topic: string; partition: number; source: string; next: number; reachedUs: number }
    >();
    for (const { topic, partition, source, end, maxUs } of this.ledger.values()) {
      const key = `${partition}/${topic}`;
      const { next = 0, reachedUs = 0 } = found.get(key) ?? {};
      found.set(key, {
        topic,
        partition,
        source,
        next: Math.max(next, end + 1),
        reachedUs: Math.max(reachedUs, maxUs),
      });
    }
    return [...found.values()].map((row) => ({ ...row, next: `${row.next}`, reachedUs: `${row.reachedUs}` }));
  }

  protected addedKeys(): Set<string> {
    return new Set(this.cuts.flatMap(({ added }) => added.map(keyOf)));
  }

  protected uncut(): unknown[] {
    const added = this.addedKeys();
    return [...this.ledger]
      .filter(([key]) => !added.has(key))
      .map(([, { topic, partition, start, end, run, source, minUs, maxUs, storedAt }]) => ({
        topic,
        partition,
        batchStart: String(start),
        batchEnd: String(end),
        run,
        source,
        timestampUsMin: String(minUs),
        timestampUsMax: String(maxUs),
        storedAt,
      }));
  }

  protected lost(): unknown[] {
    const removed = new Set(this.cuts.flatMap((cut) => cut.removed.map(keyOf)));
    return this.cuts
      .flatMap(({ added }) => added)
      .filter((batch) => !this.ledger.has(keyOf(batch)) && !removed.has(keyOf(batch)))
      .map(({ topic, partition, batchStart, batchEnd, run, timestampUsMin, timestampUsMax }) => ({
        ...{ topic, partition, run, source: "" },
        batchStart: String(batchStart),
        batchEnd: String(batchEnd),
        timestampUsMin: String(timestampUsMin),
        timestampUsMax: String(timestampUsMax),
      }));
  }
}
